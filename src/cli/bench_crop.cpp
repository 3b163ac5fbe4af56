// `bench crop`: what a small part of a large volume costs. Crops at odd places of a block store, with its files in the operating
// system's cache and no decoded block kept from one crop to the next, read in two ways: as they are stored, by all threads at once,
// and as the floats that training gets, through a cache of decoded blocks that is empty each time. Before anything is timed every crop
// is compared with what one thread reads chunk by chunk, which also says how many bytes its blocks take in the files, and, with a
// truth, with the volume that the store was made of.
#include <algorithm>
#include <cstring>
#include <ctime>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "cli/bench_rates.h"
#include "spec/extent_value.h"
#include "volume/block_store_source.h"
#include "volume/box_source.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

struct Crop {
  Box box;
  int64_t blocks = 0, bytes_needed = 0;          // that it touches; what they take in the files
  std::string digest;                            // of its voxels as stored, [z][y][x] in native byte order
};

// Odd along each axis, so that no crop begins with a block.
Box crop_at(int64_t seed, Extent volume, Extent size) {
  Random random(uint64_t(seed), "bench-crop");
  Box box{{}, size};
  for (int axis = 0; axis < 3; ++axis) box.begin[axis] = 2 * random.below((volume[axis] - size[axis] + 1) / 2) + 1;
  return box;
}

Box touched_blocks(const Box& box, Extent block) {
  Box touched;
  for (int axis = 0; axis < 3; ++axis) touched.begin[axis] = box.begin[axis] / block[axis], touched.size[axis] = (box.end()[axis] - 1) / block[axis] - touched.begin[axis] + 1;
  return touched;
}

// Blocks are decoded by all threads and held until they are copied together.
void read_floats(StoreBlocks& blocks, const Box& box, float* into, ThreadPool& pool) {
  Box touched = touched_blocks(box, blocks.block());
  std::vector<std::shared_ptr<const float>> held(size_t(touched.size.voxels()));
  pool.for_each(int64_t(held.size()), [&](int64_t i) {
    Extent at{i / touched.size.x / touched.size.y, i / touched.size.x % touched.size.y, i % touched.size.x};
    held[size_t(i)] = blocks.hold_image_block(0, touched.begin + at);
  });
  copy_box(blocks, 0, box, into);
}

std::unique_ptr<StoreBlocks> empty_blocks(const std::string& store) {
  return open_store_blocks(system_env(), {StoreChannel{store, 0, 0, {}}}, {}, std::make_shared<BlockCache>(int64_t{1} << 40));
}

// Seconds of every crop; of all of them processor time, which says more than they where the machine is busy, and bytes from files.
struct Reading {
  std::vector<double> seconds;
  double processor_seconds = 0;
  int64_t bytes = 0;

  template <class Read>
  void time(const Read& read) {
    double begun = system_clock().monotonic_seconds();
    std::clock_t before = std::clock();          // of all threads
    read();
    processor_seconds += double(std::clock() - before) / CLOCKS_PER_SEC;
    seconds.push_back(system_clock().monotonic_seconds() - begun);
  }

  Value value(int64_t voxels, int64_t voxel_bytes) const {
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    double median = (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
    Value value = Value::table();
    value["median_seconds"] = median, value["least_seconds"] = sorted.front(), value["most_seconds"] = sorted.back();
    value["voxels_per_second"] = double(voxels) / median, value["mb_per_second"] = double(voxels * voxel_bytes) / median * 1e-6;
    value["processor_seconds"] = processor_seconds / double(seconds.size());
    value["bytes_read"] = bytes;
    value["seconds"] = Value::list_of(seconds);
    return value;
  }
};

}  // namespace

Value bench_crop(const std::string& store, const std::string& truth, Extent size, int64_t crops, int threads) {
  Env& env = system_env();
  channels_of_store(env, store);                 // refuses what is no store that blocks are sampled from
  std::string path = read_zarr_image(env, store).levels[0].path, array_path = join_path(store, path);
  auto array = [&](int64_t gap) { return std::make_unique<ZarrArray>(env, array_path, ZarrReadOptions{true, gap, store}); };
  auto plain = array(-1), fast = array(ZarrReadOptions{}.gap_bytes);
  const ZarrArrayInfo& info = plain->info();
  Extent volume = plain->size(), block = plain->block();
  int64_t unit = voxel_bytes(info.chunk.type), voxels = size.voxels();
  for (int axis = 0; axis < 3; ++axis)
    if (size[axis] < 1 || size[axis] >= volume[axis]) fail_usage(text("--size has ", size[axis], " along ", "zyx"[axis], "; '", store, "' has ", volume[axis], " there, and a crop begins at an odd place in it"), "give a smaller --size Z,Y,X");
  auto source = truth.empty() ? nullptr : open_boxes(env, truth);
  if (source && (!(source->geometry().size == volume) || source->type() != info.chunk.type))
    fail_input(text("'", truth, "' has ", to_string(source->geometry().size), " voxels of ", voxel_type_name(source->type()), ", '", store, "' ", to_string(volume), " of ", voxel_type_name(info.chunk.type)));

  ThreadPool pool(threads);
  Buffer<unsigned char> expected(voxels * unit), raw(voxels * unit);
  Buffer<float> expected_floats(voxels), floats(voxels);
  std::vector<Crop> list;
  int64_t needed = 0;
  for (int64_t seed = 1; seed <= crops; ++seed) {
    Crop crop{crop_at(seed, volume, size), 0, 0, {}};
    crop.blocks = touched_blocks(crop.box, block).size.voxels();
    auto compare = [&](const void* a, const void* b, int64_t bytes, const char* what) {
      if (std::memcmp(a, b, size_t(bytes)) != 0) fail_failure(text("the crop at ", to_string(crop.box.begin), " ", what, "; no figure is given"));
    };
    plain->read_raw(0, crop.box, expected.data());
    int64_t before = plain->bytes_read();        // the indexes of its shards are open now: what comes is chunks alone
    plain->read(0, crop.box, expected_floats.data());
    crop.bytes_needed = plain->bytes_read() - before, needed += crop.bytes_needed;
    fast->read_raw(0, crop.box, raw.data(), &pool);
    compare(expected.data(), raw.data(), expected.size(), "as all threads read it is not what one reads chunk by chunk");
    read_floats(*empty_blocks(store), crop.box, floats.data(), pool);
    compare(expected_floats.data(), floats.data(), voxels * int64_t(sizeof(float)), "out of decoded blocks is not what is read chunk by chunk");
    if (source) {
      source->read(0, crop.box, raw.data());
      compare(expected.data(), raw.data(), expected.size(), "is not what the store was made of");
    }
    Digest digest;
    digest.add(expected.data(), expected.size());
    crop.digest = digest.finish();
    list.push_back(std::move(crop));
  }

  Reading stored, decoded;
  fast = array(ZarrReadOptions{}.gap_bytes);     // its indexes are read again, and counted
  for (const Crop& crop : list) stored.time([&] { fast->read_raw(0, crop.box, raw.data(), &pool); });
  stored.bytes = fast->bytes_read();
  for (const Crop& crop : list) {
    auto blocks = empty_blocks(store);
    decoded.time([&] { read_floats(*blocks, crop.box, floats.data(), pool); });
    decoded.bytes += blocks->bytes_read();
  }

  Value value = Value::table();
  value["store"] = store, value["array"] = path, value["shape_zyx"] = extent_value(volume), value["block_zyx"] = extent_value(block), value["shard_zyx"] = extent_value(plain->shard());
  value["channels"] = plain->leading(), value["voxel_type"] = voxel_type_name(info.chunk.type);
  value["crop_zyx"] = extent_value(size), value["threads"] = int64_t(pool.threads());
  value["checked_with"] = source ? "chunk by chunk, " + truth : std::string("chunk by chunk");
  value["bytes_needed"] = needed, value["read_per_needed"] = double(stored.bytes) / double(std::max<int64_t>(1, needed));
  value["stored"] = stored.value(voxels, unit), value["floats"] = decoded.value(voxels, int64_t(sizeof(float)));
  Value::List rows;
  for (size_t i = 0; i < list.size(); ++i) {
    Value row = Value::table();
    row["seed"] = int64_t(i) + 1, row["begin_zyx"] = extent_value(list[i].box.begin), row["blocks"] = list[i].blocks, row["bytes_needed"] = list[i].bytes_needed, row["digest"] = list[i].digest;
    rows.push_back(std::move(row));
  }
  value["crops"] = std::move(rows);
  return value;
}

}  // namespace tomograd
