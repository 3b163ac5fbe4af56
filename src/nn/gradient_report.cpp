#include "nn/gradient_report.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tomograd {
namespace {

constexpr double largest_half = 65504, half_step_above = 16;  // the step there is 32: from 65520 on it is rounded to infinity
constexpr double smallest_normal = 0x1p-14, smallest_subnormal = 0x1p-24;

std::string layer_of(const std::string& parameter) { return parameter.substr(0, parameter.rfind('.')); }

void count_fate(double magnitude, HalfCounts& into) {
  switch (half_fate(magnitude)) {
    case HalfFate::normal: break;
    case HalfFate::subnormal: ++into.subnormal; break;
    case HalfFate::flushed: ++into.flushed; break;
    case HalfFate::overflow: ++into.overflow; break;
  }
}

// The elements in the order in which they lie in memory, where that is known: which is first does not matter to a histogram.
at::Tensor flat(const at::Tensor& gradient) {
  at::Tensor plain = gradient.detach();
  if (plain.is_non_overlapping_and_dense()) return plain.as_strided({plain.numel()}, {1});
  return plain.reshape({-1});
}

double share_of(int64_t count, int64_t all) { return all > 0 ? double(count) / double(all) : 0; }

Value counts_value(const HalfCounts& counts, int64_t all) {
  Value table = Value::table();
  auto enter = [&](const std::string& name, int64_t count) { table[name] = count, table[name + "_share"] = share_of(count, all); };
  enter("overflow", counts.overflow);
  enter("subnormal", counts.subnormal);
  enter("flushed", counts.flushed);
  return table;
}

// First and one past the last place of the histogram that is not empty; both 0 when all are.
std::pair<size_t, size_t> filled_range(const LayerGradients& layer) {
  size_t first = 0, end = layer.histogram.size();
  while (end > 0 && layer.histogram[end - 1] == 0) --end;
  while (first < end && layer.histogram[first] == 0) ++first;
  return {first, end};
}

Value::List layers_value(const std::vector<LayerGradients>& of) {
  Value::List layers;
  for (const LayerGradients& layer : of) {
    Value entry = Value::table();
    entry["layer"] = layer.layer;
    entry["values"] = layer.values;
    entry["zeros"] = layer.zeros;
    entry["not_finite"] = layer.not_finite;
    entry["unscaled"] = counts_value(layer.unscaled, layer.counted());
    entry["scaled"] = counts_value(layer.scaled, layer.counted());
    auto [first, end] = filled_range(layer);
    if (end > 0) entry["lowest_exponent"] = int64_t(first) + LayerGradients::lowest_exponent;
    Value::List counts;
    for (size_t place = first; place < end; ++place) counts.push_back(layer.histogram[place]);
    entry["histogram"] = counts;
    layers.push_back(entry);
  }
  return layers;
}

std::string percent_of(int64_t count, int64_t all) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.3g %%", 100 * share_of(count, all));
  return digits;
}

std::string fate_text(const HalfCounts& counts, int64_t all) {
  return percent_of(counts.flushed, all) + " to zero, " + percent_of(counts.subnormal, all) + " subnormal, " + percent_of(counts.overflow, all) + " overflowed";
}

void add_counts(HalfCounts& into, const HalfCounts& add) { into.overflow += add.overflow, into.subnormal += add.subnormal, into.flushed += add.flushed; }

}  // namespace

void LayerGradients::add(const LayerGradients& other) {
  values += other.values, zeros += other.zeros, not_finite += other.not_finite;
  add_counts(unscaled, other.unscaled);
  add_counts(scaled, other.scaled);
  for (size_t place = 0; place < histogram.size(); ++place) histogram[place] += other.histogram[place];
}

HalfFate half_fate(double magnitude) {
  if (magnitude >= largest_half + half_step_above) return HalfFate::overflow;
  if (magnitude >= smallest_normal - smallest_subnormal / 2 || magnitude == 0) return HalfFate::normal;
  return magnitude > smallest_subnormal / 2 ? HalfFate::subnormal : HalfFate::flushed;
}

void count_gradient(const at::Tensor& gradient, double divisor, double scale, LayerGradients& into) {
  constexpr int64_t piece = int64_t{1} << 16;    // an activation's gradient in float64 at once would take four times what its bf16 does
  at::Tensor all = flat(gradient);
  into.values += all.numel();
  for (int64_t first = 0; first < all.numel(); first += piece) {
    at::Tensor part = all.narrow(0, first, std::min(piece, all.numel() - first)).to(at::kCPU, at::kDouble).contiguous();
    const double* g = part.const_data_ptr<double>();
    for (int64_t i = 0; i < part.numel(); ++i) {
      if (g[i] == 0) ++into.zeros;
      else if (!std::isfinite(g[i])) ++into.not_finite;
      else {
        double scaled = std::abs(g[i]) / divisor, unscaled = scaled / scale;
        int place = std::ilogb(unscaled) - LayerGradients::lowest_exponent;
        ++into.histogram[size_t(std::clamp(place, 0, LayerGradients::exponents - 1))];
        count_fate(scaled, into.scaled);
        count_fate(unscaled, into.unscaled);
      }
    }
  }
}

GradientReport gradient_report(const NamedTensors& parameters, int64_t accumulated, double scale) {
  GradientReport report;
  report.scale = scale;
  for (const auto& [name, tensor] : parameters) {
    if (!tensor.grad().defined()) continue;
    if (report.layers.empty() || report.layers.back().layer != layer_of(name)) {
      report.layers.emplace_back();
      report.layers.back().layer = layer_of(name);
    }
    count_gradient(tensor.grad(), double(accumulated), scale, report.layers.back());
  }
  return report;
}

Value gradient_report_value(const GradientReport& report) {
  Value root = Value::table();
  root["loss_scale"] = report.scale;
  root["layers"] = layers_value(report.layers);
  if (!report.activations.empty()) root["activations"] = layers_value(report.activations);
  return root;
}

std::string gradients_line(const std::string& what, const std::vector<LayerGradients>& layers, double scale) {
  LayerGradients all;
  const LayerGradients* worst = nullptr;
  double most_lost = 0;
  for (const LayerGradients& layer : layers) {
    all.add(layer);
    double lost = share_of(layer.scaled.flushed + layer.scaled.overflow + layer.not_finite, layer.values - layer.zeros);
    if (lost > most_lost) most_lost = lost, worst = &layer;
  }
  char factor[32];
  std::snprintf(factor, sizeof factor, "%g", scale);
  std::string line = what;
  auto [first, end] = filled_range(all);
  if (end > 0) line += " lie between 2^" + std::to_string(int(first) + LayerGradients::lowest_exponent) + " and 2^" + std::to_string(int(end) + LayerGradients::lowest_exponent);
  if (all.zeros > 0) line += ", " + percent_of(all.zeros, all.values) + " are zero";
  if (all.not_finite > 0) line += ", " + percent_of(all.not_finite, all.values) + " are not finite";
  line += "; of the others f16 would keep all but " + fate_text(all.unscaled, all.counted());
  if (scale != 1) line += "; multiplied by " + std::string(factor) + " all but " + fate_text(all.scaled, all.counted());
  if (worst) line += "; most is lost in " + worst->layer + ", " + percent_of(worst->scaled.flushed + worst->scaled.overflow + worst->not_finite, worst->values - worst->zeros);
  return line;
}

}  // namespace tomograd
