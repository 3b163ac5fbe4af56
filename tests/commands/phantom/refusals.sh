fails 2 tomograd phantom head-neck x --importance T2Star=1 && grep -q 'did you mean T2star' err.txt
fails 2 tomograd phantom head-neck x --size 2,40,40
fails 2 tomograd phantom head-neck x --size 40,40
fails 2 tomograd phantom heart volume.tif && grep -q heart err.txt
test ! -e x
