# What cannot be restored is told in one sentence before anything is computed or written.
tomograd phantom head-neck cohort --patients 1 --size 10,40,40 --seed 3 >/dev/null; scan=$(find cohort -name '*normalization_T1w.nii.gz')
refused() { local says=$1; shift; fails 2 tomograd "$@"; grep -q -- "$says" err.txt; [ "$(wc -l < err.txt)" -le 3 ]; [ ! -e x.nii.gz ]; }
refused 'written as .nii' denoise "$scan" --out x.png; refused 'is the input itself' denoise "$scan" --out "$scan"; refused 'out is missing' denoise "$scan"; refused no.nii.gz denoise no.nii.gz --out x.nii.gz
refused iterations denoise "$scan" --out x.nii.gz --iterations 0; refused 'use bf16 or f32' denoise "$scan" --out x.nii.gz --precision f16; refused adam denoise "$scan" --out x.nii.gz --set optimizer=sgd
refused 'task=inpaint' denoise "$scan" --out x.nii.gz --set task=inpaint; refused learning_rat denoise "$scan" --out x.nii.gz --set learning_rat=1; refused 'written as .png' denoise "$scan" --out x.nii.gz --montage m.jpg; refused 'holds 3 volumes' denoise "$GOLDEN/volume/frames.nii.gz" --out x.nii.gz
