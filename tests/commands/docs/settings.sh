# docs/settings.md is what `make docs` makes of the fields of the specs.
"$SOURCE/scripts/docs.sh" settings.md; diff "$SOURCE/docs/settings.md" settings.md
tomograd train --settings | grep -A1 '^sampling.batch = 2 ' | grep 'patches per step'; tomograd experiment run --settings | grep -F 'strategy.kind = "leave-one-out"   (one of leave-one-out, channel-dropout, sweep, random, bayesian)'
tomograd train --settings --json | grep -q '"key": "optimizer.learning_rate"'; fails 2 tomograd train; grep 'RUN is required' err.txt; fails 2 tomograd experiment run; grep 'EXPERIMENT is required' err.txt
