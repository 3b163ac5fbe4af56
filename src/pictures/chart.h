// Charts as data: what is on the axes and which marks lie there. One description makes an SVG and a PNG that show the same.
// One chart = one panel; panels() puts several side by side.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "pictures/canvas.h"

namespace tomograd {

struct ChartAxis {
  std::string label;                             // with the unit: "time per step / ms"
  std::vector<std::string> categories;           // not empty: positions 0, 1, 2, ... carry these names
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  // NaN = from the data
  int ticks = 5;
};

// One kind of mark. x and y are positions on the axes; which of the vectors are used is said per kind.
enum class Mark {
  dots,                                          // x, y; `spread` puts dots of equal x side by side where they would overlap
  bars,                                          // x, y: from `base` to y
  line,                                          // x, y in order
  medians,                                       // x, y: a short bar across
  intervals,                                     // x, low, high: whiskers with end caps; y (if given): a dot between
  boxes,                                         // x, low, q1, y (median), q3, high
  band,                                          // x, low, high: filled area between two lines
  notes                                          // x, y, text
};

struct Layer {
  Mark mark = Mark::dots;
  std::vector<double> x, y, low, high, q1, q3;
  std::vector<std::string> text;
  std::string name;                              // entry of the legend; empty = none
  Color color = accent;
  std::vector<Color> colors;                     // per item, instead of `color`
  double size = 2.6;                             // radius of dots, width of lines; size of notes is 9
  double width = 0.62;                           // of bars, boxes and medians, in categories
  double opacity = 1, base = 0, dash = 0;
  bool spread = false, hollow = false;
};

struct Chart {
  std::string title, subtitle;                   // the finding, and what is shown
  ChartAxis x, y;
  std::vector<Layer> layers;
  bool zero_line = false;                        // on the axis of values
  bool swapped = false;                          // x runs upwards and y to the right: categories as rows, first on top
  bool grid = true;                              // faint lines at the ticks of the axis of values
  double width = 460, height = 300;              // points
};

// Rows x columns of values as coloured cells with a colour bar. NaN cells are hatched grey ("not there").
struct HeatMatrix {
  std::string title, subtitle, x_label, y_label, value_label;
  std::vector<std::string> columns, rows;
  std::vector<double> values;                    // [row][column]
  bool diverging = false;                        // white at 0, symmetric limits; else white at the smallest value
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;
  bool numbers = true;                           // written into the cells when they fit
  double cell_width = 46, cell_height = 18;
};

class Figure {  // anything that can be drawn on a canvas of its size
 public:
  virtual ~Figure() = default;
  virtual double width() const = 0;
  virtual double height() const = 0;
  virtual void draw(Canvas& canvas, double left, double top) const = 0;
};

std::unique_ptr<Figure> figure(Chart chart);
std::unique_ptr<Figure> figure(HeatMatrix matrix);
std::unique_ptr<Figure> panels(std::vector<std::unique_ptr<Figure>> parts, int columns);

std::string to_svg(const Figure& figure);
Image to_image(const Figure& figure, double scale = 2);
// By the path's end: ".svg" or ".png"; anything else is Error(input).
void write_figure(Env& env, const std::string& path, const Figure& figure);

// Colours of a heat matrix for a value mapped to 0..1 (sequential) or -1..1 (diverging: blue below, vermillion above).
Color sequential_color(double share);
Color diverging_color(double share);

}  // namespace tomograd
