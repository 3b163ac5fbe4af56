# patch = 0,0,0: nnU-Net's rules choose patch, batch and spacing from the training cases alone; the same data choose the same, so resume goes on.
tomograd phantom head-neck cohort --patients 3 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
printf 'max_steps = 1\n[model]\nfamily = "nnunet"\nfilters = 4\n[sampling]\npatch = [0, 0, 0]\nbatch = 0\n[validation]\ntest_patients = ["P02"]\n' > fitted.toml
tomograd train fitted.toml --set data=d.json --set out=run && grep -A3 '^\[sampling\]' run/spec.toml | grep -q 'patch = \[ *[1-9]' && grep -q '^spacing = \[ *[0-9]' run/spec.toml
grep '"read_for": "fingerprint"' -B2 run/manifest.json | grep -q P01 && ! grep '"read_for": "fingerprint"' -B2 run/manifest.json | grep -q P02
fails 2 tomograd train fitted.toml --set data=d.json --set out=half --set sampling.patch=[0,8,8] && grep -q "one axis of it is 0" err.txt
