# A store in a bucket is predicted to the bytes that the local one gives, by one process and by local workers; there is no writing into the bucket.
python=$SOURCE/.venv-test/bin/python; "$python" -c 'import moto.server, boto3' 2>/dev/null || skip "moto is not importable in .venv-test"
mkdir up; tomograd phantom cells c.tif --size 40,50,60 --cells 20 --seed 7 --cubes 0 >/dev/null; tomograd block c.tif up/c.zarr --block 16,16,16 >/dev/null
"$python" "$SOURCE/tests/support/s3_store.py" up settings > server.log 2>&1 & server=$!; trap 'kill $server 2>/dev/null || true' EXIT
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set model.kind=msd --set model.depth=4 --set sampling.patch=[12,24,24] --set 'preprocess.channels=["T1w"]' --set preprocess.normalize=zscore --set max_steps=2 --set out=m >/dev/null
for i in $(seq 300); do [ -e settings ] && break; sleep 0.1; done; source settings; p="--precision f32 --tile 32,32,32 --halo 10"
tomograd predict m up/c.zarr --out here $p >/dev/null; tomograd predict m s3://bucket/c.zarr --out there $p >/dev/null; tomograd predict m s3://bucket/c.zarr --out workers $p --on local --workers 2 >/dev/null; diff -r here/s0 there/s0; diff -r here/s0 workers/s0
fails 2 tomograd predict m s3://bucket/none.zarr --out x $p; fails 2 tomograd predict m up/c.zarr --out s3://bucket/x $p; grep -q 'read only' err.txt
