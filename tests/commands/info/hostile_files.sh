# Some files of each group of the bad-input list (research/reliability.md 4.4): exit 2 at once, one sentence that names
# the file and quotes what is wrong, hardly any memory whatever the header promises.
command -v python3 >/dev/null || skip "no python3 to make the files with"
python3 "$SOURCE/tests/support/make_bad_nifti.py" bad good; [ "$(ls bad | grep -c nii)" -ge 20 ]; for file in good/*; do tomograd info "$file" >/dev/null; done
for file in bad/*.nii bad/*.nii.gz bad/*.hdr; do
  verb=info; [ "$file" != bad/wrong-checksum.nii.gz ] || verb="montage --out m.png"   # only who reads all voxels can see this
  code=0; ( ulimit -v 2000000; timeout 5 tomograd $verb "$file" ) > out.txt 2> err.txt || code=$?
  [ $code = 2 ] || { echo "$file: exit $code"; cat out.txt err.txt; exit 1; }
  grep -q "$(basename "$file" | cut -d. -f1)" err.txt || { echo "$file: its name is not said"; cat err.txt; exit 1; }
done
