// The same slice of every modality, and the truth, in a grid.
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
  std::string labels = "truth";                  // what the tile of labels is called
};

struct MontageTile {
  std::string name;
  ImageSlice slice;                              // all tiles show the same slice; no pixels = this case lacks the modality
};

// With `truth`, one more tile shows its labels over the first tile's image, and the legend names them (value, name); labels
// without a name are "label N".
Image draw_montage(const std::vector<MontageTile>& tiles, const LabelSlice* truth, const std::vector<std::pair<int64_t, std::string>>& names,
                   const MontageOptions& options = {});

// Legend entries of the label values that occur in a slice.
std::vector<LegendEntry> label_legend(const std::vector<const LabelSlice*>& slices, const std::vector<std::pair<int64_t, std::string>>& names);

}  // namespace tomograd
