#include "pictures/sheet.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "pictures/canvas.h"

namespace tomograd {
namespace {

constexpr Color night{17, 17, 17}, bright{240, 240, 240}, dim{165, 165, 165};
constexpr double margin = 14, space = 10, name_height = 22;

TextStyle style(double size, Color color, Anchor anchor = Anchor::start, bool bold = false) { return {size, color, anchor, bold, false}; }

std::string shortened(const std::string& text, double size, double room) {
  if (text_width(text, size) <= room) return text;
  std::string s = text;
  while (!s.empty() && text_width(s + "\xE2\x80\xA6", size) > room) {
    do s.pop_back();
    while (!s.empty() && (static_cast<unsigned char>(s.back()) & 0xC0) == 0x80);
    if (!s.empty() && static_cast<unsigned char>(s.back()) >= 0xC0) s.pop_back();
  }
  return s + "\xE2\x80\xA6";
}

void draw_marks(RasterCanvas& canvas, const Panel& p, double x, double y) {
  double w = double(p.picture.width), h = double(p.picture.height), size = 13;
  if (w < 60 || h < 60) return;
  canvas.write_rimmed({x + 6, y + h / 2 + 5}, p.view.left, style(size, bright), night);
  canvas.write_rimmed({x + w - 6, y + h / 2 + 5}, p.view.right, style(size, bright, Anchor::end), night);
  canvas.write_rimmed({x + w / 2, y + 15}, p.view.top, style(size, bright, Anchor::middle), night);
  canvas.write_rimmed({x + w / 2, y + h - 6}, p.view.bottom, style(size, bright, Anchor::middle), night);
}

std::vector<std::string> wrapped(const std::string& text, double size, double room) {
  std::vector<std::string> lines(1);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at), longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (!lines.back().empty() && text_width(longer, size) > room) lines.push_back(word);
    else lines.back() = longer;
    at = end + 1;
  }
  return lines;
}

}  // namespace

Image draw_sheet(const Sheet& sheet) {
  if (sheet.panels.empty()) fail_failure("a sheet without pictures");
  int64_t count = int64_t(sheet.panels.size());
  int64_t columns = sheet.columns > 0 ? std::min<int64_t>(sheet.columns, count) : int64_t(std::ceil(std::sqrt(double(count))));
  int64_t rows = ceil_div(count, columns);
  double cell_width = 0, cell_height = 0;
  for (const Panel& p : sheet.panels) cell_width = std::max(cell_width, double(p.picture.width)), cell_height = std::max(cell_height, double(p.picture.height));
  cell_width = std::max(cell_width, 90.0);
  double width = 2 * margin + double(columns) * cell_width + double(columns - 1) * space;
  std::vector<std::vector<LegendEntry>> legend(1);
  double used = 0;
  for (const auto& entry : sheet.legend) {
    double needs = 22 + text_width(entry.name, 13) + 20;
    if (!legend.back().empty() && used + needs > width - 2 * margin + 20) legend.emplace_back(), used = 0;
    legend.back().push_back(entry), used += needs;
  }
  auto title = sheet.title.empty() ? std::vector<std::string>{} : wrapped(sheet.title, 16, width - 2 * margin);
  auto caption = sheet.caption.empty() ? std::vector<std::string>{} : wrapped(sheet.caption, 12, width - 2 * margin);
  double top = margin + double(title.size()) * 22 + (title.empty() ? 0 : 4);
  double bottom = top + double(rows) * (cell_height + name_height + space);
  double legend_height = sheet.legend.empty() ? 0 : double(legend.size()) * 21 + 4;
  double height = bottom + legend_height + double(caption.size()) * 17 + margin - 4;
  if (width > 60000 || height > 60000) fail_input(text("a picture of ", int64_t(width), " x ", int64_t(height), " pixels is too large"));

  Image image{int64_t(std::ceil(width)), int64_t(std::ceil(height)), night};
  auto left_of = [&](int64_t i) { return margin + double(i % columns) * (cell_width + space); };
  auto top_of = [&](int64_t i) { return top + double(i / columns) * (cell_height + name_height + space) + name_height; };
  for (int64_t i = 0; i < count; ++i) image.paste(sheet.panels[size_t(i)].picture, std::llround(left_of(i)), std::llround(top_of(i)));

  RasterCanvas canvas(std::move(image), 1);
  for (size_t i = 0; i < title.size(); ++i) canvas.write({margin, margin + 14 + double(i) * 22}, title[i], style(16, bright, Anchor::start, true));
  for (int64_t i = 0; i < count; ++i) {
    const Panel& p = sheet.panels[size_t(i)];
    double note = p.note.empty() ? 0 : text_width(p.note, 12) + 10;
    canvas.write({left_of(i), top_of(i) - 7}, shortened(p.name, 14, cell_width - note), style(14, bright));
    if (!p.note.empty()) canvas.write({left_of(i) + double(p.picture.width), top_of(i) - 7}, p.note, style(12, dim, Anchor::end));
    if (sheet.marks) draw_marks(canvas, p, left_of(i), top_of(i));
  }
  double y = bottom + 12;
  for (const auto& line : legend) {
    double x = margin;
    for (const auto& entry : line) {
      canvas.rectangle(x, y - 11, 14, 14, entry.color, 1);
      canvas.write({x + 21, y + 0.5}, entry.name, style(13, bright));
      x += 21 + text_width(entry.name, 13) + 20;
    }
    if (!line.empty()) y += 21;
  }
  y = bottom + legend_height + 10;
  for (const auto& line : caption) canvas.write({margin, y}, line, style(12, dim)), y += 17;
  return canvas.image();
}

}  // namespace tomograd
