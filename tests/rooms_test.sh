#!/usr/bin/env bash
# The arrows between the rooms: each src/ROOM includes only what this table allows, torch is seen by the engine rooms alone,
# and public headers of the engine rooms show no more of it than ATen_fwd.h. usage: rooms_test.sh SOURCE_DIR
cd "$1/src" || exit 1
table='base:
spec: base
kernels: base
volume: base kernels
backend: base
arch: base spec
dataset: base spec volume
sampling: base spec volume kernels dataset
nn: base spec kernels arch
inference: base spec nn arch sampling dataset volume kernels backend
training: base spec kernels nn arch inference evaluation sampling dataset volume
restoration: base spec kernels nn arch volume
evaluation: base volume kernels
search: base spec
experiments: base spec search
server: base spec search experiments report dataset volume sampling arch planning pictures cluster
cluster: base spec
planning: base spec arch
pictures: base volume
report: base spec experiments search evaluation pictures'
bad=0
while IFS=: read -r room allowed; do
  [ -d "$room" ] || continue
  for include in $(grep -rhoE '^#include "[a-z_]+/' "$room" | sed 's/.*"//; s#/##' | sort -u); do
    case " $room $allowed " in *" $include "*) ;; *) [ "$include" = support ] || { echo "src/$room includes $include/, allowed: $allowed"; bad=1; } ;; esac
  done
done <<< "$table"
strangers=$(grep -rlE '#include <(torch|ATen|c10)/' . | grep -vE '^\./(nn|inference|training|restoration)/|^\./cli/engine/')
[ -z "$strangers" ] || { echo "torch outside the engine rooms: $strangers"; bad=1; }
strangers=$(grep -rl '#include <openvino/' . | grep -v '^\./backend/openvino/')
[ -z "$strangers" ] || { echo "OpenVINO outside its plugin: $strangers"; bad=1; }
headers=$(grep -lE '#include <(torch|ATen|c10)/' ./*/*.h 2>/dev/null | xargs -r grep -LE '^// Private to the engine rooms' | xargs -r grep -HE '#include <(torch|ATen|c10)/' | grep -v 'ATen_fwd.h')
[ -z "$headers" ] || { echo "public headers that show torch: $headers"; bad=1; }
exit $bad
