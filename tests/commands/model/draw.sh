for network in unet deepmedic "$SOURCE/examples/deepmedic-graph.toml"; do
  tomograd model draw "$network" --out net.svg; head -c 4 net.svg | grep '<svg'; tail -c 7 net.svg | grep '</svg>'
done
grep 'sub-sample 3³' net.svg; grep 'crop to the centre' net.svg; grep 'up-sample 3³' net.svg; grep '>30 · 23³<' net.svg
python3 -c 'import xml.dom.minidom as m; m.parse("net.svg")' || skip "no python3 to parse the SVG with"
