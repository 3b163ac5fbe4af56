// The same slice of every modality, and label maps over the first of them: the truth, results beside each other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pictures/sheet.h"

namespace tomograd {

struct MontageOptions {
  int columns = 0;                               // 0 = as square as it gets
  int64_t tile_pixels = 300;                     // longest side of a tile
  double window_low = 1, window_high = 99.5;     // percentiles shown black and white
  bool marks = true;
  std::string title, caption;
};

struct MontageTile {
  std::string name;
  ImageSlice slice;                              // all tiles show the same slice; no pixels = this case lacks the modality
};

struct MontageLabels {
  std::string name, note;                        // without a note: "over", and the first tile's name
  LabelSlice slice;                              // of the first tile's size
};

// Each of `labels` is one more tile, over the first tile's image, and the legend names the label values of all (value, name); labels
// without a name are "label N".
Image draw_montage(const std::vector<MontageTile>& tiles, const std::vector<MontageLabels>& labels, const std::vector<std::pair<int64_t, std::string>>& names,
                   const MontageOptions& options = {});

// Legend entries of the label values that occur in slices; none where they are more than 20, as of numbered cells.
std::vector<LegendEntry> label_legend(const std::vector<const LabelSlice*>& slices, const std::vector<std::pair<int64_t, std::string>>& names);

}  // namespace tomograd
