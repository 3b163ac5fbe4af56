#include "arch/diagram.h"

#include <algorithm>
#include <map>
#include <set>

namespace tomograd {
namespace {

constexpr double kGap = 30, kTop = 84, kSide = 24, kLane = 26, kAdd = 24;

double text_width(const std::string& text, double size) {  // of a sans-serif face, a little too wide
  double width = 0;
  for (unsigned char c : text)
    if ((c & 0xC0) != 0x80) width += c == ' ' || c == '.' || c == ',' || c == 'i' || c == 'l' ? 0.33 : c >= 'A' && c <= 'Z' ? 0.72 : 0.58;
  return width * size;
}

class Layout {
 public:
  Layout(const Graph& graph, const std::vector<NodeShape>& shapes) : graph_(graph) {
    diagram_.boxes = make_boxes(graph, shapes);
    for (DiagramBox& box : diagram_.boxes) measure(box);
    width_ = 150;
    for (const DiagramBox& box : boxes())
      if (!box.aside) width_ = std::max(width_, box.place.width);
    for (DiagramBox& box : boxes())
      if (!box.aside && !is(box, Op::add)) box.place.width = width_;
    for (const DiagramBox& box : boxes())
      if (box.aside) aside_ = std::max(aside_, box.place.width);
  }

  Diagram build() {
    bool down = false, up = false;
    for (const Node& node : graph_.nodes) {
      down |= node.op == Op::pool || node.op == Op::lanczos || (node.op == Op::conv && node.stride != cube(1));
      up |= node.op == Op::transposed_conv || node.op == Op::upsample;
    }
    if (down && up) as_u();
    else as_paths();
    connect();
    for (const DiagramBox& box : boxes()) {
      diagram_.width = std::max(diagram_.width, box.place.right() + kSide + (box.head ? 90 : 0));
      diagram_.height = std::max(diagram_.height, box.place.bottom() + kSide);
    }
    for (const DiagramArrow& arrow : diagram_.arrows)
      for (const auto& [x, y] : arrow.points) diagram_.width = std::max(diagram_.width, x + kSide + 80);
    return std::move(diagram_);
  }

 private:
  std::vector<DiagramBox>& boxes() { return diagram_.boxes; }
  DiagramBox& box(int i) { return diagram_.boxes[size_t(i)]; }
  bool is(const DiagramBox& box, Op op) const { return box.node >= 0 && graph_.nodes[size_t(box.node)].op == op; }

  void measure(DiagramBox& box) {
    BoxText lines = box_text(graph_, box);
    double width = text_width(lines.operation, 13);
    int count = 1;
    for (const std::string& small : {lines.before, lines.after})
      if (!small.empty()) ++count, width = std::max(width, text_width(small, 11));
    box.place.width = width + (box.aside ? 40 : 52);
    box.place.height = 14 + 17 * count;
    if (is(box, Op::add)) box.place.width = box.place.height = kAdd;
  }

  // The input a box continues: its first.
  int before(int i) { return box(i).inputs.empty() ? -1 : box(i).inputs.front(); }

  void put_aside(double direction) {  // beside the column, halfway between where the way begins and where it ends
    for (int i = 0; i < int(boxes().size()); ++i) {
      if (!is(box(i), Op::add) || !box(box(i).inputs[1]).aside) continue;
      DiagramBox& way = box(box(i).inputs[1]);
      const Place &from = box(way.inputs[0]).place, &to = box(i).place;
      way.place.x = to.x + (is_left_[i] ? -1 : 1) * direction * (width_ / 2 + kLane + way.place.width / 2);
      way.place.y = (from.middle() + to.middle()) / 2 - way.place.height / 2;
    }
  }

  void as_u() {
    int deepest = 0, count = int(boxes().size());
    for (const DiagramBox& one : boxes()) deepest = std::max(deepest, one.level);
    int first = count, last = 0;
    for (int i = 0; i < count; ++i)
      if (box(i).level == deepest) first = std::min(first, i), last = i;
    double lane = kSide + (aside_ > 0 ? aside_ + kLane + 14 : kLane);
    double middle_gap = width_ + (aside_ > 0 ? aside_ + 3 * kLane : 0) + 3 * kLane + 110;
    double left = lane + width_ / 2, right = left + width_ + middle_gap, centre = (left + right) / 2;
    // Stacks per level: down, bottom, up; heads that nobody reads stand beside their source.
    std::map<int, std::vector<int>> down, up;
    for (int i = 0; i < count; ++i) {
      if (box(i).aside || leaf_head(i)) continue;
      if (i > last) up[box(i).level].push_back(i);
      else down[box(i).level].push_back(i);
      is_left_[i] = i < first;
    }
    double y = kTop;
    for (int level = 0; level <= deepest; ++level) {
      double height = std::max(stack_height(down[level]), stack_height(up[level]));
      double at = level == deepest ? y : y + height - stack_height(down[level]);
      for (int i : down[level]) {
        box(i).place.x = level == deepest ? centre : left;
        box(i).place.y = at;
        at += box(i).place.height + kGap;
      }
      at = y + height;
      for (int i : up[level]) {
        at -= box(i).place.height;
        box(i).place.x = right;
        box(i).place.y = at;
        at -= kGap;
      }
      y += height + kGap + 14;
    }
    for (int i = 0; i < count; ++i) {
      if (!leaf_head(i)) continue;
      const Place& source = box(before(i)).place;
      box(i).place.x = source.right() + kLane + 90 + (aside_ > 0 ? aside_ : 0) + width_ / 2;
      box(i).place.y = source.middle() - box(i).place.height / 2;
    }
    put_aside(1);
  }

  bool leaf_head(int i) { return box(i).head && box(i).readers == 0 && graph_.outputs.size() > 1 && graph_.outputs.front().node != box(i).last; }

  double stack_height(const std::vector<int>& stack) {
    double height = -kGap;
    for (int i : stack) height += box(i).place.height + kGap;
    return std::max(height, 0.0);
  }

  void as_paths() {
    int count = int(boxes().size());
    std::vector<double> slot(size_t(count), -1);
    std::vector<int> row(size_t(count), 0), branches(size_t(count), 0);
    for (int i = 0; i < count; ++i)
      for (size_t k = 0; k < box(i).inputs.size(); ++k)
        if (!box(i).aside && !(is(box(i), Op::add) && k == 1)) ++branches[size_t(box(i).inputs[k])];
    double next = 0;
    if (branches[0] == 1) slot[0] = 0;
    for (int i = 0; i < count; ++i) {
      for (int input : box(i).inputs) row[size_t(i)] = std::max(row[size_t(i)], row[size_t(input)] + (box(input).aside ? 0 : 1));
      if (box(i).aside) row[size_t(i)] = row[size_t(before(i))];
      if (box(i).inputs.empty() || box(i).aside) continue;
      double sum = 0;
      for (int input : box(i).inputs) sum += slot[size_t(input)];
      int source = before(i);
      if (is(box(i), Op::concat)) slot[size_t(i)] = sum / double(box(i).inputs.size());
      else if (source == 0 ? branches[0] == 1 : continued_.insert(source).second) slot[size_t(i)] = std::max(0.0, slot[size_t(source)]);
      else slot[size_t(i)] = next++;
      next = std::max(next, slot[size_t(i)] + 1);
    }
    if (branches[0] != 1) {  // the input stands above the middle of its paths
      double sum = 0;
      for (int i = 0; i < count; ++i)
        if (before(i) == 0 && !box(i).aside) sum += slot[size_t(i)];
      slot[0] = sum / std::max(branches[0], 1);
    }
    std::map<int, double> heights;
    for (int i = 0; i < count; ++i)
      if (!box(i).aside) heights[row[size_t(i)]] = std::max(heights[row[size_t(i)]], box(i).place.height);
    std::map<int, double> tops;
    double y = kTop;
    for (const auto& [at, height] : heights) tops[at] = y, y += height + kGap;
    double pitch = width_ + 90 + (aside_ > 0 ? aside_ + kLane : has_sides() ? kLane : 0);
    for (int i = 0; i < count; ++i) {
      if (box(i).aside) continue;
      box(i).place.x = kSide + width_ / 2 + slot[size_t(i)] * pitch;
      box(i).place.y = tops[row[size_t(i)]] + (heights[row[size_t(i)]] - box(i).place.height) / 2;
    }
    put_aside(1);
  }

  bool has_sides() {
    for (const DiagramBox& one : boxes())
      if (is(one, Op::add)) return true;
    return false;
  }

  void connect() {
    std::vector<bool> labelled(boxes().size());
    for (int to = 0; to < int(boxes().size()); ++to)
      for (size_t k = 0; k < box(to).inputs.size(); ++k) {
        int from = box(to).inputs[k];
        DiagramArrow arrow = route(from, to, k);
        arrow.label = !labelled[size_t(from)] || !arrow.label_centred;
        if (aside_edge(from, to) || (is(box(to), Op::add) && k == 1)) arrow.label = box(from).aside;
        labelled[size_t(from)] = labelled[size_t(from)] || arrow.label;
        diagram_.arrows.push_back(std::move(arrow));
      }
    // One label per source is enough when several arrows start with the same piece.
    std::map<int, int> said;
    for (DiagramArrow& arrow : diagram_.arrows)
      if (arrow.label && said[arrow.from]++ > 0) arrow.label = false;
  }

  bool aside_edge(int from, int to) { return box(from).aside || box(to).aside; }

  bool anything_between(int from, int to) {
    const Place &a = box(from).place, &b = box(to).place;
    double top = std::min(a.bottom(), b.bottom()), bottom = std::max(a.y, b.y);
    for (const DiagramBox& other : boxes())
      if (other.place.x == a.x && other.place.y >= top && other.place.bottom() <= bottom) return true;
    return false;
  }

  bool column_free(double x, double top, double bottom) const {
    for (const DiagramBox& other : diagram_.boxes)
      if (other.place.left() < x && x < other.place.right() && other.place.y < bottom && other.place.bottom() > top) return false;
    return true;
  }

  DiagramArrow route(int from, int to, size_t input) {
    const Place &a = box(from).place, &b = box(to).place;
    DiagramArrow arrow;
    arrow.from = from;
    arrow.to = to;
    auto say = [&](double x, double y, bool centred) { arrow.label_x = x, arrow.label_y = y, arrow.label_centred = centred; };
    if (box(to).aside) {  // sideways, then down or up into the box
      bool right = b.x > a.x;
      arrow.points = {{right ? a.right() : a.left(), a.middle()}, {b.x, a.middle()}, {b.x, b.y > a.y ? b.y : b.bottom()}};
    } else if (box(from).aside) {
      bool right = a.x > b.x;
      arrow.points = {{a.x, b.y > a.y ? a.bottom() : a.y}, {a.x, b.middle()}, {right ? b.right() : b.left(), b.middle()}};
      say(a.x + 6, (arrow.points[0].second + b.middle()) / 2, false);
    } else if (a.x == b.x && ((is(box(to), Op::add) && input == 1) || anything_between(from, to))) {  // round the boxes between
      bool left = is_left_[to] == is(box(to), Op::add);  // additions on the outer side, others on the inner
      double side = a.x + (left ? -1 : 1) * (width_ / 2 + kLane * 0.6);
      arrow.points = {{left ? a.left() : a.right(), a.middle()}, {side, a.middle()}, {side, b.middle()}, {left ? b.left() : b.right(), b.middle()}};
    } else if (a.x == b.x) {
      bool down = b.y > a.y;
      arrow.points = {{a.x, down ? a.bottom() : a.y}, {b.x, down ? b.y : b.bottom()}};
      say(a.x + 6, is(box(to), Op::concat) && down ? a.bottom() + 9 : (arrow.points[0].second + arrow.points[1].second) / 2, false);
    } else if (box(from).level != box(to).level && !is(box(to), Op::concat) && std::abs(a.middle() - b.middle()) > 4 && b.y > a.y && is_left_[from]) {
      arrow.points = {{a.x, a.bottom()}, {a.x, b.middle()}, {b.left(), b.middle()}};  // to the bottom of the U
      say(a.x + 6, (a.bottom() + b.middle()) / 2, false);
    } else if (b.bottom() < a.y && b.x > a.x && !is_left_[from]) {  // from the bottom of the U up
      arrow.points = {{a.right(), a.middle()}, {b.x, a.middle()}, {b.x, b.bottom()}};
      say((a.right() + b.x) / 2, a.middle() - 7, true);
    } else if (is_left_[from] || leaf_head(to)) {  // a skip connection
      double bend = leaf_head(to) ? (a.right() + b.left()) / 2 : b.left() - kLane;
      if (std::abs(a.middle() - b.middle()) < 1) arrow.points = {{a.right(), a.middle()}, {b.left(), b.middle()}};
      else arrow.points = {{a.right(), a.middle()}, {bend, a.middle()}, {bend, b.middle()}, {b.left(), b.middle()}};
      say(a.right() + 12, a.middle() - 7, false);
    } else {  // from path to path
      double near_source = a.bottom() + kGap * 0.6, near_target = b.y - kGap * 0.35;
      bool own_free = column_free(a.x, a.bottom(), b.y), other_free = column_free(b.x, a.bottom(), b.y);
      double turn = box(from).readers > 1 && other_free ? near_source : near_target;
      if (own_free || other_free) {
        arrow.points = {{a.x, a.bottom()}, {a.x, turn}, {b.x, turn}, {b.x, b.y}};
      } else {  // past the boxes below
        double lane = a.left() - kLane * 0.6;
        arrow.points = {{a.left(), a.middle()}, {lane, a.middle()}, {lane, near_target}, {b.x, near_target}, {b.x, b.y}};
      }
      say(a.x + 6, a.bottom() + 9, false);
    }
    return arrow;
  }

  const Graph& graph_;
  Diagram diagram_;
  double width_ = 0, aside_ = 0;
  std::map<int, bool> is_left_;
  std::set<int> continued_;                      // boxes whose column another box has continued
};

}  // namespace

Diagram lay_out(const Graph& graph, const std::vector<NodeShape>& shapes) { return Layout(graph, shapes).build(); }

}  // namespace tomograd
