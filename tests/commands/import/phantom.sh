tomograd phantom head-neck cohort --patients 2 --size 12,48,44
tomograd import cohort --filter normalization --label-name 1=GTV-T --label-name 2=GTV-Ln --check --out cohort/dataset.json > out.txt
grep -q "2 cases of 2 patients" out.txt && grep -q "labels: GTV-T GTV-Ln" out.txt && grep -q "nothing is odd" out.txt
mv cohort moved && tomograd info moved/dataset.json | grep -q P02_scan1
