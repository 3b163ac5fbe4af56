# Claims and completions are counted beside the syncs that the disk had to make; every trial is claimed once and listed as it was completed.
tomograd bench store --clients 2 --json > out.json; grep -q '"format": "tomograd.bench-store/1"' out.json
grep -q '"syncs_per_single_claim": [3-9]' out.json; grep -q '"batch_claims_per_second"' out.json; grep -q '"trials": 10000' out.json
[ -z "$(ls -d tomograd-bench-* 2>/dev/null)" ]
