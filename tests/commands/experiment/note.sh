printf '[trial]\ncommand = ["sh", "-c", "echo \\"{\\\\\\"dice\\\\\\": 0.5}\\" > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 2\n' > s.toml; tomograd experiment run s.toml
tomograd experiment note s "scanner was serviced" --trial 2; tomograd experiment note s "the pilot" | grep -c . | grep -qx 2
tomograd experiment note s --trial 2 --json | python3 -c 'import json, sys; n = json.load(sys.stdin)["notes"]; assert len(n) == 1 and n[0]["text"] == "scanner was serviced" and n[0]["trial"] == 2, n'
fails 2 tomograd experiment note s "no such trial" --trial 9; grep 9 err.txt
