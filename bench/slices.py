#!/usr/bin/env python3
"""How long a change of slice takes on a store of 2304x1280x1024 voxels (uint16, 6 GB decoded), and what the idle server holds.

The store is a phantom of 768x256x256 voxels, repeated: its shards are hard links to those of the small one, so that the disk holds 100 MB
and every chunk is decoded for real; files come from the page cache. `tomograd serve` is asked as the page asks (web/src/pages/viewer): the
coarsest level with a voxel for every pixel, tiles of 256x256 as 16-bit numbers, six at once; before them those of a level that is two coarser,
which the page shows after 60 ms if the others are not there by then ("seen": when there is a picture; "whole": when it is the wanted one).
Wheel: slice after slice; jump: to any other. Pixels are compared with the phantom's voxels before anything is timed. usage: slices.py SCRATCH [TOMOGRAD]; SLICES_SECONDS=60: wait so long for it to be idle
"""
import array, concurrent.futures, http.client, json, os, random, shutil, signal, struct, subprocess, sys, threading, time

BASE, REPEATED = (768, 256, 256), (3, 5, 4)
SIZE = tuple(b * r for b, r in zip(BASE, REPEATED))
BLOCK, SHARED_LEVELS, AT_ONCE = 64, 3, 6                    # of the first three levels the small store's chunks are whole
WANTED_SECONDS, WANTED_BYTES, COVERED_SECONDS = 0.1, 50e6, 0.06   # the last: patience of web/src/pages/viewer/pane.tsx


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")


def nifti_voxels(path):
    """Plain little-endian .nii of uint16: voxels in z,y,x order."""
    with open(path, "rb") as file:
        head = file.read(352)
        assert struct.unpack_from("<h", head, 70)[0] == 512, "not uint16"
        file.seek(int(struct.unpack_from("<f", head, 108)[0]))
        voxels = array.array("H")
        voxels.frombytes(file.read())
    return head, voxels


def make_store(tomograd, scratch):
    at = lambda name: os.path.join(scratch, name)
    large = at("served/large.zarr")
    if not os.path.isdir(large):
        os.makedirs(at("served"), exist_ok=True)
        cells = str(BASE[0] * BASE[1] * BASE[2] // 67500)
        run(tomograd, "phantom", "cells", at("base.tif"), "--size", ",".join(map(str, BASE)), "--cells", cells, "--cubes", "0", "--seed", "1")
        run(tomograd, "block", at("base.tif"), at("base.zarr"), "--block", ",".join([str(BLOCK)] * 3))
        run(tomograd, "crop", at("base.tif"), at("base.nii"), "--box", ",".join(f"0:{n}" for n in BASE))
        # The coarser levels are those of the repeated level 3, which is small enough to be written.
        small = [n >> SHARED_LEVELS for n in BASE]
        run(tomograd, "crop", at(f"base.zarr/s{SHARED_LEVELS}"), at("small.nii"), "--box", ",".join(f"0:{n}" for n in small))
        head, voxels = nifti_voxels(at("small.nii"))
        head = bytearray(head)
        struct.pack_into("<3h", head, 42, *[n * r for n, r in zip(reversed(small), reversed(REPEATED))])
        struct.pack_into("<f", head, 108, 352.0)
        head[348:352] = bytes(4)
        with open(at("coarse.nii"), "wb") as out:
            out.write(head)
            for z in list(range(small[0])) * REPEATED[0]:
                plane = b"".join(voxels[(z * small[1] + y) * small[2]:(z * small[1] + y + 1) * small[2]].tobytes() * REPEATED[2] for y in range(small[1]))
                out.write(plane * REPEATED[1])
        run(tomograd, "block", at("coarse.nii"), at("coarse.zarr"), "--block", ",".join([str(BLOCK)] * 3))
        compose(at, at("served/unfinished"))
        os.rename(at("served/unfinished"), large)
    return nifti_voxels(at("base.nii"))[1]


def compose(at, store):
    shutil.rmtree(store, ignore_errors=True)
    os.makedirs(store)
    group = json.load(open(at("base.zarr/zarr.json")))
    listed = group["attributes"]["ome"]["multiscales"][0]["datasets"]
    first, second = listed[0]["coordinateTransformations"], listed[1]["coordinateTransformations"]
    levels = SHARED_LEVELS + sum(name.startswith("s") for name in os.listdir(at("coarse.zarr")))
    datasets = []
    for level in range(levels):
        transformations = []
        for a, b in zip(first, second):                     # scales double, and so does what they are shifted by
            kind = a["type"]
            grown = [x * 2 ** level if kind == "scale" and y != x else x + (y - x) * (2 ** level - 1) if kind == "translation" else x for x, y in zip(a[kind], b[kind])]
            transformations.append({"type": kind, kind: grown})
        datasets.append({"path": f"s{level}", "coordinateTransformations": transformations})
    group["attributes"]["ome"]["multiscales"][0]["datasets"] = datasets
    json.dump(group, open(os.path.join(store, "zarr.json"), "w"))
    for level in range(levels):
        folder = os.path.join(store, f"s{level}")
        if level >= SHARED_LEVELS:
            shutil.copytree(at(f"coarse.zarr/s{level - SHARED_LEVELS}"), folder)
            continue
        source = at(f"base.zarr/s{level}")
        facts = json.load(open(source + "/zarr.json"))
        lead = len(facts["shape"]) - 3
        facts["shape"] = facts["shape"][:lead] + [n >> level for n in SIZE]
        assert facts["chunk_grid"]["configuration"]["chunk_shape"][lead:] == [n >> level for n in BASE], "the small store's levels are not one shard each"
        os.makedirs(folder)
        json.dump(facts, open(folder + "/zarr.json", "w"))
        for z in range(REPEATED[0]):
            for y in range(REPEATED[1]):
                os.makedirs(os.path.join(folder, "c", *["0"] * lead, str(z), str(y)))
                for x in range(REPEATED[2]):
                    os.link(os.path.join(source, "c", *["0"] * lead, "0", "0", "0"), os.path.join(folder, "c", *["0"] * lead, str(z), str(y), str(x)))


class Server:
    def __init__(self, tomograd, folder):
        self.process = subprocess.Popen([tomograd, "serve", folder, "--port", "0", "--read-only"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        link = self.process.stdout.readline().strip()
        self.port, self.own = int(link.split(":")[2].split("/")[0]), threading.local()
        self.cookie = ""
        answer, _ = self.ask(link[link.index("/?"):])
        self.cookie = answer.getheader("Set-Cookie").split(";")[0]

    def ask(self, target):
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self.own.connection.request("GET", target, headers={"Cookie": self.cookie})
        answer = self.own.connection.getresponse()
        return answer, answer.read()

    def json(self, target):
        answer, body = self.ask(target)
        assert answer.status == 200, (target, body)
        return json.loads(body)

    def resident(self):
        return 1024 * int(next(line for line in open(f"/proc/{self.process.pid}/status") if line.startswith("VmRSS")).split()[1])

    def processor_seconds(self):
        """Of the server and its decoder so far; what others do on the machine is not in it."""
        ticks = 0
        for pid in [str(self.process.pid)] + self.children():
            ticks += sum(int(n) for n in open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def children(self):
        return open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split() or [pid for pid in os.listdir("/proc") if pid.isdigit() and self.is_child(pid)]

    def is_child(self, pid):
        try:
            return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1] == str(self.process.pid)
        except OSError:
            return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Plane:
    """What the page asks for when one plane fills a pane of so many pixels."""
    def __init__(self, volume, axis, pixels, low, high, level=None):
        self.volume, self.axis, self.low, self.high = volume, axis, low, high
        self.down, self.across = [a for a in range(3) if a != axis]
        size = volume["size_zyx"]
        scale = pixels / max(size[self.down], size[self.across])
        self.level = level
        fits = lambda level: all(level["factor_zyx"][a] * scale <= 1.01 for a in (self.down, self.across))
        self.level = level or next((one for one in reversed(volume["levels"]) if fits(one)), volume["levels"][0])
        self.size = self.level["size_zyx"]

    def coarser(self):
        levels = self.volume["levels"]
        there = [levels[self.level["level"] + by] for by in (2, 1) if self.level["level"] + by < len(levels) and levels[self.level["level"] + by]["stored"]]
        return Plane(self.volume, self.axis, 0, self.low, self.high, there[0]) if there else None

    def changes(self, depths):
        """For each depth, in voxels of level 0: tiles of the coarser level, tiles of the wanted one."""
        at = lambda plane, depth: plane.targets(min(depth // plane.level["factor_zyx"][plane.axis], plane.size[plane.axis] - 1))
        coarser = self.coarser()
        return [(at(coarser, depth) if coarser else [], at(self, depth)) for depth in depths]

    def targets(self, index):
        tile = self.volume["tile"]
        return [self.target(index, y, x, self.low, self.high) for y in range(-(-self.size[self.down] // tile)) for x in range(-(-self.size[self.across] // tile))]

    def target(self, index, y, x, low, high):
        return f"/api/volumes/{self.volume['id']}/plane?axis={'zyx'[self.axis]}&index={index}&level={self.level['level']}&channel=0&tile_y={y}&tile_x={x}&low={low}&high={high}&as=raw16"

    def check(self, server, voxels, index, row, column):
        """All pixels of one tile are the phantom's voxels, or their means over 2x2x2."""
        answer, body = server.ask(self.target(index, row, column, 0, 65535))
        assert answer.status == 200, body
        pixels = array.array("H")
        pixels.frombytes(body)
        width, height = int(answer.getheader("X-Width")), int(answer.getheader("X-Height"))
        assert (height, width) == (min(256, self.size[self.down] - 256 * row), min(256, self.size[self.across] - 256 * column)) and len(pixels) == width * height
        step, at = 2 ** self.level["level"], [0, 0, 0]
        near = [(a, b, c) for a in range(step) for b in range(step) for c in range(step)]
        for v in range(height):
            for u in range(width):
                at[self.axis], at[self.down], at[self.across] = step * index, step * (256 * row + v), step * (256 * column + u)
                wanted = round(sum(voxels[((at[0] + a) % BASE[0] * BASE[1] + (at[1] + b) % BASE[1]) * BASE[2] + (at[2] + c) % BASE[2]] for a, b, c in near) / len(near))
                assert pixels[v * width + u] == wanted, f"level {self.level['level']} {'zyx'[self.axis]} {index}: {pixels[v * width + u]} at {at}, expected {wanted}"
        return width * height


def timed(server, pool, coarser, targets):
    """Seconds until there is a picture of this slice, and until it is the wanted one."""
    begin, ends = time.perf_counter(), []
    for tiles in (coarser, targets):
        for status in pool.map(lambda target: server.ask(target)[0].status, tiles):
            assert status == 200
        ends.append(time.perf_counter() - begin)
    return min(ends[1], max(COVERED_SECONDS, ends[0])), ends[1]


def figures(seconds):
    ordered = sorted(seconds)
    return {"changes": len(ordered), "median_ms": 1e3 * ordered[len(ordered) // 2], "p95_ms": 1e3 * ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], "most_ms": 1e3 * ordered[-1]}


def main():
    scratch, tomograd = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "build/tomograd"
    voxels = make_store(tomograd, scratch)
    server, chance, rows = Server(tomograd, os.path.join(scratch, "served")), random.Random(1), []
    try:
        volumes = server.json("/api/volumes")["volumes"]
        server.json("/api/experiments"), server.json("/api/datasets")
        idle = server.resident()
        volume = server.json("/api/volumes/" + next(one["id"] for one in volumes if one["file"] == "large.zarr"))
        assert tuple(volume["size_zyx"]) == SIZE, volume["size_zyx"]
        window = server.json(f"/api/volumes/{volume['id']}/range?channel=0")
        low, high = window["minimum"], window["maximum"]
        whole, panes = [Plane(volume, axis, 1000, low, high) for axis in range(3)], [Plane(volume, axis, 500, low, high) for axis in range(3)]
        checked = 0
        for plane in whole + [Plane(volume, axis, 1e9, low, high) for axis in range(3)]:
            for place in range(2):                          # the first tile, and one beside the far corner
                index, row, column = (0, 0, 0) if place == 0 else (plane.size[plane.axis] - 3, (plane.size[plane.down] - 1) // 256, (plane.size[plane.across] - 1) // 256)
                checked += plane.check(server, voxels, index, row, column)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            def measure(name, changes, warm):
                for change in changes[:warm]:
                    timed(server, pool, *change)
                before = server.processor_seconds()
                seconds = [timed(server, pool, *change) for change in changes[warm:]]
                rows.append({"name": name, "tiles": len(changes[-1][1]), "processor_ms": 1e3 * (server.processor_seconds() - before) / len(seconds), "seen": figures([seen for seen, _ in seconds]), "whole": figures([whole for _, whole in seconds])})
                row = rows[-1]
                print(f"{name:32} {row['tiles']:3d} tiles " + "".join(f"  {key} median {row[key]['median_ms']:6.1f} ms, 95 % {row[key]['p95_ms']:6.1f} ms, most {row[key]['most_ms']:6.1f} ms" for key in ("seen", "whole")) + f"  ({row['processor_ms']:.0f} ms of one core; {len(seconds)} changes)", flush=True)
            for plane in whole:
                name, depth, step = f"{'zyx'[plane.axis]} (level {plane.level['level']}, 1000 pixels)", SIZE[plane.axis], plane.level["factor_zyx"][plane.axis]
                changes, known = plane.changes(depth // 3 + i * step for i in range(200)), set()
                for at, (coarser, wanted) in enumerate(changes):   # the page has kept what it asked for
                    changes[at] = ([target for target in coarser if target not in known], wanted)
                    known.update(coarser)
                measure(name + " wheel", changes, 2)
                measure(name + " jump", plane.changes(chance.randrange(depth) for _ in range(42)), 2)
            def three(place):
                parts = [plane.changes([place[plane.axis]])[0] for plane in panes]
                return sum((coarser for coarser, _ in parts), []), sum((wanted for _, wanted in parts), [])
            measure("three panes of 500 pixels jump", [three([chance.randrange(n) for n in SIZE]) for _ in range(42)], 2)
        busy, waited = server.resident(), float(os.environ.get("SLICES_SECONDS", "60"))
        time.sleep(waited)
        result = {"voxels": SIZE[0] * SIZE[1] * SIZE[2], "checked_pixels": checked, "rows": rows, "idle_bytes": idle, "busy_bytes": busy, "after_bytes": server.resident(), "decoders_after": len(server.children())}
    finally:
        server.end()
    print(f"server: {idle / 1e6:.0f} MB after its first answers, {busy / 1e6:.0f} MB after the changes, {result['after_bytes'] / 1e6:.0f} MB and {result['decoders_after']} decoders {waited:.0f} s later")
    late = [row["name"] for row in rows if row["seen"]["p95_ms"] > 1e3 * WANTED_SECONDS]
    print(f"{checked} pixels were those of the phantom; wanted: 95 % seen within {1e3 * WANTED_SECONDS:.0f} ms, at most {WANTED_BYTES / 1e6:.0f} MB idle: " +
          ("reached" if not late and max(idle, result["after_bytes"]) <= WANTED_BYTES else "not reached by " + ", ".join(late + ["memory"] * (max(idle, result["after_bytes"]) > WANTED_BYTES))))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
