# A halo as wide as what the network sees leaves no seam, a narrower one does.
tomograd bench seam --depth 3 --size 40,36,44 --json > s.json
tr -d ' \n' < s.json | grep -q '"halo":0,"max_error":0\.[0-9]*[1-9]'; tr -d ' \n' < s.json | grep -q '"halo":8,"max_error":0[,.}]'; fails 2 tomograd bench seam --size 8,40,40
