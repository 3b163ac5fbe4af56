# A cohort whose writing was cut short at any moment is written anew by the same command, with the same bytes; a finished one stays.
make="tomograd phantom head-neck cohort --patients 8 --size 16,64,64 --seed 2 --threads 1"
$make & writer=$!; until [ -d cohort/P03 ]; do kill -0 $writer; sleep 0.01; done; kill -9 $writer; wait $writer || true
[ ! -e cohort/phantom.json ]; touch cohort/mine; $make; [ -e cohort/mine ]; rm cohort/mine
tomograd phantom head-neck whole --patients 8 --size 16,64,64 --seed 2; diff -r whole cohort; fails 2 $make; grep 'is there already' err.txt
