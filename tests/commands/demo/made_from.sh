# `make demo` never shows one folder's results under another's name: other scans, another budget or scans that have changed get
# a folder of their own, and no name leads out of demo-out. The program is a stub; what is tested is where things go.
cat > stub <<'END'
#!/bin/sh
for last; do :; done
case "$1 $2" in
  "import "*) touch "$last" ;;
  "phantom head-neck") [ ! -e fail ] || exit 1; mkdir -p "$3"; touch "$3/phantom.json" ;;
  "experiment new") touch "$3" ;;
  "experiment run") mkdir -p "${3%.toml}/trials/0001"; touch "${3%.toml}/trials/0001/c.nii.gz" ;;
esac
END
chmod +x stub; mkdir -p a/scans b/scans; echo 1 > a/scans/f; echo 2 > b/scans/f
demo() { TOMOGRAD=$PWD/stub DEMO_OUT=$PWD/out "$SOURCE/scripts/demo.sh" "$@" >said.txt 2>talk.txt; }
demo "$PWD/a/scans"; demo "$PWD/a/scans"; [ "$(ls out)" = scans ]; grep 'are there already' talk.txt
demo "$PWD/b/scans"; grep 'made from something else' talk.txt; grep -q "^scans: $PWD/b/scans " out/scans-2/made-from; [ "$(ls out | wc -l)" = 2 ]
demo "$PWD/a/scans" 20; [ -f out/scans-3/experiment.toml ]; demo "$PWD/b/scans"; [ "$(ls out | wc -l)" = 3 ]
echo 3 > a/scans/g; demo "$PWD/a/scans"; [ -f out/scans-4/experiment.toml ]; demo "$PWD/a/scans/.."; [ -f out/a/experiment.toml ]
demo; demo; [ "$(ls out | grep -c phantom)" = 1 ]; fails 2 "$SOURCE/scripts/demo.sh" "$PWD/a" ten; grep "MINUTES is 'ten'" err.txt
