# One link, one cookie; an experiment is started through the page and its trials are seen; the server stays small and ends when asked.
command -v curl >/dev/null || skip "no curl"; mkdir d; echo 'out = "x"' > spec.toml; printf '[trial]\ncommand = ["sh", "-c", "echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 3\n' >> spec.toml
tomograd serve d --port 0 --log >link.txt 2>log.txt & server=$!; until grep -q token link.txt; do sleep 0.05; done; link=$(head -1 link.txt); at=${link%/\?*}
[ "$(curl -s -o /dev/null -w '%{http_code}' "$at/api/experiments")" = 401 ]; [ "$(curl -s -c jar -o /dev/null -w '%{http_code} %{redirect_url}' "$link")" = "303 $at/" ]; grep -q HttpOnly jar
post() { curl -s -b jar -H 'Content-Type: application/json' -H "Origin: $at" -d @- "$at/api/experiments$1"; }
python3 -c 'import json; print(json.dumps({"toml": open("spec.toml").read(), "name": "first"}))' | post '' | grep '"spec":"first.toml"'
until curl -s -b jar "$at/api/experiments" | grep '"state":"done"'; do sleep 0.1; done; curl -s -b jar "$at/api/experiments" | python3 -c 'import json, sys; e = json.load(sys.stdin)["experiments"]; assert len(e) == 1 and e[0]["trials"]["complete"] == 3 and e[0]["folder"] == "x", e'
python3 -c 'import json; print(json.dumps({"toml": open("spec.toml").read(), "hours_per_trial": 2, "types": ["g5.xlarge"]}))' | post /plan | python3 -c 'import json, sys; p = json.load(sys.stdin); assert p["trials"] == 3 and p["hours"] == 6, p'
rss=$(awk '/VmRSS/ {print $2}' /proc/$server/status); [ "$rss" -lt 51200 ]; kill $server; wait $server; ! grep -q 'first\|token=' <(grep '^GET\|^POST' log.txt)
