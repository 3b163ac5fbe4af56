# --read-only refuses what changes something; bad folders and taken ports are one sentence; the list of routes is the one in docs.
command -v curl >/dev/null || skip "no curl"; mkdir d; tomograd serve d --port 0 --read-only >link.txt 2>&1 & server=$!; until grep -q token link.txt; do sleep 0.05; done; link=$(grep token link.txt | head -1); at=${link%/\?*}; port=${at##*:}
curl -s -c jar -o /dev/null "$link"; [ "$(curl -s -b jar -H 'Content-Type: application/json' -H "Origin: $at" -d '{"toml": "x = 1", "name": "n"}' -o /dev/null -w '%{http_code}' "$at/api/experiments")" = 403 ]; [ -z "$(ls d)" ]
fails 2 tomograd serve d --port "$port"; grep "port $port" err.txt; fails 2 tomograd serve nothing; grep nothing err.txt; fails 2 tomograd serve d d --port 0; grep once err.txt; kill $server; wait $server
tomograd serve d --socket s.sock > link.txt 2>&1 & server=$!; until [ -S s.sock ]; do sleep 0.05; done; [ "$(stat -c %a s.sock)" = 700 ]; [ "$(curl -s --unix-socket s.sock -o /dev/null -w '%{http_code}' http://localhost/api/server)" = 401 ]; kill $server; wait $server; [ ! -e s.sock ]
SSH_CONNECTION='10.0.0.9 5000 10.0.0.1 22' tomograd serve d --port 0 > ssh.txt 2>/dev/null & server=$!; until grep -q 'ssh -L' ssh.txt; do sleep 0.05; done; grep 'ssh -L [0-9]*:127.0.0.1:[0-9]* .*@10.0.0.1' ssh.txt; kill $server; wait $server
tomograd serve --openapi | diff "$SOURCE/docs/openapi.json" -
