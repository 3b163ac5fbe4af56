# Prices are the user's own: another catalogue, other money; what it gets wrong is named.
plan="tomograd plan $SOURCE/examples/head-neck-288.toml --hours-per-trial 4"
sed 's/on_demand_per_hour = 0.526/on_demand_per_hour = 0.56/' "$SOURCE/share/instances.toml" > own.toml; $plan --catalogue own.toml --type g4dn.xlarge | grep -F '8.0 days, 645 $ on demand'
sed 's/^type = "g4dn.xlarge"/&\nhours_factor = 0.5/' own.toml > faster.toml; $plan --catalogue faster.toml --type g4dn.xlarge | grep -F '4.0 days, 323 $ on demand'
sed 's/^vcpus = 4/cpus = 4/' own.toml > typo.toml; fails 2 $plan --catalogue typo.toml; grep "typo.toml.*cpus" err.txt; grep vcpus err.txt
sed 's/^date = .*/date = "lately"/' own.toml > date.toml; fails 2 $plan --catalogue date.toml; grep "date is 'lately'" err.txt
sed 's/^device = "T4"/device = "T5"/' own.toml > device.toml; fails 2 $plan --catalogue device.toml; grep "'T5'" err.txt; fails 2 $plan --catalogue none.toml; grep none.toml err.txt
