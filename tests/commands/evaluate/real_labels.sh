# A real tumour against itself: Dice 1, distance 0, for all five label values that are there.
need_data; labels=$(find "$REAL_DATA/brats-example" -name '*OT*' -o -name '*label*' | sort | head -1); [ -n "$labels" ] || skip "no label map in brats-example"
tomograd evaluate "$labels" "$labels" | tee out.txt
awk '$1 != "case" && $1 != "mean" && ($3 != "1.0000" || $4 != "0.00") { exit 1 }' out.txt; [ "$(wc -l <out.txt)" -ge 5 ]
