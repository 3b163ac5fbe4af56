"""The crops of `tomograd bench crop --json` by zarr-python and by TensorStore without a cache (total_bytes_limit 0): every crop is
compared with ours by its SHA-256 before anything is timed; the files are in the operating system's cache, the array stays open.
Seconds are medians; processor time (of all threads) is what to look at where the machine is not idle.
Every documented setting of concurrency is tried in a process of its own, the best one counts:
  zarr-python  async.concurrency (10 is its default), threading.max_workers (as many as asyncio takes is its default)
  TensorStore  data_copy_concurrency, file_io_concurrency (its defaults: processors, at least 4 for files)
usage: crop_zarr.py CROPS.json [STORE]      CROPS.json: what `tomograd bench crop --data STORE --json` printed
prints a line per setting, then ours beside the best of each."""
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time


def bytes_of_reads():  # of all read calls of this process, whether the disk was asked or not
    return int(open("/proc/self/io").read().split("rchar:")[1].split()[0])


def open_zarr(path, concurrency, workers):
    import zarr

    settings = {"async.concurrency": concurrency, "threading.max_workers": workers}
    zarr.config.set({key: value for key, value in settings.items() if value})
    array = zarr.open_array(path, mode="r")
    return lambda box: array[box]


def open_tensorstore(path, copies, files):
    import tensorstore

    context = {"cache_pool": {"total_bytes_limit": 0}}
    for resource, limit in (("data_copy_concurrency", copies), ("file_io_concurrency", files)):
        if limit:
            context[resource] = {"limit": limit}
    array = tensorstore.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}, context=tensorstore.Context(context), open=True, read=True).result()
    return lambda box: array[box].read().result()


def measure(path, crops, size, library, first, second):
    read = {"zarr-python": open_zarr, "TensorStore": open_tensorstore}[library](path, first, second)
    boxes = [(0,) * rank_before(path) + tuple(slice(b, b + s) for b, s in zip(crop["begin_zyx"], size)) for crop in crops]
    for crop, box in zip(crops, boxes):
        digest = "sha256:" + hashlib.sha256(read(box).tobytes()).hexdigest()
        if digest != crop["digest"]:
            sys.exit(f"{library}: the crop at {crop['begin_zyx']} is not ours; no figure is given")
    seconds, before, processor = [], bytes_of_reads(), time.process_time()
    for box in boxes:
        begun = time.perf_counter()
        read(box)
        seconds.append(time.perf_counter() - begun)
    return {"library": library, "settings": [first, second], "median_seconds": statistics.median(seconds), "processor_seconds": (time.process_time() - processor) / len(boxes), "bytes_read": bytes_of_reads() - before}


def rank_before(path):  # dimensions before z, y, x
    return len(json.load(open(os.path.join(path, "zarr.json")))["shape"]) - 3


def main():
    ours = json.load(open(sys.argv[1]))
    store = sys.argv[2] if len(sys.argv) > 2 else ours["store"]
    path = os.path.abspath(os.path.join(store, ours["array"]))
    if len(sys.argv) > 3:  # one setting, in a process of its own
        library, first, second = sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
        print(json.dumps(measure(path, ours["crops"], ours["crop_zyx"], library, first, second)))
        return
    cpus, n = len(os.sched_getaffinity(0)), len(ours["crops"])
    tries = {"zarr-python": [(0, 0), (cpus, cpus), (64, 0), (64, cpus), (256, cpus)], "TensorStore": [(0, 0), (1, 1), (cpus, cpus), (2 * cpus, 2 * cpus), (cpus, 32)]}
    names = {"zarr-python": ("async.concurrency", "threading.max_workers"), "TensorStore": ("data_copy_concurrency", "file_io_concurrency")}
    best = {}
    for library, settings in tries.items():
        for first, second in dict.fromkeys(settings):
            told = subprocess.run([sys.executable, __file__, sys.argv[1], store, library, str(first), str(second)], capture_output=True, text=True)
            if told.returncode != 0:
                sys.exit(f"{library} ended with an error: {told.stderr.strip()[-2000:]}")
            result = json.loads(told.stdout)
            print(f"{library}, {names[library][0]} {first or 'default'}, {names[library][1]} {second or 'default'}: {result['median_seconds']:.4f} s a crop, {result['processor_seconds']:.4f} s of processor time", flush=True)
            best[library] = min(best.get(library, result), result, key=lambda r: r["median_seconds"])
    stored, needed = ours["stored"], ours["bytes_needed"]
    side = "x".join(str(v) for v in ours["block_zyx"])
    print(f"blocks of {side}, {n} crops of {'x'.join(str(v) for v in ours['crop_zyx'])}, every one the same in all three; median seconds a crop")
    print(f"{'':12} {'seconds':>8} {'Mvoxel/s':>9} {'processor s':>12} {'read/needed':>12} {'ours is faster':>15} {'by processor time':>18}")
    voxels = ours["crop_zyx"][0] * ours["crop_zyx"][1] * ours["crop_zyx"][2]
    for name, of in [("ours", stored), *best.items()]:
        times, spent = ("", "") if name == "ours" else (f"{of[key] / stored[key]:.2f}x" for key in ("median_seconds", "processor_seconds"))
        print(f"{name:12} {of['median_seconds']:8.4f} {voxels / of['median_seconds'] * 1e-6:9.1f} {of['processor_seconds']:12.4f} {of['bytes_read'] / needed:12.3f} {times:>15} {spent:>18}")
    print(f"ours as floats out of decoded blocks: {ours['floats']['median_seconds']:.4f} s; wanted: 5x zarr-python, 1.5x TensorStore, at most 1.5 of the bytes needed")


main()
