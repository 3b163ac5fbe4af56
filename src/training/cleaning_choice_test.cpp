#include "training/cleaning_choice.h"

#include <gtest/gtest.h>

#include <functional>

namespace tomograd {
namespace {

constexpr Extent size{12, 16, 20};

struct Pair { PreparedCase prepared; Buffer<uint8_t> prediction; };

// truth and prediction as functions of the voxel
Pair pair_of(const std::function<bool(Extent)>& truth, const std::function<bool(Extent)>& predicted) {
  Pair pair;
  PreparedCase& c = pair.prepared;
  c.id = c.patient = "K";
  c.geometry.size = c.original.size = c.canonical.size = c.resampled.size = c.crop.size = size;
  c.reorientation = to_canonical(c.original);
  c.labels = Buffer<uint8_t>(size.voxels());
  pair.prediction = Buffer<uint8_t>(size.voxels());
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) c.labels[i] = truth({z, y, x}), pair.prediction[i] = predicted({z, y, x});
  return pair;
}

bool in_box(Extent v, Extent begin, Extent end) { return v.z >= begin.z && v.y >= begin.y && v.x >= begin.x && v.z < end.z && v.y < end.y && v.x < end.x; }
bool large(Extent v) { return in_box(v, {2, 2, 2}, {9, 9, 9}); }
bool second(Extent v) { return in_box(v, {2, 2, 13}, {7, 7, 18}); }          // 125 voxels
bool speck(Extent v) { return in_box(v, {9, 13, 1}, {12, 15, 3}); }          // 12 voxels
bool hole(Extent v) { return v == Extent{5, 5, 5}; }

std::string chosen(const Pair& pair, const PostprocessSpec& least = {}) {
  CleaningChoice choice(least);
  ClassMap classes{{"background", "one"}, {0, 1}};
  choice.add(pair.prepared, pair.prediction, classes);
  return cleaning_text(choice.best());
}

}  // namespace

TEST(CleaningChoice, TakesWhatHelpsAndNothingMore) {
  auto truth = [](Extent v) { return large(v) || second(v); };
  EXPECT_EQ(chosen(pair_of(truth, truth)), "none");
  EXPECT_EQ(chosen(pair_of(truth, [&](Extent v) { return truth(v) && !hole(v); })), "holes filled");
  EXPECT_EQ(chosen(pair_of(truth, [&](Extent v) { return truth(v) || speck(v); })), "components of at least 64 voxels");
  EXPECT_EQ(chosen(pair_of(truth, [&](Extent v) { return (truth(v) && !hole(v)) || speck(v); })), "components of at least 64 voxels, holes filled");
  // 343 voxels are under 512: only the largest component keeps them and drops the other 125
  EXPECT_EQ(chosen(pair_of(large, truth)), "largest component");
  EXPECT_EQ(chosen(pair_of(second, [](Extent v) { return second(v) && v.z > 2; })), "none");  // nothing here helps
}

TEST(CleaningChoice, KeepsWhatTheUserAskedFor) {
  PostprocessSpec least;
  least.min_voxels = 10, least.fill_holes = true;
  EXPECT_EQ(chosen(pair_of(large, large), least), "components of at least 10 voxels, holes filled");
  EXPECT_EQ(cleaning_text(CleaningChoice({}).best()), "none");
  EXPECT_EQ(CleaningChoice({}).best_dice(), -1);
  PostprocessSpec spec;
  spec.mode = "auto";
  set_cleaning(spec, {true, 64, true});
  EXPECT_EQ(spec.mode, "largest_component");
  EXPECT_EQ(cleaning_text(cleaning_of(spec)), "largest component, components of at least 64 voxels, holes filled");
}

}  // namespace tomograd
