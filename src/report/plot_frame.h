// The frame of the charts that pictures/chart.h cannot describe, because their axes carry ticks of their own (logarithms, listed
// values, rows, time with pauses cut out): title, axes and labels around an area in which 0 to 1 runs to the right and upwards.
// Private to this room.
#pragma once

#include <string>
#include <vector>

#include "pictures/canvas.h"
#include "pictures/type_size.h"
#include "report/variable_axis.h"

namespace tomograd {


struct PlotAxis {
  std::string label;
  std::vector<AxisTick> ticks;
  bool lines = false;                            // faint lines across the area
};

struct Plot {
  std::string title, subtitle;
  PlotAxis x, y;
  double width = 460, height = 300;              // points, of the whole
  double right = 14, above = 0;                  // room kept free beside and above the area
};

class PlotFrame {
 public:
  PlotFrame(const Plot& plot, double left, double top);
  Point at(double x, double y) const { return {x0 + x * (x1 - x0), y1 - y * (y1 - y0)}; }
  void draw(Canvas& canvas) const;
  double x0, x1, y0, y1;                         // of the area; y1 is its lower edge

 private:
  const Plot& plot_;
  double left_, top_, below_ = 0, beside_ = 0;   // widest labels of the two axes
  bool upright_ = false;
};

std::vector<AxisTick> number_ticks(double low, double high, int count);   // places 0 to 1 between low and high, low < high

// A column of colours from low (below) to high with its numbers.
void draw_color_bar(Canvas& canvas, Point top_left, double length, double low, double high, const std::string& label);

// Labels of axes and rows: never so long that no room is left for what they label.
constexpr size_t most_signs = 26;

}  // namespace tomograd
