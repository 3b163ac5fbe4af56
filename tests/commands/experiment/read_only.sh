# Output that cannot be written: one clear sentence with the path, exit 2, and what was there stays readable and whole.
printf 'out = "x"\n[trial]\ncommand = ["sh", "-c", "echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\n' > x.toml
tomograd experiment run x.toml; tomograd phantom head-neck cohort --patients 1 --size 12,48,48; cp x/experiment.sqlite before.sqlite
as=(); if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid 65534 --regid 65534 --clear-groups); fi   # root may write anywhere
chmod -R a+rX,a-w . ; "${as[@]}" tomograd doctor >/dev/null || { chmod -R u+w .; skip "nobody else may run the program here"; }
said() { code=0; said=$("${as[@]}" "$@" 2>&1) || code=$?; [ $code = 2 ] || { echo "exit $code: $said"; chmod -R u+w .; exit 1; }; }
said tomograd experiment report x; [[ $said = *x/report* ]]; said tomograd import cohort --out d.json; [[ $said = *d.json* ]]
said tomograd experiment run x.toml --set out=new; [[ $said = *new* ]]; said tomograd experiment resume x; [[ $said = *experiment.sqlite* ]]
chmod -R u+w .; cmp x/experiment.sqlite before.sqlite; tomograd experiment results x | grep complete
