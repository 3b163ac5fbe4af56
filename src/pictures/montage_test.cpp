#include "pictures/montage.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "pictures/overlay.h"

namespace tomograd {
namespace {

SliceView view(int64_t width, int64_t height) { return {width, height, 1, 1, "R", "L", "A", "P"}; }

ImageSlice ramp(int64_t width, int64_t height) {
  ImageSlice slice{view(width, height), {}};
  for (int64_t i = 0; i < width * height; ++i) slice.pixels.push_back(float(i % 17));
  return slice;
}

int64_t pixels_of(const Image& image, Color color) {
  int64_t n = 0;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) n += image.at(x, y) == color;
  return n;
}

TEST(Agreement, NamesEveryPairOfLabels) {
  LabelSlice truth{view(5, 1), {0, 1, 1, 0, 1}}, prediction{view(5, 1), {0, 1, 0, 2, 2}};
  EXPECT_EQ(agreement(truth, prediction).pixels, (std::vector<uint16_t>{neither, both, only_truth, only_prediction, other_class}));
  std::vector<LegendEntry> legend = agreement_legend();
  ASSERT_EQ(legend.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(legend[i].color, agreement_color(int64_t(i + 1)));
    EXPECT_NE(legend[i].color, label_color(1));  // the two kinds of colours stand in one legend
    EXPECT_NE(legend[i].color, label_color(2));
  }
  LabelSlice other{view(4, 1), {0, 0, 0, 0}};
  EXPECT_THROW(agreement(truth, other), Error);
}

TEST(Overlay, PaintsInsideLightlyAndBordersFully) {
  Image picture(5, 5, {100, 100, 100});
  LabelSlice labels{view(5, 5), std::vector<uint16_t>(25, 0)};
  for (int y = 1; y < 4; ++y)
    for (int x = 1; x < 4; ++x) labels.pixels[size_t(5 * y + x)] = 2;
  paint_labels(picture, labels, {0.25, 1});
  EXPECT_EQ(picture.at(0, 0), (Color{100, 100, 100}));
  EXPECT_EQ(picture.at(1, 1), label_color(2));
  EXPECT_EQ(picture.at(2, 2), mix({100, 100, 100}, label_color(2), 0.25));
  Image wrong(4, 5);
  EXPECT_THROW(paint_labels(wrong, labels), Error);
}

TEST(Overlay, DiceByHand) {
  LabelVolume truth{{{1, 1, 6}, {}}, Buffer<uint16_t>(6, uint16_t{0})}, prediction{{{1, 1, 6}, {}}, Buffer<uint16_t>(6, uint16_t{0})};
  truth.voxels[0] = truth.voxels[1] = truth.voxels[2] = 1;
  prediction.voxels[1] = prediction.voxels[2] = prediction.voxels[3] = prediction.voxels[4] = 1;
  prediction.voxels[5] = 2;
  EXPECT_DOUBLE_EQ(label_dice(truth, prediction, 1), 4.0 / 7);
  EXPECT_DOUBLE_EQ(label_dice(truth, prediction, 2), 0);
  EXPECT_DOUBLE_EQ(label_dice(truth, prediction, 3), 1);
}

TEST(Montage, HasATilePerImageAndTheTruth) {
  std::vector<MontageTile> tiles;
  for (int i = 0; i < 7; ++i) tiles.push_back({"M" + std::to_string(i), ramp(20, 20)});
  LabelSlice truth{view(20, 20), std::vector<uint16_t>(400, 0)};
  for (int i = 100; i < 200; ++i) truth.pixels[size_t(i)] = i < 150 ? 1 : 2;
  MontageOptions options;
  options.tile_pixels = 100;
  Image without = draw_montage(tiles, {}, {}, options), with = draw_montage(tiles, {{"truth", "", truth}}, {{1, "GTV-T"}}, options);
  EXPECT_EQ(pixels_of(without, label_color(1)), 0);
  EXPECT_GT(pixels_of(with, label_color(1)), 100);
  EXPECT_GT(pixels_of(with, label_color(2)), 100);
  EXPECT_EQ(with.width, 3 * 100 + 2 * 10 + 2 * 14);
  options.columns = 4;
  EXPECT_EQ(draw_montage(tiles, {{"truth", "", truth}}, {}, options).width, 4 * 100 + 3 * 10 + 2 * 14);
  EXPECT_EQ(draw_montage(tiles, {{"truth", "", truth}}, {}, options), draw_montage(tiles, {{"truth", "", truth}}, {}, options));

  auto legend = label_legend({&truth}, {{1, "GTV-T"}, {9, "unused"}});
  ASSERT_EQ(legend.size(), 2u);
  EXPECT_EQ(legend[0].name, "GTV-T");
  EXPECT_EQ(legend[1].name, "label 2");
}

// Column by column: what differs between results differs in their tiles, and nothing else does.
TEST(Montage, ResultsStandBesideEachOther) {
  LabelSlice a{view(20, 20), std::vector<uint16_t>(400, 0)};
  for (int i = 100; i < 200; ++i) a.pixels[size_t(i)] = 1;
  LabelSlice b = a;
  for (int i = 200; i < 300; ++i) b.pixels[size_t(i)] = 1;
  MontageOptions options;
  options.tile_pixels = 100, options.columns = 4, options.marks = false;
  Image image = draw_montage({{"T1w", ramp(20, 20)}}, {{"truth", "", a}, {"ours", "Dice 1", a}, {"theirs", "Dice 0.67", b}}, {}, options);
  ASSERT_EQ(image.width, 4 * 100 + 3 * 10 + 2 * 14);
  auto labelled = [&](int64_t column) {
    int64_t n = 0;
    for (int64_t y = 40; y < 136; ++y)           // below the names
      for (int64_t x = 0; x < 100; ++x) n += image.at(14 + column * 110 + x, y) != image.at(14 + x, y);
    return n;
  };
  EXPECT_EQ(labelled(1), 2500);                  // 100 voxels of 5 x 5 pixels
  EXPECT_EQ(labelled(2), 2500);
  EXPECT_EQ(labelled(3), 5000);
  LabelSlice cells{view(20, 20), {}};
  for (uint16_t i = 0; i < 400; ++i) cells.pixels.push_back(i);
  EXPECT_TRUE(label_legend({&cells}, {}).empty());
}

TEST(Montage, ShowsMissingModalitiesAndRefusesOtherSizes) {
  std::vector<MontageTile> tiles{{"absent", {}}, {"there", ramp(20, 10)}};
  Image image = draw_montage(tiles, {}, {});
  EXPECT_GT(image.width, 600);
  LabelSlice truth{view(10, 10), std::vector<uint16_t>(100, 1)};
  EXPECT_THROW(draw_montage(tiles, {{"truth", "", truth}}, {}), Error);
  EXPECT_THROW(draw_montage({{"absent", {}}}, {}, {}), Error);
}

TEST(Sheet, MarksSayWhichSideIsWhichOnlyWhenKnown) {
  Sheet sheet;
  sheet.panels.push_back({"image", "", Image(120, 120, {0, 0, 0}), view(120, 120)});
  Image with = draw_sheet(sheet);
  sheet.marks = false;
  Image without = draw_sheet(sheet);
  ASSERT_EQ(with.width, without.width);
  auto light = [](const Image& image, int64_t from_x, int64_t to_x) {  // bright pixels at half height
    int64_t n = 0;
    for (int64_t y = 80; y < 110; ++y)
      for (int64_t x = from_x; x < to_x; ++x) n += image.at(x, y).r > 130;
    return n;
  };
  EXPECT_GT(light(with, 14, 40), 8);             // R
  EXPECT_GT(light(with, 108, 134), 8);           // L
  EXPECT_EQ(light(without, 14, 134), 0);
}

TEST(Sheet, WrapsLongCaptionsAndShortensLongNames) {
  Sheet sheet;
  sheet.panels.push_back({std::string(200, 'x'), "note", Image(150, 40, {0, 0, 0}), view(150, 40)});
  int64_t height = draw_sheet(sheet).height;
  sheet.caption = "many words that do not fit into one line of a picture that is only some hundred pixels wide";
  Image image = draw_sheet(sheet);
  EXPECT_EQ(image.width, 150 + 28);
  EXPECT_GE(image.height, height + 3 * 17);
}

}  // namespace
}  // namespace tomograd
