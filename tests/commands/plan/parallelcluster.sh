# What is written is what AWS ParallelCluster's own schema takes, offline.
python=$SOURCE/.venv-test/bin/python; "$python" -c 'import yaml; from pcluster.schemas.cluster_schema import ClusterSchema' 2>/dev/null || skip "aws-parallelcluster is not importable in .venv-test (scripts/setup.sh test)"
plan="tomograd plan $SOURCE/examples/head-neck-288.toml --hours-per-trial 4 --emit parallelcluster"
$plan > spot.yaml; $plan --type p4d.24xlarge --market on-demand --count 2 --out demand.yaml --subnet subnet-0123456789abcdef0 --key-name mine --bucket scans >/dev/null
$plan --set cases=3600 --type g4dn.4xlarge --market spot > lustre.yaml; "$python" "$SOURCE/tests/support/check_parallelcluster.py" spot.yaml demand.yaml lustre.yaml > loaded.txt; cat loaded.txt
grep -q 'spot.yaml us-east-1 SPOT 6 1' loaded.txt; grep -q 'demand.yaml us-east-1 ONDEMAND 2 1' loaded.txt; grep -qE 'lustre.yaml us-east-1 SPOT [0-9]+ 2' loaded.txt
