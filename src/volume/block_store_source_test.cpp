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

std::shared_ptr<BlockCache> cache_of(int64_t bytes) { return std::make_shared<BlockCache>(bytes); }
constexpr int64_t block_bytes = 256 * 4;         // of a decoded image block

TEST(StoreBlocks, BoxesAreThoseOfBlocksInMemory) {
  Stored stored;
  auto channels = channels_of_store(system_env(), stored.folder / "s");
  channels[0].outside = -1.5f, channels[1].outside = -2.5f;
  channels[1].change = [](float* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i) v[i] = (v[i] - 100) * 0.5f;
  };
  auto cache = cache_of(5 * block_bytes);
  auto blocks = open_store_blocks(system_env(), channels, {stored.folder / "s/labels/label", {}, {}}, cache);
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
  BlockCacheCounts counts = cache->counts();
  EXPECT_LE(counts.most_bytes, cache->limit_bytes());
  EXPECT_GT(counts.evictions, 0);
  EXPECT_GT(counts.hits, 0);
  for (int64_t v = 0; v < 256; ++v) ASSERT_EQ(blocks->hold_image_block(1, {2, 1, 3}).get()[v], memory->image_block(1, {2, 1, 3})[v]);
  for (int64_t v = 0; v < 256; ++v) ASSERT_EQ(blocks->hold_label_block({2, 1, 3}).get()[v], memory->label_block({2, 1, 3})[v]);
}

TEST(StoreBlocks, HeldBlocksStayAndOthersGo) {
  Stored stored;
  auto cache = cache_of(2 * block_bytes);
  auto channels = channels_of_store(system_env(), stored.folder / "s");
  auto blocks = open_store_blocks(system_env(), channels, {}, cache);
  auto held = blocks->hold_image_block(0, {0, 0, 0});
  const float* at = held.get();
  for (int64_t z = 1; z < 3; ++z)
    for (int64_t x = 0; x < 4; ++x) blocks->hold_image_block(0, {z, 0, x});
  EXPECT_EQ(at[9], image_voxel(0, 0, 1, 1));
  EXPECT_EQ(blocks->hold_image_block(0, {0, 0, 0}).get(), at);  // still the same, not read again
  EXPECT_LE(cache->counts().most_bytes, cache->limit_bytes());
  std::vector<std::shared_ptr<const float>> many;
  for (int64_t x = 0; x < 4; ++x) many.push_back(blocks->hold_image_block(1, {0, 0, x}));
  EXPECT_EQ(cache->counts().bytes, 5 * block_bytes);  // what is held cannot go
  many.clear(), held.reset();
  blocks->hold_image_block(0, {0, 1, 1});
  EXPECT_LE(cache->counts().bytes, cache->limit_bytes());
  EXPECT_FALSE(blocks->has_labels());
  EXPECT_EQ(blocks->hold_label_block({0, 0, 0}), nullptr);
  expect_refused(error_of([&] { blocks->image_block(0, {0, 0, 0}); }), "hold_image_block");
  expect_refused(error_of([&] { blocks->hold_image_block(2, {0, 0, 0}); }), "channel 2 of 2");
  expect_refused(error_of([&] { blocks->hold_image_block(0, {3, 0, 0}); }), "was asked for");
  expect_refused(error_of([&] { open_store_blocks(system_env(), channels, {stored.folder / "s/labels/tumour", {}, {}}, cache); }), "there is no store");
  channels[1].channel = 2;
  expect_refused(error_of([&] { open_store_blocks(system_env(), channels, {}, cache); }), "channel 2 of");
}

TEST(StoreBlocks, StoresShareACacheAndAChannelThatIsNotThereIsOutside) {
  Stored stored;
  ThreadPool pool(1);
  MemorySlabs other(stored.size, 1, [](int64_t, int64_t z, int64_t, int64_t) { return uint16_t(7 + z); });
  BlockStoreOptions options;
  options.block = {4, 8, 8};
  write_block_store(system_env(), other, {}, stored.folder / "t", options, pool);
  auto cache = cache_of(3 * block_bytes);
  auto one = open_store_blocks(system_env(), {{stored.folder / "s", 1, 0, {}}, {"", 0, 4.5f, {}}, {stored.folder / "t", 0, 0, {}}}, {}, cache);
  auto two = open_store_blocks(system_env(), {{stored.folder / "t", 0, 0, {}}}, {}, cache);
  for (int64_t x = 0; x < 4; ++x) {
    EXPECT_EQ(one->hold_image_block(0, {1, 1, x}).get()[2], image_voxel(1, 4, 8, 8 * x + 2));
    EXPECT_EQ(one->hold_image_block(1, {1, 1, x}).get()[2], 4.5f);
    EXPECT_EQ(one->hold_image_block(2, {1, 1, x}).get()[2], 11);
    EXPECT_EQ(two->hold_image_block(0, {1, 1, x}).get()[2], 11);
  }
  EXPECT_EQ(cache->counts().misses, 16);         // the same store opened twice is two sources
  EXPECT_LE(cache->counts().most_bytes, cache->limit_bytes());
  options.block = {4, 4, 8};
  other = MemorySlabs(stored.size, 1, image_voxel);
  write_block_store(system_env(), other, {}, stored.folder / "u", options, pool);
  expect_refused(error_of([&] { open_store_blocks(system_env(), {{stored.folder / "s", 1, 0, {}}, {stored.folder / "u", 0, 0, {}}}, {}, cache); }), "has blocks of 4x4x8");
}

TEST(StoreBlocks, ABlockWhoseClassIsKnownIsNotRead) {
  Stored stored;
  auto cache = cache_of(1 << 20);
  std::vector<int16_t> single(24, -1);
  single[23] = 3;                                // the last, which the volume fills in part
  auto blocks = open_store_blocks(system_env(), channels_of_store(system_env(), stored.folder / "s"), {stored.folder / "s/labels/label", {}, single}, cache);
  auto held = blocks->hold_label_block({2, 1, 3});
  EXPECT_EQ(blocks->bytes_read(), 0);
  for (int64_t z = 0, i = 0; z < 4; ++z)
    for (int64_t y = 0; y < 8; ++y)
      for (int64_t x = 0; x < 8; ++x, ++i) ASSERT_EQ(held.get()[i], z < 3 && y < 7 && x < 3 ? 3 : 255);
  EXPECT_EQ(blocks->hold_label_block({0, 0, 0}).get()[0], 1);
  EXPECT_GT(blocks->bytes_read(), 0);
  single.pop_back();
  EXPECT_NE(error_of([&] { open_store_blocks(system_env(), channels_of_store(system_env(), stored.folder / "s"), {stored.folder / "s/labels/label", {}, single}, cache); }), "");
}

TEST(StoreBlocks, ManyThreadsReadEachBlockOnce) {
  Stored stored;
  auto cache = cache_of(1 << 30);
  auto blocks = open_store_blocks(system_env(), channels_of_store(system_env(), stored.folder / "s"), {}, cache);
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
  EXPECT_EQ(cache->counts().misses, 24);
  EXPECT_EQ(cache->counts().hits, 6 * 300 - 24);
}

TEST(StoreBlocks, AMissingOrDamagedBlockIsAnError) {
  Stored stored;
  std::string file = stored.folder / "s/s0/c/1/0/0/0";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
  auto cache = cache_of(1 << 20);
  auto blocks = open_store_blocks(system_env(), channels_of_store(system_env(), stored.folder / "s"), {}, cache);
  EXPECT_NO_THROW(blocks->hold_image_block(0, {0, 0, 0}));
  for (int twice = 0; twice < 2; ++twice) expect_refused(error_of([&] { blocks->hold_image_block(1, {0, 0, 0}); }), "is missing");
  EXPECT_EQ(cache->counts().bytes, block_bytes);  // of the block that is there
}

}  // namespace
}  // namespace tomograd
