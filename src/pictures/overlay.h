// Categorical labels over an image, and prediction against truth.
#pragma once

#include <string>
#include <vector>

#include "pictures/sheet.h"
#include "pictures/slice.h"

namespace tomograd {

struct OverlayStyle {
  double fill = 0.30;                            // opacity inside
  double outline = 1;                            // opacity of the border, one pixel wide on the inside of the label
};

// Paints labels over a picture of the same size; `colors(label)` says which colour a label has (label_color by default).
void paint_labels(Image& picture, const LabelSlice& labels, const OverlayStyle& style = {});
void paint_labels(Image& picture, const LabelSlice& labels, const OverlayStyle& style, Color (*colors)(int64_t label));

// Where two label slices agree, as classes of their own.
enum Agreement : uint16_t { neither = 0, both = 1, only_truth = 2, only_prediction = 3, other_class = 4 };
LabelSlice agreement(const LabelSlice& truth, const LabelSlice& prediction);  // Error(input) when their sizes differ
Color agreement_color(int64_t cls);
std::vector<LegendEntry> agreement_legend();

// Dice of one label value over two volumes; 1 when neither has it.
double label_dice(const LabelVolume& truth, const LabelVolume& prediction, uint16_t label);
std::vector<uint16_t> values_in(const LabelVolume& a, const LabelVolume& b);  // label values above 0 of either, in rising order

}  // namespace tomograd
