// Several pictures with names on one dark sheet, with a legend and a caption: what montage and overlay write.
#pragma once

#include <string>
#include <vector>

#include "pictures/image.h"
#include "pictures/slice.h"

namespace tomograd {

struct LegendEntry {
  std::string name;
  Color color;
};

struct Panel {
  std::string name, note;                        // above and, smaller, beside it: "T2star", "Dice 0.81"
  Image picture;
  SliceView view;                                // for the marks at the picture's edges
};

struct Sheet {
  std::string title, caption;                    // above all; below all
  std::vector<Panel> panels;
  std::vector<LegendEntry> legend;
  int columns = 0;                               // 0 = as square as it gets
  bool marks = true;                             // R, L, A, ... at the edges; false when the file does not say what is what
};

Image draw_sheet(const Sheet& sheet);

}  // namespace tomograd
