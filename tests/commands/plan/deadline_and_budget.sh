plan="tomograd plan $SOURCE/examples/head-neck-288.toml --hours-per-trial 4"
$plan --deadline 48h --market on-demand | grep -E 'cheapest within 48 h +24 x g4dn.xlarge, 2.0 days'; $plan --deadline 2d --json | grep -q '"deadline_seconds": 172800.0'
$plan --deadline 48h | grep -E 'cheapest within 48 h +27 x g4dn.xlarge spot'   # in time even with interruptions
$plan --budget 700 | grep -E 'fastest within 700 \$ .* spot, .* days'; $plan --budget 200 --json | grep -q '"fastest": null'
$plan --budget 200 | grep -E 'No type is sure to run all trials for 200 \$; it pays for [0-9]+ of 288 on g4dn.xlarge'
fails 2 $plan --deadline 3h; grep -F 'no type meets the deadline of 3.0 h: the soonest that any is sure to end is after 4.0 h' err.txt
