#include "dataset/stored_labels.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "dataset/label_index.h"
#include "dataset/stored_test_files.h"

namespace tomograd {
namespace {

// Blobs, speckle and whole blocks of one class; 8 bits, sizes that no block divides.
struct Sample {
  Extent size{21, 30, 45}, block{8, 7, 16};
  Buffer<uint8_t> labels{size.voxels()};
  Buffer<float> image{size.voxels(), 0.0f};
  std::unique_ptr<BlockSource> blocks;
  Sample() {
    Random random(3, "stored labels test");
    for (int64_t z = 0, i = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x, ++i) labels[i] = uint8_t(x >= 32 ? 3 : z < 8 && x < 16 ? 0 : random.below(40) == 0 ? 4 : (z + y / 5 + x / 9) % 3 == 0 ? 1 : 0);
    blocks = make_memory_blocks(size, {image.data()}, labels.data(), {0.0f}, block);
  }
  KnownCounts counted(int64_t classes, bool complete) const {
    LabelIndex index = make_label_index(size, labels, {}, classes, block);
    int64_t per_class = index.block_counts.size() / classes;
    KnownCounts known;
    known.complete = complete;
    for (int64_t c = 0; c < classes; ++c) {
      auto& voxels = known.voxels.emplace_back();
      for (int64_t b = 0; b < per_class; ++b) voxels.push_back(complete || c == 0 ? index.block_counts[c * per_class + b] : 0);
    }
    if (!complete)                               // only blocks that are background alone are known
      for (int64_t b = 0; b < per_class; ++b)
        for (int64_t c = 1; c < classes; ++c)
          if (index.block_counts[c * per_class + b] > 0) known.voxels[0][size_t(b)] = 0;
    return known;
  }
};

TEST(StoredLabels, AnswerAsTheIndexInMemory) {
  Sample s;
  ThreadPool pool(3);
  constexpr int64_t classes = 6;                 // class 2 has no voxel in the volume, and 5 neither
  LabelIndex index = make_label_index(s.size, s.labels, {}, classes, s.block);
  for (const KnownCounts& known : {KnownCounts{}, s.counted(classes, false), s.counted(classes, true)}) {
    StoredLabels stored(*s.blocks, classes, known, pool);
    for (int64_t c = 0; c < classes; ++c) {
      ASSERT_EQ(stored.voxels_of(c), index.voxels_of(c)) << c;
      for (int64_t rank = 0, i = -1; rank < stored.voxels_of(c); ++rank) {
        do ++i;
        while (s.labels[i] != c);
        Extent v{i / 45 / 30, i / 45 % 30, i % 45};
        ASSERT_TRUE(c == 0 || index.voxels[size_t(c)][rank] == uint32_t(i));
        ASSERT_EQ(stored.voxel(c, rank), v) << c << " " << rank;
        ASSERT_EQ(stored.class_at(v), c);
      }
      EXPECT_NE(error_of([&] { stored.voxel(c, stored.voxels_of(c)); }), "");
    }
    Random random(4, "boxes");
    for (int trial = 0; trial < 300; ++trial) {
      Box box{{random.below(30) - 6, random.below(40) - 6, random.below(60) - 8}, {1 + random.below(20), 1 + random.below(25), 1 + random.below(40)}};
      ASSERT_EQ(stored.foreground_in(box), foreground_in(index, s.labels, box));
      std::array<int64_t, 256> counted{};
      stored.count(box, counted);
      Box inside = intersection(box, Box{{0, 0, 0}, s.size});
      for (int64_t z = inside.begin.z; z < inside.end().z; ++z)
        for (int64_t y = inside.begin.y; y < inside.end().y; ++y)
          for (int64_t x = inside.begin.x; x < inside.end().x; ++x) --counted[s.labels[(z * 30 + y) * 45 + x]];
      for (int64_t left : counted) ASSERT_EQ(left, 0);
    }
    EXPECT_LT(stored.mixed_blocks(), 3 * 5 * 3);
  }
}

// What is known to be of one class is never asked for.
TEST(StoredLabels, DecodeMixedBlocksAlone) {
  Scratch folder;
  TestStore store;
  store.label = [](int64_t, int64_t z, int64_t, int64_t x) { return x >= 16 && x < 32 ? 2 : z >= 8 && x < 5 ? 1 : 0; };  // blocks of 2 alone, mixed ones at the left
  store.write(folder.path("s.zarr"));
  ThreadPool pool(2);
  Dataset dataset = store.dataset(folder.path("s.zarr"), true);
  for (bool counts : {true, false}) {
    if (!counts) system_env().remove_tree(folder.path("s.zarr/labels/label/counts"));
    auto cache = std::make_shared<BlockCache>(1 << 20);
    StoredCase item = open_stored_case(system_env(), dataset, dataset.cases[0], {}, make_class_map(dataset, {}), cache, pool);
    EXPECT_EQ(item.index.stored->mixed_blocks(), 3);  // of 27
    EXPECT_EQ(cache->counts().misses, counts ? 3 : 27);
    EXPECT_EQ(item.index.voxels_of(1), 3 * 23 * 5);
    EXPECT_EQ(item.index.voxels_of(2), 11 * 23 * 16);
    EXPECT_EQ(item.index.stored->voxel(2, 16 * 23 * 5 + 16 * 7 + 3), (Extent{5, 7, 19}));
    EXPECT_EQ(cache->counts().misses, counts ? 3 : 27);
  }
}

TEST(StoredLabels, CountsThatLieAreFound) {
  Sample s;
  ThreadPool pool(2);
  KnownCounts known = s.counted(5, true);
  for (size_t b = 0; b < known.voxels[1].size(); ++b)
    if (known.voxels[1][b] > 1 && known.voxels[0][b] > 1) {
      ++known.voxels[1][b], --known.voxels[0][b];
      break;
    }
  std::string error = error_of([&] { StoredLabels(*s.blocks, 5, known, pool); });
  EXPECT_NE(error.find("the counts beside the labels say"), std::string::npos) << error;
  EXPECT_NE(error_of([&] { StoredLabels(*s.blocks, 4, {}, pool); }).find("label class 4 is beyond"), std::string::npos);
}

}  // namespace
}  // namespace tomograd
