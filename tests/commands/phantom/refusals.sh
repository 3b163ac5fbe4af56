fails 2 tomograd phantom head-neck x --importance T2Star=1 && grep -q 'did you mean T2star' err.txt
fails 2 tomograd phantom head-neck x --size 2,40,40
fails 2 tomograd phantom head-neck x --size 40,40
fails 2 tomograd phantom cells volume.tif && grep -q cells err.txt
test ! -e x
