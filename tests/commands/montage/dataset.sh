tomograd phantom head-neck cohort --patients 2 --size 12,48,48 --seed 3
tomograd import cohort --filter normalization --label-name 1=GTV-T --label-name 2=GTV-Ln --out dataset.json
case=$(grep -o '"id": *"[^"]*"' dataset.json | head -1 | cut -d'"' -f4)
tomograd montage dataset.json --case "$case" --slice largest --axis z --out z.png --json | grep -q '"images": *7'
tomograd montage dataset.json --case "$case" --slice mid --axis y --out y.png
head -c 8 z.png | od -An -c | grep -q 'P *N *G' && ! cmp -s z.png y.png
fails 2 tomograd montage dataset.json --out which.png && grep -q -- --case err.txt
