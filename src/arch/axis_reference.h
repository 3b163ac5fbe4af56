// For tests: a graph computed along one axis with plain loops and one channel, so that what the library derives from the
// graph (sizes, margins, receptive fields, strides) can be held against an actual computation. A value is either a number or
// the set of input voxels it was made from.
#pragma once

#include <algorithm>
#include <set>
#include <vector>

#include "arch/graph.h"
#include "arch/lanczos.h"

namespace tomograd::axis_reference {

struct Number {
  double v = 0;
  void add(const Number& other, double weight) { v += weight * other.v; }
};

struct Reach {
  std::set<int64_t> from;
  void add(const Reach& other, double) { from.insert(other.from.begin(), other.from.end()); }
};

inline double weight_of(size_t node, int64_t tap) { return 1.0 / double(3 + (int64_t(node) * 7 + tap * 5) % 11); }

template <class V>
std::vector<std::vector<V>> compute(const Graph& graph, int axis, const std::vector<V>& input) {
  std::vector<std::vector<V>> all{input};
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const std::vector<V>& x = all[size_t(node.inputs.front())];
    int64_t n = int64_t(x.size()), k = node.kernel[axis], s = node.stride[axis], d = node.dilation[axis], f = node.factor[axis], reach = d * (k - 1);
    bool valid = node.padding[axis] == Padding::valid;
    std::vector<V> y;
    if (node.op == Op::conv) {
      int64_t before = valid ? 0 : reach / 2, after = valid ? 0 : reach - reach / 2;
      for (int64_t start = -before; start + reach < n + after; start += s) {
        V sum;
        for (int64_t t = 0; t < k; ++t) {
          int64_t at = start + t * d;
          if (node.padding[axis] == Padding::mirror) at = at < 0 ? -1 - at : at >= n ? 2 * n - 1 - at : at;
          if (node.padding[axis] == Padding::reflect) at = at < 0 ? -at : at >= n ? 2 * n - 2 - at : at;
          if (at >= 0 && at < n) sum.add(x[size_t(at)], weight_of(i, t));
        }
        y.push_back(sum);
      }
    } else if (node.op == Op::transposed_conv) {
      int64_t cut = valid ? 0 : reach / 2;
      std::vector<V> full(size_t((n - 1) * s + reach + 1 + node.output_padding[axis]));
      for (int64_t j = 0; j < n; ++j)
        for (int64_t t = 0; t < k; ++t) full[size_t(j * s + t * d)].add(x[size_t(j)], weight_of(i, t));
      y.assign(full.begin() + cut, full.end() - cut);
    } else if (node.op == Op::pool) {
      for (int64_t start = 0; valid ? start + f <= n : start < n; start += f) {
        V sum;
        for (int64_t t = start; t < std::min(start + f, n); ++t) sum.add(x[size_t(t)], 1);
        y.push_back(sum);
      }
    } else if (node.op == Op::subsample) {
      for (int64_t j = 0; j < n; j += f) y.push_back(x[size_t(j)]);
    } else if (node.op == Op::lanczos) {
      LanczosFilter filter = lanczos_filter(node.lobes, f);
      for (int64_t j = 0; j < n; j += f) {
        V sum;
        for (int64_t t = 0; t < int64_t(filter.taps.size()); ++t) sum.add(x[size_t(std::clamp<int64_t>(j - filter.before + t, 0, n - 1))], filter.taps[size_t(t)]);
        y.push_back(sum);
      }
    } else if (node.op == Op::upsample) {
      for (int64_t j = 0; j < n * f; ++j) {
        if (!node.linear_upsample) { y.push_back(x[size_t(j / f)]); continue; }
        double place = (double(j) + 0.5) / double(f) - 0.5;
        int64_t low = int64_t(place + 1) - 1;
        V sum;
        for (int64_t t : {low, low + 1}) sum.add(x[size_t(std::clamp<int64_t>(t, 0, n - 1))], t == low ? double(low + 1) - place : place - double(low));
        y.push_back(sum);
      }
    } else if (node.op == Op::crop) {
      int64_t begin = node.crop_before[axis], end = n - node.crop_after[axis];
      if (node.like >= 0 || node.crop_size[axis] > 0) {
        int64_t m = node.like >= 0 ? int64_t(all[size_t(node.like)].size()) : node.crop_size[axis];
        begin = node.crop_anchor == "first" ? 0 : (n - 1) / 2 - (m - 1) / 2;
        end = begin + m;
      }
      y.assign(x.begin() + begin, x.begin() + end);
    } else if (node.op == Op::msd) {             // all its channels, without ReLU, then their weighted sum as the one channel
      std::vector<std::vector<V>> channels{x};
      for (int64_t layer = 0; layer < node.depth(); ++layer) {
        size_t seen = channels.size();
        for (int64_t j = 0; j < node.width; ++j) {
          std::vector<V> made(x.size());
          int64_t dilation = k == 1 ? 0 : node.layer_dilations[size_t(layer * node.width + j)], period = std::max<int64_t>(1, 2 * n - 2);
          for (int64_t o = 0; o < n; ++o)
            for (size_t c = 0; c < seen; ++c)
              for (int64_t t = -(k / 2); t <= k / 2; ++t) {
                int64_t at = o + t * dilation;
                if (node.reflect) at = ((at % period) + period) % period, at = at >= n ? period - at : at;
                if (at >= 0 && at < n) made[size_t(o)].add(channels[c][size_t(at)], weight_of(i + c, t + 1));
              }
          channels.push_back(std::move(made));
        }
      }
      y.resize(x.size());
      for (size_t c = 0; c < channels.size(); ++c)
        for (size_t j = 0; j < y.size(); ++j) y[j].add(channels[c][j], weight_of(c, 0));
    } else {
      y.resize(x.size());
      for (size_t from = 0; from < node.inputs.size(); ++from)
        for (size_t j = 0; j < y.size(); ++j) y[j].add(all[size_t(node.inputs[from])].at(j), 1.0 / double(from + 1));
    }
    all.push_back(std::move(y));
  }
  return all;
}

}  // namespace tomograd::axis_reference
