# The head-and-neck study without any data: 288 trials of 4 h are 1152 h; on 6 x g4dn.4xlarge 8.0 days and 1387.
plan="tomograd plan $SOURCE/examples/head-neck-288.toml --hours-per-trial 4"
$plan --json | tr -d ' \n' > all.json; grep -q '^{"format":"tomograd.plan/1",' all.json; grep -q '"trials":288,"hours":1152.0' all.json; grep -q '"estimate":false' all.json
grep -qE '"type":"g4dn.4xlarge",[^{]*"count":6,' all.json; grep -qE '"hours":1152.0,[^}]*},"days":8.0,[^}]*},"price_per_hour":1.204,"cost":1387.00' all.json
$plan > all.txt; head -1 all.txt | grep -F '288 trials x 4 h = 1152 h; 6 x g4dn.xlarge: 8.0 days, 606 $ on demand'; for type in g4dn g5 g6e p3 p4d p5 c7i lab; do grep -q "^$type" all.txt; done
grep -F 'experiment run' all.txt; grep 'patients with a scan of 33.6 MB' all.txt; test "$(ls)" = "$(printf 'all.json\nall.txt')"
