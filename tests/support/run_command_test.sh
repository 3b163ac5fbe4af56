#!/usr/bin/env bash
# usage: run_command_test.sh SCRIPT BUILD_DIR SOURCE_DIR; gives the script a fresh folder and these names:
# SOURCE (checkout), GOLDEN (tests/golden), REAL_DATA (real scans, may be empty), fails (command must exit with a code), skip.
# The script runs in a shell of its own: whatever it assigns cannot change what is removed at the end, and that is never
# anything but the folder made here.
set -euo pipefail
script=$1; export PATH="$2:$PATH" SOURCE=$3 GOLDEN=$3/tests/golden
REAL_DATA=${TOMOGRAD_REAL_DATA:-$SOURCE/../shared/data}; [ -d "$REAL_DATA" ] || REAL_DATA=''
export REAL_DATA
readonly run_command_test_folder=$(mktemp -d -t tomograd-command-XXXXXXXX)
remove_test_folder() {
  case "$run_command_test_folder" in */tomograd-command-????????) rm -rf --one-file-system -- "$run_command_test_folder" ;; esac
}
trap remove_test_folder EXIT
skip() { echo "SKIPPED: $*"; exit 77; }
need_data() { [ -n "$REAL_DATA" ] || skip "no real scans at ../shared/data nor at TOMOGRAD_REAL_DATA"; }
need_openvino() {  # what CI must have: skipped only where TOMOGRAD_NO_SKIP is not set
  tomograd doctor | grep -q '^openvino  *[0-9]' && return
  [ -z "${TOMOGRAD_NO_SKIP:-}" ] || { echo "no OpenVINO: $(tomograd doctor | grep '^openvino')"; exit 1; }
  skip "no OpenVINO (scripts/setup.sh test fetches it, the next build makes the plugin)"
}
fails() { local want=$1; shift; local got=0; "$@" >out.txt 2>err.txt || got=$?; [ "$got" = "$want" ] || { echo "exit $got, expected $want: $*"; cat out.txt err.txt; exit 1; }; }
status=0
set +e
( set -euo pipefail; trap - EXIT; cd "$run_command_test_folder"; set -x; source "$script" )
status=$?
exit $status
