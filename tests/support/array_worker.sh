#!/bin/bash
# A worker for tests of clusters: makes out/element-K from K alone, slowly, and publishes it with a rename; half-way
# it waits while hold/K is there. USR1 and TERM end it with exit code 3, as our own workers do.
# usage: array_worker.sh OUT TENTHS_OF_A_SECOND
out=$1 tenths=$2 element=$TOMOGRAD_ELEMENT
trap 'exit 3' USR1 TERM
mkdir -p "$out" attempts
echo "$$" >> "attempts/$element"
[ ! -f "$out/element-$element" ] || exit 0
part=$out/.part-$element-$$
: > "$part"
for ((i = 0; i < tenths; ++i)); do
  printf 'element %d of %d, line %d: %d\n' "$element" "$TOMOGRAD_ELEMENTS" $i $(((element + 1) * 7919 * (i + 1) % 104729)) >> "$part"
  sleep 0.1
  while [ $((2 * i)) -ge "$tenths" ] && [ -e "hold/$element" ]; do sleep 0.1; done
done
mv "$part" "$out/element-$element"
