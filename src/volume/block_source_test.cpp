#include "volume/block_source.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace tomograd {
namespace {

struct Case {
  Extent size;
  std::vector<Buffer<float>> images;
  Buffer<uint8_t> labels;
  std::unique_ptr<BlockSource> source;

  Case(Extent s, Extent block, int channels) : size(s), labels(s.voxels()) {
    std::vector<const float*> pointers;
    std::vector<float> outside;
    for (int c = 0; c < channels; ++c) {
      images.emplace_back(s.voxels());
      for (int64_t i = 0; i < s.voxels(); ++i) images.back()[i] = float(i + 1000000 * c);
      outside.push_back(-1.5f - float(c));
    }
    for (int64_t i = 0; i < s.voxels(); ++i) labels[i] = uint8_t(i % 7);
    for (const auto& image : images) pointers.push_back(image.data());
    source = make_memory_blocks(s, pointers, labels.data(), outside, block);
  }
};

TEST(BlockSource, EveryVoxelOfEveryBlock) {
  for (Extent size : {Extent{1, 1, 1}, Extent{8, 8, 8}, Extent{9, 7, 17}, Extent{3, 20, 5}}) {
    Extent block{8, 4, 6};
    Case item(size, block, 2);
    EXPECT_EQ(item.source->channels(), 2);
    EXPECT_EQ(item.source->size(), size);
    EXPECT_EQ(item.source->block(), block);
    Extent grid{ceil_div(size.z, block.z), ceil_div(size.y, block.y), ceil_div(size.x, block.x)};
    for (int64_t c = 0; c < 2; ++c)
      for (int64_t z = 0; z < grid.z * block.z; ++z)
        for (int64_t y = 0; y < grid.y * block.y; ++y)
          for (int64_t x = 0; x < grid.x * block.x; ++x) {
            Extent index{z / block.z, y / block.y, x / block.x};
            int64_t within = ((z % block.z) * block.y + y % block.y) * block.x + x % block.x, at = (z * size.y + y) * size.x + x;
            bool inside = z < size.z && y < size.y && x < size.x;
            ASSERT_EQ(item.source->image_block(c, index)[within], inside ? item.images[size_t(c)][at] : item.source->outside(c));
            ASSERT_EQ(item.source->label_block(index)[within], inside ? item.labels[at] : 255);
          }
    // Stored one block after the other: the next block begins where this one ends.
    if (grid.x > 1) {
      EXPECT_EQ(item.source->image_block(0, {0, 0, 1}), item.source->image_block(0, {0, 0, 0}) + block.voxels());
    }
  }
}

TEST(BlockSource, BoxesInsideAcrossAndOutside) {
  Case item({19, 23, 70}, {64, 64, 64}, 2);
  Case small({19, 23, 70}, {5, 8, 3}, 2);
  Random random(1, "boxes");
  for (int trial = 0; trial < 400; ++trial) {
    Box box{{random.below(60) - 30, random.below(60) - 30, random.below(120) - 40}, {1 + random.below(20), 1 + random.below(30),
        1 + random.below(40)}};
    for (Case* c : {&item, &small}) {
      std::vector<float> image(size_t(box.size.voxels()));
      std::vector<uint8_t> labels(image.size());
      copy_box(*c->source, 1, box, image.data());
      copy_label_box(*c->source, box, labels.data(), 99);
      size_t i = 0;
      for (int64_t z = box.begin.z; z < box.end().z; ++z)
        for (int64_t y = box.begin.y; y < box.end().y; ++y)
          for (int64_t x = box.begin.x; x < box.end().x; ++x, ++i) {
            bool inside = Box{{0, 0, 0}, c->size}.contains({z, y, x});
            int64_t at = (z * c->size.y + y) * c->size.x + x;
            ASSERT_EQ(image[i], inside ? c->images[1][at] : -2.5f);
            ASSERT_EQ(labels[i], inside ? c->labels[at] : 99);
          }
    }
  }
}

TEST(BlockSource, WithoutLabelsAndWrongRequests) {
  Buffer<float> image(8, 1.0f);
  auto source = make_memory_blocks({2, 2, 2}, {image.data()}, nullptr, {0.0f});
  EXPECT_EQ(source->label_block({0, 0, 0}), nullptr);
  EXPECT_EQ(source->block(), cube(64));
  uint8_t label;
  EXPECT_THROW(copy_label_box(*source, {{0, 0, 0}, {1, 1, 1}}, &label, 0), Error);
  EXPECT_THROW(source->image_block(1, {0, 0, 0}), Error);
  EXPECT_THROW(source->image_block(-1, {0, 0, 0}), Error);
  EXPECT_THROW(source->image_block(0, {0, 0, 1}), Error);
  EXPECT_THROW(make_memory_blocks({2, 2, 2}, {image.data()}, nullptr, {}), Error);
  EXPECT_THROW(make_memory_blocks({2, 0, 2}, {image.data()}, nullptr, {0.0f}), Error);
}

}  // namespace
}  // namespace tomograd
