#!/usr/bin/env bash
# usage: scripts/fuzz.sh SECONDS [NAME]   each fuzz target (or NAME alone) for so long under the address and undefined-behaviour
# sanitizers: with clang's libFuzzer where it is installed, else with gcc and fuzz/standalone_main.cpp. Exit 1 on a finding,
# whose input is kept in BUILD/findings/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1 only=${2:-}
clang=''
for candidate in clang++ clang++-19 clang++-16 clang++-15 clang++-14; do
  command -v "$candidate" >/dev/null || continue
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, long) { return 0; }' | "$candidate" -x c++ -fsanitize=fuzzer,address - -o /dev/null 2>/dev/null && clang=$candidate && break
done
[ -z "${TOMOGRAD_FUZZ_GCC:-}" ] || clang=''
if [ -n "$clang" ]; then
  build=build-fuzz-clang
  [ -f $build/build.ninja ] || cmake --preset fuzz-clang -DCMAKE_CXX_COMPILER="$clang" >/dev/null
else
  build=build-fuzz
  [ -f $build/build.ninja ] || cmake --preset fuzz >/dev/null
fi
names=()
for source in fuzz/*_fuzz.cpp; do
  name=$(basename "$source" _fuzz.cpp)
  [ -n "$only" ] && [ "$only" != "$name" ] || names+=("$name")
done
[ ${#names[@]} -gt 0 ] || { echo "there is no fuzz/${only}_fuzz.cpp" >&2; exit 2; }
cmake --build $build --target "${names[@]/%/_fuzz}" >&2
bad=0
for name in "${names[@]}"; do
  case $name in
    nifti*) dictionary=nifti ;;
    png) dictionary=png ;;
    *_spec) dictionary=spec ;;
    *) dictionary=text ;;
  esac
  inputs=()
  for folder in fuzz/corpus/$name fuzz/regressions/$name; do [ ! -d $folder ] || inputs+=("$folder"); done
  mkdir -p $build/findings/$name $build/grown/$name
  printf '%s: ' "$name"
  if [ -n "$clang" ]; then
    log=$build/findings/$name.log
    $build/fuzz/${name}_fuzz -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=65536 \
      -dict=fuzz/dictionaries/$dictionary.dict -artifact_prefix=$build/findings/$name/ -print_final_stats=1 $build/grown/$name "${inputs[@]}" >"$log" 2>&1 || bad=1
    grep -E 'number_of_executed_units|FINDING|ERROR|runtime error|^SUMMARY' "$log" | tr '\n' ' '
    echo
  else
    $build/fuzz/${name}_fuzz -seconds "$seconds" -dict fuzz/dictionaries/$dictionary.dict -findings $build/findings/$name "${inputs[@]}" || bad=1
  fi
done
exit $bad
