#include "pictures/overlay.h"

#include "base/error.h"

namespace tomograd {

void paint_labels(Image& picture, const LabelSlice& labels, const OverlayStyle& style) { paint_labels(picture, labels, style, label_color); }

void paint_labels(Image& picture, const LabelSlice& labels, const OverlayStyle& style, Color (*colors)(int64_t label)) {
  int64_t width = labels.view.width, height = labels.view.height;
  if (picture.width != width || picture.height != height)
    fail_failure(text("labels of ", width, " x ", height, " pixels over a picture of ", picture.width, " x ", picture.height));
  auto label = [&](int64_t x, int64_t y) { return x < 0 || y < 0 || x >= width || y >= height ? uint16_t{0} : labels.pixels[size_t(y * width + x)]; };
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      uint16_t here = label(x, y);
      if (here == 0) continue;
      bool border = label(x - 1, y) != here || label(x + 1, y) != here || label(x, y - 1) != here || label(x, y + 1) != here;
      picture.blend(x, y, colors(here), border ? style.outline : style.fill);
    }
}

LabelSlice agreement(const LabelSlice& truth, const LabelSlice& prediction) {
  if (truth.view.width != prediction.view.width || truth.view.height != prediction.view.height)
    fail_input(text("a prediction of ", prediction.view.width, " x ", prediction.view.height, " pixels against a truth of ", truth.view.width, " x ", truth.view.height));
  LabelSlice classes{truth.view, std::vector<uint16_t>(truth.pixels.size())};
  for (size_t i = 0; i < truth.pixels.size(); ++i) {
    uint16_t t = truth.pixels[i], p = prediction.pixels[i];
    classes.pixels[i] = t == p ? (t ? both : neither) : !p ? only_truth : !t ? only_prediction : other_class;
  }
  return classes;
}

Color agreement_color(int64_t cls) {
  using namespace okabe_ito;
  return cls == both ? green : cls == only_truth ? yellow : cls == only_prediction ? vermillion : purple;  // none of labels 1 and 2
}

std::vector<LegendEntry> agreement_legend() {
  return {{"both", agreement_color(both)},
          {"only truth", agreement_color(only_truth)},
          {"only prediction", agreement_color(only_prediction)},
          {"other class", agreement_color(other_class)}};
}

std::vector<uint16_t> values_in(const LabelVolume& a, const LabelVolume& b) {
  std::vector<bool> there(65536, false);
  for (const LabelVolume* labels : {&a, &b})
    for (uint16_t value : labels->voxels) there[value] = true;
  std::vector<uint16_t> values;
  for (size_t value = 1; value < there.size(); ++value)
    if (there[value]) values.push_back(uint16_t(value));
  return values;
}

double label_dice(const LabelVolume& truth, const LabelVolume& prediction, uint16_t label) {
  if (truth.voxels.size() != prediction.voxels.size())
    fail_input(text("a prediction of ", to_string(prediction.geometry.size), " voxels against a truth of ", to_string(truth.geometry.size)));
  int64_t in_truth = 0, in_prediction = 0, in_both = 0;
  for (int64_t i = 0; i < truth.voxels.size(); ++i) {
    bool t = truth.voxels[i] == label, p = prediction.voxels[i] == label;
    in_truth += t, in_prediction += p, in_both += t && p;
  }
  return in_truth + in_prediction == 0 ? 1 : 2 * double(in_both) / double(in_truth + in_prediction);
}

}  // namespace tomograd
