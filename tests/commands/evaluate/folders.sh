# Two folders matched by name give the rows SciPy gives; the truth without a prediction is told, not counted.
tomograd evaluate "$GOLDEN/evaluation/prediction" "$GOLDEN/evaluation/truth" >out.txt 2>err.txt
awk '$1 == "a" || $1 == "b" { print $1, $2, $3, $4, $5, $6 }' out.txt | diff - "$GOLDEN/evaluation/rows.txt"
grep -q '1 of 3 cases have no prediction.* c' err.txt
