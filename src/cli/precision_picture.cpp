#include "cli/precision_picture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/error.h"
#include "pictures/canvas.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct Exponents {
  std::map<int64_t, double> shares;              // exponent -> share of what is finite and not zero
  double zeros = 0, scaled_lost = 0, unscaled_lost = 0;  // zeros: of all; lost: flushed to zero or overflowed, of what is finite and not zero
};

double lost(const Value& counts) { return counts.at("flushed").as_number() + counts.at("overflow").as_number(); }

Exponents exponents_of(const Value& layers) {
  Exponents all;
  double values = 0, counted = 0;
  for (const Value& layer : layers.as_list()) {
    values += layer.at("values").as_number(), all.zeros += layer.at("zeros").as_number();
    all.unscaled_lost += lost(layer.at("unscaled")), all.scaled_lost += lost(layer.at("scaled"));
    const Value* lowest = layer.find("lowest_exponent");
    if (!lowest) continue;
    int64_t exponent = lowest->as_integer();
    for (const Value& count : layer.at("histogram").as_list()) all.shares[exponent++] += count.as_number(), counted += count.as_number();
  }
  for (auto& [exponent, share] : all.shares) share /= counted;
  if (counted > 0) all.scaled_lost /= counted, all.unscaled_lost /= counted;
  if (values > 0) all.zeros /= values;
  return all;
}

std::string percent(double share) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.3g %%", 100 * share);
  return digits;
}

Layer line_of(const Exponents& all, double shift, const std::string& name, Color color) {
  Layer line;
  line.mark = Mark::line, line.name = name, line.color = color, line.size = 1.8;
  if (all.shares.empty()) return line;
  for (int64_t e = all.shares.begin()->first; e <= all.shares.rbegin()->first; ++e) {
    auto found = all.shares.find(e);
    line.x.push_back(double(e) + 0.5 + shift), line.y.push_back(found == all.shares.end() ? 0 : 100 * found->second);
  }
  return line;
}

std::unique_ptr<Figure> panel(const std::string& title, const Value& layers, double scale) {
  const Exponents all = exponents_of(layers);
  double top = 0;
  for (const auto& [exponent, share] : all.shares) top = std::max(top, 100 * share);
  Chart chart;
  chart.title = title;
  chart.subtitle = text("FP16 would lose ", percent(all.unscaled_lost), scale != 1 ? text(", scaled ", percent(all.scaled_lost)) : "", "; ", percent(all.zeros), " are zero anyway");
  chart.x.label = "log2 |gradient|", chart.y.label = "share / %";
  auto range = [&](double low, double high, const std::string& name, Color color) {
    Layer band;
    band.mark = Mark::band, band.x = {low, high}, band.low = {0, 0}, band.high = {1.05 * top, 1.05 * top}, band.color = color, band.opacity = 0.3, band.name = name;
    chart.layers.push_back(band);
  };
  range(-24, -14, "subnormal in FP16", okabe_ito::yellow);
  range(-14, 16, "normal in FP16", okabe_ito::green);
  chart.layers.push_back(line_of(all, 0, "as they are", accent));
  if (scale != 1) chart.layers.push_back(line_of(all, std::log2(scale), text("multiplied by ", scale), okabe_ito::vermillion));
  return figure(std::move(chart));
}

}  // namespace

std::unique_ptr<Figure> precision_figure(const Value& report) {
  const double scale = report.at("loss_scale").as_number();
  const std::string step = text("step ", report.at("step").as_integer());
  std::vector<std::unique_ptr<Figure>> parts;
  parts.push_back(panel("Gradients of weights, " + step, report.at("layers"), scale));
  if (const Value* activations = report.find("activations")) parts.push_back(panel("Gradients of activations, " + step, *activations, scale));
  return panels(std::move(parts), 2);
}

void draw_precision(Env& env, const std::string& run) {
  const std::string path = join_path(run, "precision.jsonl");
  if (env.kind(path) != FileKind::file) return;
  std::string all = read_text(env, path);
  while (!all.empty() && all.back() == '\n') all.pop_back();
  if (all.empty()) return;
  write_figure(env, join_path(run, "precision.svg"), *precision_figure(parse_json(all.substr(all.rfind('\n') + 1), "the last line of precision.jsonl")));
}

}  // namespace tomograd
