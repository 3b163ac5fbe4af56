fails 2 tomograd info nowhere.json && mkdir run && touch run/model.safetensors && fails 2 tomograd info run && grep -q "model describe" err.txt
echo '{"format":"tomograd.dataset/2"}' > new.json && fails 2 tomograd info new.json && grep -q newer err.txt
printf '{"format":"\033[31m"}' > odd.json && fails 2 tomograd info odd.json && ! grep -q "$(printf '\033')" err.txt
