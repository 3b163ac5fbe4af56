# kill -9 of the worker and of the one who started it: whatever the trial's program has started ends too, also what has left
# its process group, and none of it writes beside the next attempt.
cat > program.sh <<END
touch \$1/started; sh -c "sleep 5; touch \$1/late" & setsid sh -c "sleep 5; touch \$1/later" & wait
END
printf 'out = "x"\nlease_seconds = 2\n[trial]\ncommand = ["sh", "%s/program.sh", "{out}"]\n[strategy]\nkind = "sweep"\n' "$PWD" > x.toml
tomograd experiment run x.toml & parent=$!; until [ -e x/trials/0001/started ]; do kill -0 $parent; sleep 0.05; done
sleep 0.3; [ "$(pgrep -fc "touch $PWD/x/trials")" = 2 ]
kill -9 $parent $(pgrep -P $parent); wait $parent || true; sleep 1; [ -z "$(pgrep -fa "$PWD/x/trials")" ]
sleep 5; [ ! -e x/trials/0001/late ]; [ ! -e x/trials/0001/later ]
