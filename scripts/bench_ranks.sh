# Sourced by bench.sh: what data-parallel training costs. Two ranks of one thread share a batch; beside them two unconnected trainings of one thread
# each, run at once, take half the batch each: the same patches a step, and nothing to wait for. Patches per second, in turn RANKS_TIMES (3) times;
# two and a half minutes.
need_scans ranks
ranks=bench-out/ranks; mkdir -p $ranks
$tomograd import "$data/brats-example" --out $ranks/brats.json >/dev/null
ranks_train() {  # folder batch arguments...
  local folder=$1 batch=$2; shift 2
  rm -rf "$folder"
  $tomograd train bench/train-as-monai.toml --set data=$ranks/brats.json --set out="$folder" --set max_seconds="${RANKS_SECONDS:-25}" --set sampling.batch="$batch" --set validation.every_steps=0 --threads 1 --json "$@" > "$folder.json"
}
for time in $(seq "${RANKS_TIMES:-3}"); do
  ranks_train $ranks/one 2 --set seed=1 & one=$!
  ranks_train $ranks/two 2 --set seed=2 & two=$!
  wait $one $two
  ranks_train $ranks/both 4 --ranks 2
  python3 - $ranks $time <<'P'
import json, sys
rate = {name: json.load(open(f"{sys.argv[1]}/{name}.json"))["patches_per_second"] for name in ("one", "two", "both")}
apart = rate["one"] + rate["two"]
print(f"{sys.argv[2]}: two unconnected {rate['one']:.2f} + {rate['two']:.2f} = {apart:.2f} patches/s; two ranks {rate['both']:.2f}: {rate['both'] / apart:.3f} of it")
P
done
