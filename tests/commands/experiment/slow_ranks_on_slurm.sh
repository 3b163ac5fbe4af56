# Trials of two ranks pulled from an array on a private SLURM whose nodes have two cores: an element gets the cores of both ranks, a killed rank loses its attempt alone, and the models are those of the same trials here.
( cd "$SOURCE"; source scripts/private_slurm.sh; find_slurm ) || skip "no SLURM (scripts/setup.sh all fetches it)"; tomograd doctor | grep -q '^engine.ranks *1' || skip "this build has no Gloo (libgloo-dev)"
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
printf 'run = "%s/examples/unet-tiny.toml"\ndata = "d.json"\nattempts = 1\n[strategy]\nkind = "leave-one-out"\nleave_channels = false\n' "$SOURCE" > x.toml
run="$PWD/x.toml --set run.ranks=2 --set run.threads=1 --set run.max_steps=12 --set run.sampling.patch=[16,32,32] --set run.checkpoint.every_steps=4 --precision f32"
tomograd experiment run $run --set out=$PWD/here; TOMOGRAD_FAILPOINTS="train.other_rank_turn=kill@7" CPUS=2 "$SOURCE/scripts/with_slurm.sh" tomograd experiment run $run --set out=$PWD/there --on slurm --workers 2
for x in here there; do tomograd experiment results $x --csv > $x.csv; done; cmp here.csv there.csv; for trial in 0001 0002; do cmp here/trials/$trial/model.safetensors there/trials/$trial/model.safetensors; done
grep -q 'rank 1 of 2 was killed by signal 9' there/logs/*.log; grep -rq 'cpus-per-task=2' there
