#!/usr/bin/env bash
# usage: in_memory.sh BYTES COMMAND...; runs the command in a memory control group of its own that allows BYTES (the kernel kills
# what asks for more; swap is off). Exit 77 where this user may not make one.
set -euo pipefail
bytes=$1; shift
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then root=/sys/fs/cgroup; limit=memory.max; swap=memory.swap.max; swap_bytes=0
else root=/sys/fs/cgroup/memory; limit=memory.limit_in_bytes; swap=memory.memsw.limit_in_bytes; swap_bytes=$bytes; fi
group=$root/tomograd-test-$$
mkdir "$group" 2>/dev/null || { echo "SKIPPED: no right to make a memory control group" >&2; exit 77; }
trap 'rmdir "$group" 2>/dev/null || { sleep 1; rmdir "$group"; }' EXIT
echo "$bytes" > "$group/$limit" 2>/dev/null || { echo "SKIPPED: memory control groups are not enforced here" >&2; exit 77; }
echo "$swap_bytes" > "$group/$swap" 2>/dev/null || true
status=0
( echo "$BASHPID" > "$group/cgroup.procs" && exec "$@" ) || status=$?
exit $status
