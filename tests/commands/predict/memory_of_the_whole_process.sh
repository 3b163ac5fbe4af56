# What comes before and after the network counts too: large volumes and small tiles. Every limit is kept or refused.
python3 "$SOURCE/tests/support/make_nifti.py" 160,256,256 image.nii.gz; bytes() { grep -o "\"$1\": [0-9]*" "$2" | tail -1 | grep -o '[0-9]*'; }
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
for cleaning in none largest_component; do
  tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set preprocess.channels='["T1w"]' --set preprocess.normalize=zscore --set postprocess.mode=$cleaning --set out=$cleaning
  tomograd predict $cleaning image.nii.gz --out free --tile 32 --overlap 0 --json > free.json && [ "$(bytes peak_bytes free.json)" -le "$(bytes predicted_peak_bytes free.json)" ]
  kept=0; for limit in 180 230 280 330 400; do
    tomograd predict $cleaning image.nii.gz --out kept --overlap 0 --max-memory ${limit}MB --json > kept.json && [ "$(bytes peak_bytes kept.json)" -le ${limit}000000 ] && kept=$limit && continue
    grep -q '"kind": "budget"' kept.json; done; [ "$kept" = 400 ]; done
"$SOURCE/tests/support/in_memory.sh" 400000000 tomograd predict largest_component image.nii.gz --out kept --max-memory 400MB || { [ $? = 77 ] && skip "no memory control groups"; exit 1; }
