# What does not fit is said with the setting that would make it fit, and is never the choice.
plan="tomograd plan $SOURCE/examples/head-neck-288.toml --hours-per-trial 4"
$plan --type g4dn.xlarge --set run.sampling.batch=24 > big.txt; grep -F 'does not fit' big.txt; grep -oE 'would with sampling.batch = [0-9]+' big.txt | grep -oE '[0-9]+' > batch; grep 'fits into none' big.txt
$plan --type g4dn.xlarge --set run.sampling.batch="$(cat batch)" > small.txt; fails 1 grep 'does not fit' small.txt; grep cheapest small.txt
$plan --set run.sampling.batch=24 --json | tr -d ' \n' | grep -oE '"cheapest":\{"type":"[^"]*"' | grep -v g4dn
