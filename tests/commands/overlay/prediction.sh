tomograd phantom head-neck cohort --patients 1 --scans 2 --size 12,48,48 --seed 3
one=cohort/P01/scan1/P01_normalization two=cohort/P01/scan2/P01_normalization
tomograd overlay $one"_T2star.nii.gz" --label $one"_seg.nii.gz" --slice mid --out truth.png
tomograd overlay $one"_T2star.nii.gz" --label $one"_seg.nii.gz" --prediction $two"_seg.nii.gz" --out p.png --json > p.json
grep -q '"1": *0\.[6-9]' p.json                        # the later scan's lesions are a part of the first's: 2 * 0.8 / 1.8
tomograd overlay $one"_T2star.nii.gz" --label $one"_seg.nii.gz" --prediction $one"_seg.nii.gz" --slice 6 --out same.png --json | grep -q '"2": *1\.0'
