#include "arch/draw.h"

#include <cmath>

#include "arch/diagram.h"
#include "base/error.h"
#include "base/markup.h"

namespace tomograd {
namespace {

std::string escaped(const std::string& from) {
  std::string to = escaped_markup(from);
  for (char& c : to)
    if (static_cast<unsigned char>(c) < 32) c = ' ';
  return to;
}

std::string number(double v) {
  std::ostringstream out;
  out << std::round(v * 10) / 10;
  return out.str();
}

std::string size_text(Extent e) { return e.z == e.y && e.y == e.x ? text(e.z, "³") : text(e.z, "×", e.y, "×", e.x); }
std::string shape_text(const NodeShape& shape) { return text(shape.channels, " · ", size_text(shape.size)); }

std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (int64_t at = int64_t(digits.size()) - 3; at > 0; at -= 3) digits.insert(size_t(at), ",");
  return digits;
}

struct Paint { const char *fill, *line; };

Paint paint_of(Op op, bool head) {
  if (head) return {"#efe3f6", "#8a5aad"};
  switch (op) {
    case Op::conv:
    case Op::msd: return {"#deebf7", "#4a7fb0"};
    case Op::transposed_conv:
    case Op::upsample: return {"#e1f2de", "#4e9a4a"};
    case Op::pool:
    case Op::lanczos:
    case Op::subsample: return {"#fdeada", "#cf7f2c"};
    case Op::concat:
    case Op::add: return {"#f0f0f0", "#6b6b6b"};
    case Op::input: return {"#ffffff", "#222222"};
    default: return {"#ffffff", "#8a8a8a"};
  }
}

class Pen {
 public:
  void rectangle(double x, double y, double width, double height, const std::string& style) {
    svg_ += text("<rect x=\"", number(x), "\" y=\"", number(y), "\" width=\"", number(width), "\" height=\"", number(height), "\" ", style, "/>\n");
  }
  void words(double x, double y, const std::string& content, const std::string& style) {
    svg_ += text("<text x=\"", number(x), "\" y=\"", number(y), "\" ", style, ">", escaped(content), "</text>\n");
  }
  void raw(const std::string& piece) { svg_ += piece; }
  std::string take() { return std::move(svg_); }

 private:
  std::string svg_;
};

// A 20 x 20 picture of what an operation does to the voxels.
void icon(Pen& pen, Op op, bool first, double x, double y, const char* colour) {
  std::string line = text("fill=\"none\" stroke=\"", colour, "\""), full = text("fill=\"", colour, "\"");
  if (op == Op::crop) {
    pen.rectangle(x + 1, y + 1, 18, 18, line + " stroke-dasharray=\"2.5 2\"");
    pen.rectangle(first ? x + 1 : x + 5, first ? y + 1 : y + 5, 10, 10, full);
  } else if (op == Op::subsample) {
    for (int i = 0; i < 16; ++i) {
      bool taken = i % 4 % 3 == 0 && i / 4 % 3 == 0;
      pen.rectangle(x + 1 + 4.8 * (i % 4), y + 1 + 4.8 * (i / 4), 3.6, 3.6, taken ? full : line + " stroke-width=\"0.6\"");
    }
  } else if (op == Op::upsample || op == Op::transposed_conv) {
    pen.rectangle(x + 1, y + 1, 18, 18, line);
    pen.rectangle(x + 1, y + 12, 7, 7, full);
    pen.raw(text("<path d=\"M", number(x + 10), " ", number(y + 10), "l5 -5m-4 0h4v4\" fill=\"none\" stroke=\"", colour, "\"/>\n"));
  } else if (op == Op::pool || op == Op::lanczos) {
    pen.rectangle(x + 1, y + 1, 18, 18, line + " stroke-dasharray=\"2.5 2\"");
    pen.rectangle(x + 1, y + 12, 7, 7, full);
    pen.raw(text("<path d=\"M", number(x + 15), " ", number(y + 5), "l-5 5m0 -4v4h4\" fill=\"none\" stroke=\"", colour, "\"/>\n"));
  } else if (op == Op::concat) {
    pen.rectangle(x + 2, y + 2, 7, 16, full);
    pen.rectangle(x + 11, y + 2, 7, 16, line);
  } else if (op == Op::conv) {
    for (int i = 0; i < 9; ++i) pen.rectangle(x + 1 + 6.2 * (i % 3), y + 1 + 6.2 * (i / 3), 5, 5, i == 4 ? full : line + " stroke-width=\"0.8\"");
  } else if (op == Op::msd) {  // two dilations of one kernel
    for (double apart : {8.0, 3.6})
      for (int i = 0; i < 9; ++i) pen.rectangle(x + 8.7 + apart * (i % 3 - 1), y + 8.7 + apart * (i / 3 - 1), 2.6, 2.6, apart > 4 ? line + " stroke-width=\"0.8\"" : full);
  } else if (op == Op::input) {
    pen.rectangle(x + 1, y + 5, 14, 14, line);
    pen.raw(text("<path d=\"M", number(x + 1), " ", number(y + 5), "l4 -4h14l-4 4m4 -4v14l-4 4\" fill=\"none\" stroke=\"", colour, "\"/>\n"));
  }
}

void draw_box(Pen& pen, const Graph& graph, const DiagramBox& box) {
  const Place& place = box.place;
  Op op = box.node < 0 ? graph.nodes[size_t(box.first)].op : graph.nodes[size_t(box.node)].op;
  Paint paint = paint_of(op, box.head && box.readers == 0);
  const Node& named = graph.nodes[size_t(box.node < 0 ? box.first : box.node)];
  pen.raw(text("<g><title>", escaped(named.name), "</title>\n"));
  if (op == Op::add) {
    pen.raw(text("<circle cx=\"", number(place.x), "\" cy=\"", number(place.middle()), "\" r=\"", number(place.height / 2), "\" fill=\"", paint.fill, "\" stroke=\"", paint.line,
                 "\"/>\n<path d=\"M", number(place.x - 6), " ", number(place.middle()), "h12m-6 -6v12\" stroke=\"", paint.line, "\" stroke-width=\"1.6\"/>\n</g>\n"));
    return;
  }
  pen.rectangle(place.left(), place.y, place.width, place.height,
                text("rx=\"5\" fill=\"", paint.fill, "\" stroke=\"", paint.line, "\"", op == Op::crop ? " stroke-dasharray=\"5 3\"" : ""));
  icon(pen, op, named.crop_anchor == "first", place.left() + 8, place.middle() - 10, paint.line);
  BoxText lines = box_text(graph, box);
  double y = place.y + 20, x = place.left() + 36;
  if (!lines.before.empty()) pen.words(x, y, lines.before, "class=\"small\""), y += 17;
  pen.words(x, y, lines.operation, "class=\"what\"");
  if (!lines.after.empty()) pen.words(x, y + 17, lines.after, "class=\"small\"");
  pen.raw("</g>\n");
}

void draw_arrow(Pen& pen, const DiagramArrow& arrow, const NodeShape& shape) {
  std::string path;
  for (const auto& [x, y] : arrow.points) path += (path.empty() ? "M" : "L") + number(x) + " " + number(y);
  pen.raw(text("<path d=\"", path, "\" fill=\"none\" stroke=\"#555\" stroke-width=\"1.2\" stroke-linejoin=\"round\" marker-end=\"url(#tip)\"/>\n"));
  if (!arrow.label) return;
  pen.words(arrow.label_x, arrow.label_y + 4, shape_text(shape), arrow.label_centred ? "class=\"shape\" text-anchor=\"middle\"" : "class=\"shape\"");
}

}  // namespace

std::string draw_graph(const Graph& graph, Extent input) {
  auto all = shapes(graph, input);
  Diagram diagram = lay_out(graph, all);
  int result = graph.outputs.front().node;
  std::string facts = text(shape_text(all[0]), "  →  ", shape_text(all[size_t(result)]), "   (channels · Z×Y×X)");
  std::string more = text(grouped(parameter_count(graph)), " parameters, receptive field ", size_text(receptive_field(graph)));
  double width = std::max(diagram.width, 24 + 8.0 * double(std::max(facts.size(), more.size())));
  Pen pen;
  pen.raw(text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", number(width), "\" height=\"", number(diagram.height), "\" viewBox=\"0 0 ", number(width), " ",
               number(diagram.height), "\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n"));
  pen.raw("<style>.what{font-size:13px;fill:#111}.small{font-size:11px;fill:#555}.shape{font-size:11px;fill:#333}.title{font-size:18px;font-weight:bold;fill:#111}"
          ".facts{font-size:13px;fill:#333}</style>\n"
          "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
          "<path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker></defs>\n");
  pen.rectangle(0, 0, width, diagram.height, "fill=\"#fff\"");
  pen.words(24, 28, graph.title, "class=\"title\"");
  pen.words(24, 47, facts, "class=\"facts\"");
  pen.words(24, 65, more, "class=\"facts\"");
  for (const DiagramArrow& arrow : diagram.arrows) draw_arrow(pen, arrow, all[size_t(diagram.boxes[size_t(arrow.from)].last)]);
  for (const DiagramBox& box : diagram.boxes) {
    draw_box(pen, graph, box);
    if (!box.head || box.readers > 0) continue;
    bool round = box.node >= 0 && graph.nodes[size_t(box.node)].op == Op::add;  // arrows come in from its sides
    pen.words(round ? box.place.x : box.place.right() + 8, round ? box.place.y - 6 : box.place.middle() + 4, shape_text(all[size_t(box.last)]),
              round ? "class=\"shape\" text-anchor=\"middle\"" : "class=\"shape\"");
  }
  pen.raw("</svg>\n");
  return pen.take();
}

}  // namespace tomograd
