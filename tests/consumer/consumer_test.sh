#!/usr/bin/env bash
# Installs to a fresh prefix and builds tests/consumer against it. usage: consumer_test.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
readonly work=$(mktemp -d -t tomograd-consumer-XXXXXXXX)
trap 'rm -rf --one-file-system -- "$work"' EXIT
cmake --install "$2" --prefix "$work/prefix" >/dev/null
cmake -S "$1/tests/consumer" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/consumer" "$work/x.nii.gz" | grep -q '^3x5x7 '
if ldd "$work/build/consumer" | grep -q torch; then echo "the consumer links torch"; exit 1; fi
"$work/prefix/bin/tomograd" doctor --json | grep -q '"format": "tomograd.doctor/1"'
