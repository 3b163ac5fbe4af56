# Sourced by command tests: a private PostgreSQL on a socket in a folder of its own, which ends with this shell. Sets ADDRESS (without schema).
# Without PostgreSQL the test is skipped; with TOMOGRAD_NO_SKIP it fails.
programs=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -n 1 || true)
if [ -z "$programs" ]; then
  [ -z "${TOMOGRAD_NO_SKIP:-}" ] || { echo "no PostgreSQL; scripts/setup.sh all fetches it"; exit 1; }
  skip "no PostgreSQL (scripts/setup.sh all fetches it)"
fi
postgres=$(mktemp -d -t tomograd-pg-XXXXXXXX) as=(setpriv)
stop_postgres() {
  [ -z "${server:-}" ] || { kill -INT $server 2>/dev/null || true; wait $server 2>/dev/null || true; }
  case "$postgres" in */tomograd-pg-????????) rm -rf --one-file-system -- "$postgres" ;; esac
}
trap stop_postgres EXIT
if [ "$(id -u)" = 0 ]; then chown nobody "$postgres"; as=(setpriv --reuid nobody --regid nogroup --clear-groups); fi  # it refuses to run as root
(cd /; "${as[@]}" "$programs/initdb" -D "$postgres/data" -U tomograd -A trust -E UTF8 --locale=C.UTF-8 --no-sync > "$postgres/initdb.log" 2>&1) || { cat "$postgres/initdb.log"; exit 1; }
(cd /; exec "${as[@]}" --pdeathsig INT "$programs/postgres" -D "$postgres/data" -k "$postgres" -h '' > /dev/null 2>&1) & server=$!
for tries in $(seq 100); do "$programs/pg_isready" -q -h "$postgres" && break; sleep 0.1; done
ADDRESS="postgresql:///postgres?host=$postgres&user=tomograd"
