// Private to arch: where the boxes and arrows of a block diagram lie, before anything is written as SVG.
//
// Two layouts. Networks that go down in resolution and up again (pooling or strided convolutions, then transposed
// convolutions or up-sampling) are drawn as a U: one band per resolution, down on the left, up on the right, the lowest
// resolution in between. All others run from top to bottom with one column per path; a join stands in the middle of what it joins.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "arch/graph.h"

namespace tomograd {

struct Place { double x = 0, y = 0, width = 0, height = 0;  // x, y: the middle of the top edge
  double left() const { return x - width / 2; }
  double right() const { return x + width / 2; }
  double bottom() const { return y + height; }
  double middle() const { return y + height / 2; }
};

struct DiagramBox {  // one operation with the norms, activations and dropouts around it
  int node = -1;                                 // the operation; -1 = none but those around it
  int first = 0, last = 0;                       // nodes where the box begins and ends
  std::vector<int> before, after;                // what comes before and after the operation
  std::vector<int> inputs;                       // boxes, in the order of the first node's inputs
  int readers = 0;
  bool aside = false;                            // the short way round a residual: drawn beside its column
  bool head = false;
  int level = 0;                                 // resolution, 0 = the finest
  Place place;
};

struct DiagramArrow {
  int from = 0, to = 0;
  std::vector<std::pair<double, double>> points;
  double label_x = 0, label_y = 0;               // where the shape goes; label = false: another arrow from there says it
  bool label = true, label_centred = false;
};

struct Diagram {
  std::vector<DiagramBox> boxes;
  std::vector<DiagramArrow> arrows;
  double width = 0, height = 0;
};

Diagram lay_out(const Graph& graph, const std::vector<NodeShape>& shapes);

// Lines of a box: what stands before, the operation, what comes after; empty ones are left out by the caller.
struct BoxText { std::string before, operation, after; };
BoxText box_text(const Graph& graph, const DiagramBox& box);

// The boxes of a graph without places.
std::vector<DiagramBox> make_boxes(const Graph& graph, const std::vector<NodeShape>& shapes);

}  // namespace tomograd
