#!/usr/bin/env bash
# usage: run_command_test.sh SCRIPT BUILD_DIR SOURCE_DIR; gives the script a fresh folder and these names:
# SOURCE (checkout), GOLDEN (tests/golden), REAL_DATA (real scans, may be empty), fails (command must exit with a code), skip.
set -euo pipefail
script=$1; export PATH="$2:$PATH" SOURCE=$3 GOLDEN=$3/tests/golden
REAL_DATA=${TOMOGRAD_REAL_DATA:-$SOURCE/../shared/data}; [ -d "$REAL_DATA" ] || REAL_DATA=''
export REAL_DATA
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
skip() { echo "SKIPPED: $*"; exit 77; }
need_data() { [ -n "$REAL_DATA" ] || skip "no real scans at ../shared/data nor at TOMOGRAD_REAL_DATA"; }
fails() { local want=$1; shift; local got=0; "$@" >out.txt 2>err.txt || got=$?; [ "$got" = "$want" ] || { echo "exit $got, expected $want: $*"; cat out.txt err.txt; exit 1; }; }
set -x
source "$script"
