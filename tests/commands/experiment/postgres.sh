# An experiment whose trials are in a database: killed and resumed it has the table of one in a file, and nothing of it depends on the folder's file.
source "$SOURCE/tests/support/private_postgres.sh"
printf 'workers = 2\nlease_seconds = 2\n[trial]\ncommand = ["sh", "-c", "sleep 0.1; echo \\"{\\\\\\"dice\\\\\\": 0.$TOMOGRAD_TRIAL_NUMBER}\\" > {out}/metrics.json"]\n[strategy]\nchannels = ["a", "b"]\npatients = ["p1", "p2", "p3", "p4"]\n' > file.toml; cp file.toml base.toml
tomograd experiment run file.toml; tomograd experiment results file --csv > file.csv; for i in 1 2 3; do timeout -s KILL 0.8 tomograd experiment run base.toml --resume --store "$ADDRESS&schema=a" || true; done
tomograd experiment resume base | grep '12 of 12'; tomograd experiment results base --csv | cmp - file.csv; [ ! -e base/experiment.sqlite ]; tomograd experiment status base | grep -q done
fails 2 tomograd experiment run base.toml --resume --store "$ADDRESS&schema=b"; grep 'schema=a' err.txt; fails 2 tomograd experiment run base.toml --store "postgresql://me:secret@host/x?schema=c"; grep PGPASSWORD err.txt; ! grep secret err.txt
