#!/usr/bin/env bash
# The runner removes nothing but its own folder, whatever a script assigns. usage: runner_test.sh SOURCE_DIR
set -euo pipefail
victim=$(mktemp -d); script=$(mktemp)
touch "$victim/kept"
echo "folder=$victim; run_command_test_folder=$victim || true; script=$victim; cd $victim" > "$script"
"$1/tests/support/run_command_test.sh" "$script" /nonexistent "$1" >/dev/null 2>&1 || true
[ -f "$victim/kept" ] || { echo "the runner removed a folder that a script had named"; exit 1; }
rm -f "$victim/kept" "$script"; rmdir "$victim"
