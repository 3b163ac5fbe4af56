# Hours that begin two hours from now: nothing starts, and a stop is heard. Hours that hold now: all runs.
printf '[trial]\ncommand = ["sh", "-c", "echo \\"{\\\\\\"dice\\\\\\": 0.5}\\" > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 3\n' > s.toml
code=0; timeout -s TERM 2 tomograd experiment run s.toml --between $(date -d '2 hours' +%H:%M)-$(date -d '3 hours' +%H:%M) 2> err || code=$?; [ $code = 3 ] || [ $code = 124 ]; grep -q 'outside the booked hours' err
tomograd experiment results s --csv | grep -c waiting | grep -qx 3
tomograd experiment resume s --between $(date -d '-2 hours' +%H:%M)-$(date -d '2 hours' +%H:%M); tomograd experiment results s --csv | grep -c complete | grep -qx 3
code=0; tomograd experiment resume s --between 19-7 2> err || code=$?; [ $code = 2 ]; grep -q "'19-7' is no span of hours" err
