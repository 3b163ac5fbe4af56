// Patches from block stores: the same as from the same volumes in memory, with a cache that is a small part of the store.
#include <gtest/gtest.h>

#include <filesystem>

#include "dataset/stored_test_files.h"
#include "sampling/patch_queue.h"
#include "sampling/share_report.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// Two cases of two channels and two classes, awkward sizes, blocks that fit neither volume nor patch.
struct Cohorts {
  Scratch s;
  std::vector<TestStore> stores;
  std::shared_ptr<BlockCache> cache;
  std::vector<PreparedCase> cases, stored_cases;
  std::vector<std::unique_ptr<BlockSource>> owned;
  std::vector<LabelIndex> indices, stored_indices;
  std::vector<BlockSource*> sources, stored_sources;
  int64_t decoded_bytes = 0;                     // of all images and labels, in whole blocks

  explicit Cohorts(double cache_share) {
    TestStore first, second;
    first.size = {61, 83, 97}, first.block = {8, 16, 24}, first.type = VoxelType::u16;
    second.size = {50, 41, 101}, second.block = {16, 8, 32}, second.type = VoxelType::f32;
    first.label = [](int64_t, int64_t z, int64_t y, int64_t x) { return (z / 9 + y / 11 + x / 13) % 5 == 0 ? 1 : z == 30 && x % 7 == 0 ? 2 : 0; };
    second.label = [](int64_t, int64_t z, int64_t y, int64_t x) { return x > 60 || (y == 3 && z == 3) ? 1 : 0; };
    second.voxel = [](int64_t c, int64_t z, int64_t y, int64_t x) { return 0.37 * double((z * 977 + y * 53 + x * 11 + c) % 511) - 20; };
    for (TestStore& store : stores = {first, second}) {
      store.channels = 2;
      std::string name = text("c", &store - stores.data(), ".zarr");
      store.write(s.path(name)), store.write_nifti_files(s.path(name));
      Extent grid;
      for (int a = 0; a < 3; ++a) grid[a] = round_up(store.size[a], store.block[a]);
      decoded_bytes += grid.voxels() * 9;
    }
    cache = std::make_shared<BlockCache>(int64_t(double(decoded_bytes) * cache_share));
    ThreadPool pool(2);
    for (size_t k = 0; k < stores.size(); ++k) {
      std::string path = s.path(text("c", k, ".zarr"));
      Dataset nifti = stores[k].dataset(path, false), blocks = stores[k].dataset(path, true);
      nifti.cases[0].id = blocks.cases[0].id = text("P", k);
      const ClassMap classes = make_class_map(nifti, {});
      PreparedCase& prepared = cases.emplace_back(prepare_case(system_env(), nifti, nifti.cases[0], {}, classes, true));
      indices.push_back(make_label_index(prepared.geometry.size, prepared.labels, prepared.roi, classes.count()));
      sources.push_back(owned.emplace_back(blocks_of(prepared)).get());
      StoredCase stored = open_stored_case(system_env(), blocks, blocks.cases[0], {}, classes, cache, pool);
      stored_sources.push_back(owned.emplace_back(std::move(stored.blocks)).get());
      stored_cases.push_back(std::move(stored.prepared)), stored_indices.push_back(std::move(stored.index));
    }
  }
};

struct Settings {
  SamplingSpec sampling;
  AugmentSpec augment;
  Settings() {
    sampling.patch = {17, 20, 33};
    sampling.batch = 3;
    sampling.epoch_patches = 20;                 // batches straddle epochs
    sampling.min_fraction = 0.1;
    augment.transpose = 0;
    augment.rotate = augment.scale = 0.3;
    augment.noise = augment.brightness = augment.contrast = augment.blur = augment.low_resolution = augment.gamma = 0.4;
  }
};

std::string take(const std::vector<BlockSource*>& sources, const Sampler& sampler, const Settings& s, int64_t workers, int64_t first, int batches) {
  SamplingSpec spec = s.sampling;
  spec.workers = workers;
  PatchQueue queue(sources, sampler, spec, s.augment, {"A", "B"}, 11, first);
  std::string bytes;
  for (int i = 0; i < batches; ++i) {
    Batch batch = queue.next();
    bytes.append(reinterpret_cast<const char*>(batch.images.data()), size_t(batch.images.size()) * 4);
    bytes.append(reinterpret_cast<const char*>(batch.labels.data()), size_t(batch.labels.size()));
    queue.give_back(std::move(batch));
  }
  return bytes;
}

TEST(StoredSampling, PatchesAreThoseOfTheVolumesInMemory) {
  Cohorts c(0.09);
  Settings s;
  Sampler memory(c.cases, c.indices, s.sampling, 7, system_env()), stored(c.stored_cases, c.stored_indices, s.sampling, 7, system_env());
  for (uint64_t epoch : {0, 1, 5}) EXPECT_EQ(memory.epoch(epoch), stored.epoch(epoch));
  EXPECT_EQ(to_json(share_report(memory, s.sampling, {"background", "one", "two"}, 3)), to_json(share_report(stored, s.sampling, {"background", "one", "two"}, 3)));
  const std::string expected = take(c.sources, memory, s, 0, 4, 15);
  for (int64_t workers : {0, 1, 4}) EXPECT_TRUE(take(c.stored_sources, stored, s, workers, 4, 15) == expected) << workers;
}

TEST(StoredSampling, DecodedBlocksStayWithinTheCache) {
  Cohorts c(0.09);
  Settings s;
  s.sampling.patch = {9, 12, 14};
  s.sampling.min_fraction = 0;
  s.augment = {};
  s.sampling.epoch_patches = 150;
  Sampler sampler(c.stored_cases, c.stored_indices, s.sampling, 7, system_env());
  const int64_t most_blocks = 2 * 3 * 2;         // that a patch touches: y, 12 voxels over the second case's blocks of 8
  const int64_t held = 2 * most_blocks * 16 * 8 * 32 * 4;  // by two workers
  ASSERT_LT(held, c.cache->limit_bytes());
  const BlockCacheCounts before = c.cache->counts();
  const int64_t counted = counted_bytes();
  (void)take(c.stored_sources, sampler, s, 2, 0, 50);
  const BlockCacheCounts after = c.cache->counts();
  EXPECT_LE(after.most_bytes, c.cache->limit_bytes());
  EXPECT_LT(c.cache->limit_bytes() * 10, c.decoded_bytes);
  EXPECT_LE(counted_bytes() - counted, c.cache->limit_bytes());  // what stays is what the cache keeps
  EXPECT_GT(after.evictions, before.evictions);
  const int64_t decoded = after.misses - before.misses, asked = decoded + after.hits - before.hits;
  EXPECT_GT(after.hits, before.hits);
  EXPECT_GE(asked, 150 * 3);                     // a block of each channel and of the labels for each patch at least,
  EXPECT_LE(asked, 150 * (3 * most_blocks + 20));  // and at most those that it touches, and what its place was looked for in
}

TEST(StoredSampling, ADamagedBlockIsNamed) {
  Scratch s;
  TestStore store;
  store.shards = false, store.channels = 2;
  store.write(s.path("a.zarr"));
  Dataset dataset = store.dataset(s.path("a.zarr"), true);
  ThreadPool pool(2);
  for (const char* file : {"a.zarr/s0/c/1/1/2/1", "a.zarr/labels/label/s0/c/1/1/1"}) {
    ASSERT_TRUE(std::filesystem::exists(s.path(file)));
    auto cache = std::make_shared<BlockCache>(int64_t{1} << 20);
    StoredCase item = open_stored_case(system_env(), dataset, dataset.cases[0], {}, make_class_map(dataset, {}), cache, pool);
    std::vector<PreparedCase> cases;
    std::vector<LabelIndex> indices;
    cases.push_back(std::move(item.prepared)), indices.push_back(std::move(item.index));
    std::string content = read_text(system_env(), s.path(file));
    auto fresh = open_store_blocks(system_env(), channels_of_store(system_env(), s.path("a.zarr")), {s.path("a.zarr/labels/label"), {}, {}}, std::make_shared<BlockCache>(int64_t{1} << 20));
    s.write(file, content.substr(0, content.size() / 2));
    Settings settings;
    settings.sampling.patch = store.size;        // every block
    settings.sampling.min_fraction = 0;
    Sampler sampler(cases, indices, settings.sampling, 1, system_env());
    for (int64_t workers : {0, 2}) {
      std::string error = error_of([&] { take({fresh.get()}, sampler, settings, workers, 0, 1); });
      EXPECT_NE(error.find(s.path(file)), std::string::npos) << error;
      EXPECT_NE(error.find(file[7] == 's' ? "z,y,x = 4,16,16" : "z,y,x = 4,8,16"), std::string::npos) << error;
      EXPECT_NE(error.find("of case P1"), std::string::npos) << error;
    }
    s.write(file, content);
  }
}

TEST(StoredSampling, GivenPlaces) {
  Cohorts c(0.09);
  Settings s;
  s.sampling.locations = c.s.path("places.csv");
  c.s.write("places.csv", "case,z,y,x\nP0,30,40,50\nP1,3,3,90\nP0,0,0,0\n");
  Sampler memory(c.cases, c.indices, s.sampling, 7, system_env()), stored(c.stored_cases, c.stored_indices, s.sampling, 7, system_env());
  EXPECT_EQ(memory.epoch(1), stored.epoch(1));
  s.sampling.locations = c.s.path("");
  EXPECT_NE(error_of([&] { Sampler(c.stored_cases, c.stored_indices, s.sampling, 7, system_env()); }).find("sampling.locations is a folder of weight maps"), std::string::npos);
}

// Few background voxels: after many draws in vain they are counted off.
TEST(StoredSampling, RareBackground) {
  Scratch s;
  TestStore store;
  store.label = [](int64_t, int64_t z, int64_t y, int64_t x) { return z == 7 && y == 20 && x > 34 ? 0 : 1; };
  store.write(s.path("a.zarr")), store.write_nifti_files(s.path("a.zarr"));
  ThreadPool pool(1);
  Dataset nifti = store.dataset(s.path("a.zarr"), false), blocks = store.dataset(s.path("a.zarr"), true);
  const ClassMap classes = make_class_map(nifti, {});
  auto cache = std::make_shared<BlockCache>(int64_t{1} << 20);
  StoredCase item = open_stored_case(system_env(), blocks, blocks.cases[0], {}, classes, cache, pool);
  std::vector<PreparedCase> cases, stored_cases;
  std::vector<LabelIndex> indices, stored_indices;
  cases.push_back(prepare_case(system_env(), nifti, nifti.cases[0], {}, classes, true));
  indices.push_back(make_label_index(store.size, cases[0].labels, {}, classes.count()));
  stored_cases.push_back(std::move(item.prepared)), stored_indices.push_back(std::move(item.index));
  SamplingSpec spec;
  spec.patch = {1, 1, 1}, spec.epoch_patches = 40, spec.foreground = 0;
  Sampler memory(cases, indices, spec, 2, system_env()), stored(stored_cases, stored_indices, spec, 2, system_env());
  auto places = stored.epoch(0);
  EXPECT_EQ(places, memory.epoch(0));
  for (const auto& place : places) EXPECT_TRUE(place.begin.z == 7 && place.begin.y == 20 && place.begin.x > 34);
}

}  // namespace
}  // namespace tomograd
