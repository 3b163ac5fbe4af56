tomograd phantom head-neck a --patients 2 --scans 2 --size 10,40,40 --seed 4 --threads 1
tomograd phantom head-neck b --patients 2 --scans 2 --size 10,40,40 --seed 4 --threads 3
diff -r a b
tomograd phantom head-neck c --patients 2 --scans 2 --size 10,40,40 --seed 5
! diff -rq a c >/dev/null
