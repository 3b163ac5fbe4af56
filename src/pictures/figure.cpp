#include <algorithm>

#include "base/error.h"
#include "pictures/chart.h"
#include "pictures/png.h"

namespace tomograd {
namespace {

class Panels : public Figure {
 public:
  Panels(std::vector<std::unique_ptr<Figure>> parts, int columns) : parts_(std::move(parts)), columns_(size_t(std::max(1, columns))) {
    size_t rows = (parts_.size() + columns_ - 1) / columns_;
    lefts_.assign(columns_ + 1, 0), tops_.assign(rows + 1, 0);
    for (size_t i = 0; i < parts_.size(); ++i) {
      lefts_[i % columns_ + 1] = std::max(lefts_[i % columns_ + 1], parts_[i]->width());
      tops_[i / columns_ + 1] = std::max(tops_[i / columns_ + 1], parts_[i]->height());
    }
    for (size_t c = 1; c < lefts_.size(); ++c) lefts_[c] += lefts_[c - 1];
    for (size_t r = 1; r < tops_.size(); ++r) tops_[r] += tops_[r - 1];
  }
  double width() const override { return lefts_.back(); }
  double height() const override { return tops_.back(); }
  void draw(Canvas& canvas, double left, double top) const override {
    for (size_t i = 0; i < parts_.size(); ++i) parts_[i]->draw(canvas, left + lefts_[i % columns_], top + tops_[i / columns_]);
  }

 private:
  std::vector<std::unique_ptr<Figure>> parts_;
  size_t columns_;
  std::vector<double> lefts_, tops_;
};

}  // namespace

std::unique_ptr<Figure> panels(std::vector<std::unique_ptr<Figure>> parts, int columns) { return std::make_unique<Panels>(std::move(parts), columns); }

std::string to_svg(const Figure& figure) {
  SvgCanvas canvas(figure.width(), figure.height());
  figure.draw(canvas, 0, 0);
  return canvas.finish();
}

Image to_image(const Figure& figure, double scale) {
  RasterCanvas canvas(figure.width(), figure.height(), scale);
  figure.draw(canvas, 0, 0);
  return canvas.image();
}

void write_figure(Env& env, const std::string& path, const Figure& figure) {
  if (path.ends_with(".svg")) publish_text(env, path, to_svg(figure));
  else if (path.ends_with(".png")) write_png(env, path, to_image(figure));
  else fail_input(text("figures are written as .svg or .png, not as \"", file_name(path), "\""));
}

}  // namespace tomograd
