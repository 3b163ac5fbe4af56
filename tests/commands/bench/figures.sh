# The keys that scripts read; the answers are checked by the verb itself before it prints.
tomograd phantom head-neck cohort --patients 2 --size 24,96,96 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd bench sampling --data d.json --patch 16,48,48 --seconds 0.2 --json | grep -q '"patches_per_second_augmented"'
tomograd bench predict --size 32,64,64 --json > p.json && grep -q '"duration_seconds"' p.json && grep -q '"predicted_peak_bytes"' p.json && grep -q '"peak_bytes"' p.json
tomograd bench peak --seconds 0.1 --json | grep -q '"f32_gflop_per_second"'
tomograd bench msd --depth 12 --size 24,24,24 --json > m.json && grep -q '"fraction_of_peak"' m.json && grep -q '"max_abs_error": 0' m.json && grep -q '"max_softmax_error"' m.json && grep -q '"torch_seconds"' m.json
