#include "volume/block_store_source.h"

#include <atomic>
#include <thread>

#include "base/random.h"
#include "volume/block_store.h"
#include "volume/block_store_test_files.h"

namespace tomograd {
namespace {

struct Stored {
  Stored() {
    ThreadPool pool(2);
    MemorySlabs image(size, 2, image_voxel), label(size, 1, label_voxel);
    BlockStoreOptions options;
    options.block = {4, 8, 8};
    write_block_store(system_env(), image, {{"label", &label}}, folder / "s", options, pool);
  }
  TemporaryFolder folder;
  Extent size{11, 15, 27};
};

TEST(StoreBlocks, BoxesAreThoseOfBlocksInMemory) {
  Stored stored;
  StoreBlocksOptions options;
  options.label = "label", options.cache_bytes = 5 * 256 * 4, options.outside = {-1.5f, -2.5f}, options.shift = {0, 100}, options.scale = {1, 0.5f};
  auto blocks = open_store_blocks(system_env(), stored.folder / "s", options);
  Buffer<float> first(stored.size.voxels()), second(stored.size.voxels());
  Buffer<uint8_t> labels(stored.size.voxels());
  for (int64_t i = 0; i < first.size(); ++i) {
    int64_t x = i % 27, y = i / 27 % 15, z = i / 27 / 15;
    first[i] = float(image_voxel(0, z, y, x)), second[i] = (float(image_voxel(1, z, y, x)) - 100) * 0.5f, labels[i] = uint8_t(label_voxel(0, z, y, x));
  }
  auto memory = make_memory_blocks(stored.size, {first.data(), second.data()}, labels.data(), {-1.5f, -2.5f}, {4, 8, 8});
  Random random(2, "boxes");
  for (int trial = 0; trial < 200; ++trial) {
    Box box{{random.below(20) - 5, random.below(30) - 8, random.below(40) - 6}, {1 + random.below(9), 1 + random.below(17), 1 + random.below(20)}};
    std::vector<float> a(size_t(box.size.voxels())), b(a.size());
    std::vector<uint8_t> c(a.size()), d(a.size());
    int64_t channel = random.below(2);
    copy_box(*blocks, channel, box, a.data()), copy_box(*memory, channel, box, b.data());
    copy_label_box(*blocks, box, c.data(), 99), copy_label_box(*memory, box, d.data(), 99);
    ASSERT_EQ(a, b);
    ASSERT_EQ(c, d);
  }
  BlockCacheCounts counts = blocks->counts();
  EXPECT_LE(counts.most_bytes, options.cache_bytes);
  EXPECT_GT(counts.evictions, 0);
  EXPECT_GT(counts.hits, 0);
  for (int64_t v = 0; v < 256; ++v) ASSERT_EQ(blocks->hold_image_block(1, {2, 1, 3}).get()[v], memory->image_block(1, {2, 1, 3})[v]);
  for (int64_t v = 0; v < 256; ++v) ASSERT_EQ(blocks->hold_label_block({2, 1, 3}).get()[v], memory->label_block({2, 1, 3})[v]);
}

TEST(StoreBlocks, HeldBlocksStayAndOthersGo) {
  Stored stored;
  StoreBlocksOptions options;
  options.cache_bytes = 2 * 256 * 4;
  auto blocks = open_store_blocks(system_env(), stored.folder / "s", options);
  auto held = blocks->hold_image_block(0, {0, 0, 0});
  const float* at = held.get();
  for (int64_t z = 1; z < 3; ++z)
    for (int64_t x = 0; x < 4; ++x) blocks->hold_image_block(0, {z, 0, x});
  EXPECT_EQ(at[9], image_voxel(0, 0, 1, 1));
  EXPECT_EQ(blocks->hold_image_block(0, {0, 0, 0}).get(), at);  // still the same, not read again
  EXPECT_LE(blocks->counts().bytes, options.cache_bytes);
  std::vector<std::shared_ptr<const float>> many;
  for (int64_t x = 0; x < 4; ++x) many.push_back(blocks->hold_image_block(1, {0, 0, x}));
  EXPECT_GE(blocks->counts().bytes, 4 * 1024);   // what is held cannot go
  many.clear(), held.reset();
  blocks->hold_image_block(0, {0, 1, 1});
  EXPECT_LE(blocks->counts().bytes, options.cache_bytes);
  EXPECT_EQ(blocks->hold_label_block({0, 0, 0}), nullptr);
  expect_refused(error_of([&] { blocks->image_block(0, {0, 0, 0}); }), "hold_image_block");
  expect_refused(error_of([&] { blocks->hold_image_block(2, {0, 0, 0}); }), "channel 2 of 2");
  expect_refused(error_of([&] { blocks->hold_image_block(0, {3, 0, 0}); }), "was asked for");
  options.label = "tumour";
  EXPECT_NE(error_of([&] { open_store_blocks(system_env(), stored.folder / "s", options); }), "");
}

TEST(StoreBlocks, ManyThreadsReadEachBlockOnce) {
  Stored stored;
  auto blocks = open_store_blocks(system_env(), stored.folder / "s");
  std::atomic<int64_t> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        Random random(uint64_t(t), "blocks");
        for (int i = 0; i < 300; ++i) {
          Extent at{random.below(3), random.below(2), random.below(4)};
          auto block = blocks->hold_image_block(0, at);
          wrong += block.get()[0] != float(image_voxel(0, at.z * 4, at.y * 8, at.x * 8));
        }
      });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(blocks->counts().misses, 24);
  EXPECT_EQ(blocks->counts().hits, 6 * 300 - 24);
}

TEST(StoreBlocks, AMissingOrDamagedBlockIsAnError) {
  Stored stored;
  std::string file = stored.folder / "s/s0/c/1/0/0/0";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
  auto blocks = open_store_blocks(system_env(), stored.folder / "s");
  EXPECT_NO_THROW(blocks->hold_image_block(0, {0, 0, 0}));
  for (int twice = 0; twice < 2; ++twice) expect_refused(error_of([&] { blocks->hold_image_block(1, {0, 0, 0}); }), "is missing");
}

}  // namespace
}  // namespace tomograd
