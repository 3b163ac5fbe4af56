# On a terminal the time that all cases together still need is shown; in a pipe nothing moves.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set out=run
python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))' tomograd predict run d.json --out pred --tile 16 > seen.txt && grep -q "P01_scan1.* s to go" seen.txt
tomograd predict run d.json --out pred --tile 16 2>err.txt && ! grep -q "to go" err.txt
