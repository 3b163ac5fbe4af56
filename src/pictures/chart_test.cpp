#include "pictures/chart.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "pictures/axis.h"
#include "pictures/canvas.h"
#include "pictures/font.h"

namespace tomograd {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

int64_t count_of(const std::string& whole, const std::string& part) {
  int64_t n = 0;
  for (size_t at = whole.find(part); at != std::string::npos; at = whole.find(part, at + 1)) ++n;
  return n;
}

int64_t pixels_of(const Image& image, Color color) {
  int64_t n = 0;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x) n += image.at(x, y) == color;
  return n;
}

TEST(Ticks, AreRoundAndCoverTheData) {
  for (auto [low, high] : {std::pair{0.0, 1.0}, {-0.31, 0.07}, {3e-7, 9e-7}, {12.0, 98765.0}, {-5.0, -4.9}, {0.0, 0.0}, {7.0, 7.0}}) {
    Ticks t = make_ticks(low, high, 5, true);
    EXPECT_LE(t.low, low);
    EXPECT_GE(t.high, high);
    ASSERT_GE(t.at.size(), 3u) << low << " " << high;
    ASSERT_LE(t.at.size(), 9u) << low << " " << high;
    double step = t.at[1] - t.at[0], power = std::pow(10, std::floor(std::log10(step) + 1e-9));
    double lead = step / power;
    EXPECT_TRUE(std::abs(lead - 1) < 1e-6 || std::abs(lead - 2) < 1e-6 || std::abs(lead - 2.5) < 1e-6 || std::abs(lead - 5) < 1e-6) << lead;
    EXPECT_EQ(std::set<std::string>(t.labels.begin(), t.labels.end()).size(), t.labels.size());
  }
  EXPECT_EQ(make_ticks(nan, nan, 5, true).at.front(), 0);
  Ticks fixed = make_ticks(0.03, 0.97, 4, false);
  EXPECT_EQ(fixed.low, 0.03);
  EXPECT_GT(fixed.at.front(), 0.03);
}

TEST(Ticks, LabelsHaveTheDecimalsOfTheStep) {
  EXPECT_EQ(tick_text(0.25, 0.25), "0.25");
  EXPECT_EQ(tick_text(2, 1), "2");
  EXPECT_EQ(tick_text(-0.5, 0.1), "\xE2\x88\x92" "0.5");
  EXPECT_EQ(tick_text(-0.001, 0.01), "0.00");
  EXPECT_EQ(tick_text(1e-17, 0.1), "0.0");
}

TEST(SvgCanvas, TextIsAsWideAsTheLayoutCounted) {
  SvgCanvas canvas(100, 50);
  canvas.write({5, 20}, "a <long> name", {11, ink, Anchor::start, false, false});
  canvas.write({5, 40}, "", {});
  const std::string svg = canvas.finish();
  const size_t at = svg.find(" textLength=\"");
  ASSERT_NE(at, std::string::npos) << svg;
  EXPECT_NEAR(std::strtod(svg.c_str() + at + 13, nullptr), text_width("a <long> name", 11), 0.006);
  EXPECT_NE(svg.find("lengthAdjust=\"spacingAndGlyphs\""), std::string::npos);
  EXPECT_EQ(count_of(svg, "textLength"), 1) << "no length of nothing";
}

TEST(Font, CoversAsciiAndMeasures) {
  std::string box;
  auto same = [](const std::vector<Stroke>& a, const std::vector<Stroke>& b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].size() != b[i].size()) return false;
      for (size_t k = 0; k < a[i].size(); ++k)
        if (a[i][k].x != b[i][k].x || a[i][k].y != b[i][k].y) return false;
    }
    return true;
  };
  auto unknown = text_strokes("\xE2\x98\x83", 10);  // a snowman is none of ours
  ASSERT_FALSE(unknown.empty());
  std::vector<std::vector<Stroke>> seen;
  for (char c = 33; c < 127; ++c) {
    auto strokes = text_strokes(std::string(1, c), 10);
    ASSERT_FALSE(strokes.empty()) << c;
    EXPECT_FALSE(same(strokes, unknown)) << c;
    for (const auto& other : seen) EXPECT_FALSE(same(strokes, other)) << c;
    seen.push_back(strokes);
    for (const auto& stroke : strokes)
      for (Point p : stroke) {
        EXPECT_GE(p.y, -8.0) << c;
        EXPECT_LE(p.y, 3.0) << c;
        EXPECT_GE(p.x, -1.5) << c;
        EXPECT_LE(p.x, text_width(std::string(1, c), 10) + 1.0) << c;
      }
  }
  for (const char* sign : {"±", "×", "·", "°", "µ", "²", "–", "−", "≤", "≥", "→", "Δ", "…"}) EXPECT_FALSE(same(text_strokes(sign, 10), unknown)) << sign;
  EXPECT_EQ(text_width("", 10), 0);
  EXPECT_DOUBLE_EQ(text_width("abc", 20), 2 * text_width("abc", 10));
  EXPECT_GT(text_width("ab", 10), text_width("a", 10) + text_width("b", 10));
  text_strokes("\xff\xc3", 10);  // broken UTF-8 is drawn as boxes
}

Chart example() {
  Chart chart;
  chart.title = "A < B & C";
  chart.x.categories = {"all", "T1w", "T2w"};
  chart.y.label = "Dice";
  Layer dots;
  dots.spread = true, dots.name = "patients";
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < 12; ++i) dots.x.push_back(k), dots.y.push_back(0.5 + 0.02 * (i % 6) + 0.1 * k);
  Layer medians;
  medians.mark = Mark::medians, medians.color = okabe_ito::vermillion, medians.x = {0, 1, 2}, medians.y = {0.55, 0.65, nan};
  chart.layers = {dots, medians};
  return chart;
}

TEST(Chart, SvgHasEveryMarkOnce) {
  std::string svg = to_svg(*figure(example()));
  EXPECT_EQ(count_of(svg, "<circle"), 36 + 1);  // and one in the legend
  EXPECT_EQ(count_of(svg, color_text(okabe_ito::vermillion)), 2);  // the NaN median is not drawn
  EXPECT_NE(svg.find("A &lt; B &amp; C"), std::string::npos);
  for (const char* label : {">all<", ">T1w<", ">T2w<", ">Dice<", ">patients<"}) EXPECT_EQ(count_of(svg, label), 1) << label;
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg, to_svg(*figure(example())));
}

TEST(Chart, PngShowsTheSameColours) {
  Image image = to_image(*figure(example()));
  EXPECT_EQ(image.width, 920);
  EXPECT_EQ(image.height, 600);
  EXPECT_GT(pixels_of(image, accent), 36 * 30);   // a dot of radius 2.6 at scale 2 covers more than 30 pixels whole
  EXPECT_GT(pixels_of(image, okabe_ito::vermillion), 200);
}

TEST(Chart, SpreadDotsDoNotOverlap) {
  std::string svg = to_svg(*figure(example()));
  std::vector<Point> centres;
  for (size_t at = svg.find("<circle cx"); at != std::string::npos; at = svg.find("<circle cx", at + 1)) {
    Point p;
    ASSERT_EQ(std::sscanf(svg.c_str() + at, "<circle cx=\"%lf\" cy=\"%lf\"", &p.x, &p.y), 2);
    centres.push_back(p);
  }
  ASSERT_EQ(centres.size(), 37u);
  for (size_t i = 0; i < centres.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_GT(std::hypot(centres[i].x - centres[j].x, centres[i].y - centres[j].y), 5.2) << i << " " << j;
}

TEST(Chart, ValuesLieWhereTheAxisSays) {
  for (bool swapped : {false, true}) {
    Chart chart;
    chart.x.categories = {"a", "b"};
    chart.y.low = 0, chart.y.high = 10;
    chart.swapped = swapped;
    Layer dots;
    dots.x = {0, 0, 0, 1}, dots.y = {0, 5, 10, 5};
    chart.layers = {dots};
    std::string svg = to_svg(*figure(chart));
    std::vector<Point> c;
    for (size_t at = svg.find("<circle cx"); at != std::string::npos; at = svg.find("<circle cx", at + 1)) {
      Point p;
      std::sscanf(svg.c_str() + at, "<circle cx=\"%lf\" cy=\"%lf\"", &p.x, &p.y);
      c.push_back(p);
    }
    ASSERT_EQ(c.size(), 4u);
    if (swapped) {
      EXPECT_NEAR(c[1].x, (c[0].x + c[2].x) / 2, 0.02);
      EXPECT_GT(c[2].x, c[0].x);
      EXPECT_GT(c[3].y, c[1].y);                 // the first category is on top
    } else {
      EXPECT_NEAR(c[1].y, (c[0].y + c[2].y) / 2, 0.02);
      EXPECT_LT(c[2].y, c[0].y);
      EXPECT_GT(c[3].x, c[1].x);
    }
  }
}

TEST(Chart, EveryMarkIsDrawnInBothForms) {
  for (Mark mark : {Mark::dots, Mark::bars, Mark::line, Mark::medians, Mark::intervals, Mark::boxes, Mark::band, Mark::notes}) {
    Chart chart;
    chart.x.low = -1, chart.x.high = 3, chart.y.low = 0, chart.y.high = 4;
    Layer layer;
    layer.mark = mark, layer.color = okabe_ito::purple;
    layer.x = {0, 1, 2}, layer.y = {1, 2, 1.5}, layer.low = {0.5, 1, 1}, layer.high = {1.5, 3, 2};
    layer.q1 = {0.8, 1.5, 1.2}, layer.q3 = {1.2, 2.5, 1.8}, layer.text = {"p", "q", "r"};
    layer.name = "series";
    Chart empty = chart;
    chart.layers = {layer};
    Image image = to_image(*figure(chart)), bare = to_image(*figure(empty));
    EXPECT_GT(to_svg(*figure(chart)).size(), to_svg(*figure(empty)).size()) << int(mark);
    EXPECT_NE(image, bare) << int(mark);
    int64_t coloured = pixels_of(image, okabe_ito::purple) + pixels_of(image, mix(okabe_ito::purple, paper, 0.8)) + pixels_of(image, mix(okabe_ito::purple, paper, 0.72));
    EXPECT_GT(coloured, 3) << int(mark);
  }
}

TEST(Chart, RefusesLayersThatDoNotFit) {
  Chart chart;
  Layer layer;
  layer.x = {1, 2}, layer.y = {1};
  chart.layers = {layer};
  EXPECT_THROW(figure(chart), Error);
  Chart tiny = example();
  tiny.width = 40;
  EXPECT_THROW(to_svg(*figure(tiny)), Error);
  EXPECT_THROW(write_figure(system_env(), "chart.pdf", *figure(example())), Error);
}

TEST(HeatMatrix, ColoursFollowValues) {
  HeatMatrix m;
  m.rows = {"P1", "P2"}, m.columns = {"a", "b", "c"};
  m.values = {-1, 0, 1, nan, -0.5, 0.5};
  m.diverging = true, m.value_label = "difference";
  std::string svg = to_svg(*figure(m));
  EXPECT_NE(svg.find(color_text(diverging_color(-1))), std::string::npos);
  EXPECT_NE(svg.find(color_text(diverging_color(1))), std::string::npos);
  EXPECT_EQ(diverging_color(-1), okabe_ito::blue);
  EXPECT_EQ(diverging_color(1), okabe_ito::vermillion);
  EXPECT_EQ(diverging_color(0), diverging_color(-1e-9));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  Image image = to_image(*figure(m));
  EXPECT_GT(pixels_of(image, okabe_ito::blue), 1000);
  m.values.pop_back();
  EXPECT_THROW(figure(m), Error);
}

TEST(Panels, StandSideBySide) {
  std::vector<std::unique_ptr<Figure>> parts;
  for (int i = 0; i < 3; ++i) parts.push_back(figure(example()));
  auto sheet = panels(std::move(parts), 2);
  EXPECT_EQ(sheet->width(), 920);
  EXPECT_EQ(sheet->height(), 600);
  EXPECT_EQ(count_of(to_svg(*sheet), "<circle"), 3 * 37);
}

}  // namespace
}  // namespace tomograd
