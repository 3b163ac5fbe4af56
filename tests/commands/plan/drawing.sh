# The drawing shows the cluster that the file starts.
plan="tomograd plan $SOURCE/examples/head-neck-288.toml --hours-per-trial 4"
$plan --emit svg --out cluster.svg | grep -F 'wrote cluster.svg'; grep -q '^<svg' cluster.svg; grep -qF 'spot, 0 to 6 nodes' cluster.svg; test "$(grep -c '>g4dn.xlarge<' cluster.svg)" = 6
$plan --emit parallelcluster | grep -q 'MaxCount: 6'; $plan --emit svg | grep -q '</svg>'; $plan --emit parallelcluster --json | grep -q '"emitted": "# AWS ParallelCluster'
