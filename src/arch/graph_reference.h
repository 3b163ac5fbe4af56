// For tests: a graph computed with plain loops over one image, in any floating-point type, as the network is at inference. What
// every node makes is kept, so that another way of computing (an export, a kernel) can be held against it node by node.
//
// Tolerances follow from it: computed in float and in double, the two differ by what rounding does to this very network, and
// another order of summation in float differs from double by as much again, not by more than a small multiple
// (rounding_error, below). An operator that is wrong by one voxel or one coefficient is off by the size of the values.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "arch/graph.h"
#include "arch/lanczos.h"
#include "arch/weights_file.h"
#include "base/error.h"
#include "base/random.h"

namespace tomograd::graph_reference {

template <class T>
struct Image {  // [channel][z][y][x]
  int64_t channels = 0;
  Extent size;
  std::vector<T> values;

  Image() = default;
  Image(int64_t channel_count, Extent extent) : channels(channel_count), size(extent), values(size_t(channel_count * extent.voxels()), T(0)) {}
  T& at(int64_t c, int64_t z, int64_t y, int64_t x) { return values[size_t(((c * size.z + z) * size.y + y) * size.x + x)]; }
  const T& at(int64_t c, int64_t z, int64_t y, int64_t x) const { return values[size_t(((c * size.z + z) * size.y + y) * size.x + x)]; }
};

template <class Body>
void each_voxel(Extent size, Body&& body) {
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x) body(z, y, x);
}

// A mixed-scale dense stack: the input's channels, then `width` per layer; channel j of layer i is ReLU(bias + sum over all channels
// before the layer), its taps dilations[i width + j] voxels apart on axes where the kernel is larger than 1.
template <class T>
Image<T> msd_stack(const Image<T>& x, const std::string& name, Extent k, int64_t width, const std::vector<int64_t>& dilations, bool reflect, const WeightLookup& weights) {
  Image<T> stack(x.channels + int64_t(dilations.size()), x.size);
  std::copy(x.values.begin(), x.values.end(), stack.values.begin());
  auto source = [&](int axis, int64_t at) {  // -1 = a zero
    int64_t n = x.size[axis];
    if (!reflect) return at >= 0 && at < n ? at : -1;
    while (at < 0 || at >= n) at = at < 0 ? -at : 2 * (n - 1) - at;
    return at;
  };
  for (int64_t layer = 0; layer < int64_t(dilations.size()) / width; ++layer) {
    int64_t from = x.channels + layer * width;
    auto given = weights(text(name, ".", layer, ".weight"));
    std::vector<T> weight(given.begin(), given.end());
    given = weights(text(name, ".", layer, ".bias"));
    std::vector<T> bias(given.begin(), given.end());
    for (int64_t j = 0; j < width; ++j) {
      int64_t d = dilations[size_t(layer * width + j)];
      each_voxel(x.size, [&](int64_t z, int64_t y, int64_t u) {
        T sum = bias[size_t(j)];
        for (int64_t c = 0; c < from; ++c)
          each_voxel(k, [&](int64_t kz, int64_t ky, int64_t kx) {
            int64_t sz = source(0, z + (kz - k.z / 2) * d), sy = source(1, y + (ky - k.y / 2) * d), sx = source(2, u + (kx - k.x / 2) * d);
            if (sz >= 0 && sy >= 0 && sx >= 0) sum += weight[size_t((((j * from + c) * k.z + kz) * k.y + ky) * k.x + kx)] * stack.at(c, sz, sy, sx);
          });
        stack.at(from + j, z, y, u) = std::max(sum, T(0));
      });
    }
  }
  return stack;
}

template <class T>
class Reference {
 public:
  Reference(const Graph& graph, const WeightLookup& weights) : graph_(graph), weights_(weights) {}

  std::vector<Image<T>> compute(const Image<T>& input) const {
    std::vector<NodeShape> shape = shapes(graph_, input.size);
    std::vector<Image<T>> all{input};
    for (size_t i = 1; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      Image<T> y(shape[i].channels, shape[i].size);
      const Image<T>& x = all[size_t(node.inputs.front())];
      switch (node.op) {
        case Op::input: break;
        case Op::conv: conv(node, x, y); break;
        case Op::transposed_conv: transposed_conv(node, x, y); break;
        case Op::norm: norm(node, x, y); break;
        case Op::activation: activation(node, x, y); break;
        case Op::bias: {
          auto bias = numbers(node.name + ".bias");
          map(y, [&](int64_t c, int64_t z, int64_t v, int64_t u) { return x.at(c, z, v, u) + bias[size_t(c)]; });
          break;
        }
        case Op::dropout: {
          T keep = node.classic_dropout ? T(1 - node.dropout) : T(1);
          map(y, [&](int64_t c, int64_t z, int64_t v, int64_t u) { return x.at(c, z, v, u) * keep; });
          break;
        }
        case Op::pool: pool(node, x, y); break;
        case Op::subsample:
          map(y, [&](int64_t c, int64_t z, int64_t v, int64_t u) { return x.at(c, z * node.factor.z, v * node.factor.y, u * node.factor.x); });
          break;
        case Op::lanczos: lanczos(node, x, y); break;
        case Op::upsample: upsample(node, x, y); break;
        case Op::crop: {
          Extent first;
          for (int axis = 0; axis < 3; ++axis) first[axis] = crop_start(node, axis, x.size[axis], y.size[axis]);
          map(y, [&](int64_t c, int64_t z, int64_t v, int64_t u) { return x.at(c, z + first.z, v + first.y, u + first.x); });
          break;
        }
        case Op::concat: {
          int64_t done = 0;
          for (int from : node.inputs) {
            const Image<T>& part = all[size_t(from)];
            std::copy(part.values.begin(), part.values.end(), y.values.begin() + done * y.size.voxels());
            done += part.channels;
          }
          break;
        }
        case Op::add:
          y = x;
          for (size_t k = 1; k < node.inputs.size(); ++k) {
            const Image<T>& other = all[size_t(node.inputs[k])];
            for (size_t v = 0; v < std::min(y.values.size(), other.values.size()); ++v) y.values[v] += other.values[v];
          }
          break;
        case Op::msd: y = msd_stack(x, node.name, node.kernel, node.width, node.layer_dilations, node.reflect, weights_); break;
      }
      all.push_back(std::move(y));
    }
    return all;
  }

 private:
  std::vector<T> numbers(const std::string& name) const {
    auto given = weights_(name);
    return {given.begin(), given.end()};
  }

  template <class Value>
  static void map(Image<T>& y, Value&& value) {
    for (int64_t c = 0; c < y.channels; ++c) each_voxel(y.size, [&](int64_t z, int64_t v, int64_t u) { y.at(c, z, v, u) = value(c, z, v, u); });
  }

  // Voxel of the input under tap `t` of output voxel `o`, -1 where a zero stands.
  static int64_t tap(const Node& node, int axis, int64_t n, int64_t o, int64_t t) {
    int64_t reach = node.dilation[axis] * (node.kernel[axis] - 1), before = node.padding[axis] == Padding::valid ? 0 : reach / 2;
    int64_t at = o * node.stride[axis] - before + t * node.dilation[axis];
    if (node.padding[axis] == Padding::mirror) {
      while (at < 0 || at >= n) at = at < 0 ? -1 - at : 2 * n - 1 - at;
      return at;
    }
    if (node.padding[axis] == Padding::reflect) {
      while (at < 0 || at >= n) at = at < 0 ? -at : 2 * (n - 1) - at;
      return at;
    }
    return at >= 0 && at < n ? at : -1;
  }

  void conv(const Node& node, const Image<T>& x, Image<T>& y) const {
    auto weight = numbers(node.name + ".weight"), bias = node.bias ? numbers(node.name + ".bias") : std::vector<T>(size_t(y.channels), T(0));
    Extent k = node.kernel;
    map(y, [&](int64_t o, int64_t oz, int64_t oy, int64_t ox) {
      T sum = bias[size_t(o)];
      for (int64_t c = 0; c < x.channels; ++c)
        each_voxel(k, [&](int64_t kz, int64_t ky, int64_t kx) {
          int64_t z = tap(node, 0, x.size.z, oz, kz), v = tap(node, 1, x.size.y, oy, ky), u = tap(node, 2, x.size.x, ox, kx);
          if (z >= 0 && v >= 0 && u >= 0) sum += weight[size_t((((o * x.channels + c) * k.z + kz) * k.y + ky) * k.x + kx)] * x.at(c, z, v, u);
        });
      return sum;
    });
  }

  void transposed_conv(const Node& node, const Image<T>& x, Image<T>& y) const {
    auto weight = numbers(node.name + ".weight"), bias = node.bias ? numbers(node.name + ".bias") : std::vector<T>(size_t(y.channels), T(0));
    Extent k = node.kernel, cut;
    for (int axis = 0; axis < 3; ++axis) cut[axis] = node.padding[axis] == Padding::valid ? 0 : node.dilation[axis] * (k[axis] - 1) / 2;
    map(y, [&](int64_t o, int64_t, int64_t, int64_t) { return bias[size_t(o)]; });
    for (int64_t c = 0; c < x.channels; ++c)
      each_voxel(x.size, [&](int64_t z, int64_t v, int64_t u) {
        each_voxel(k, [&](int64_t kz, int64_t ky, int64_t kx) {
          int64_t tz = z * node.stride.z + kz * node.dilation.z - cut.z, tv = v * node.stride.y + ky * node.dilation.y - cut.y, tu = u * node.stride.x + kx * node.dilation.x - cut.x;
          if (tz < 0 || tv < 0 || tu < 0 || tz >= y.size.z || tv >= y.size.y || tu >= y.size.x) return;
          for (int64_t o = 0; o < y.channels; ++o)
            y.at(o, tz, tv, tu) += weight[size_t((((c * y.channels + o) * k.z + kz) * k.y + ky) * k.x + kx)] * x.at(c, z, v, u);
        });
      });
  }

  void norm(const Node& node, const Image<T>& x, Image<T>& y) const {
    auto scale = node.scale ? numbers(node.name + ".weight") : std::vector<T>(size_t(x.channels), T(1));
    auto shift = node.shift ? numbers(node.name + ".bias") : std::vector<T>(size_t(x.channels), T(0));
    int64_t voxels = x.size.voxels();
    std::vector<T> running_mean, running_variance;
    if (node.norm == Norm::batch) running_mean = numbers(node.name + ".running_mean"), running_variance = numbers(node.name + ".running_var");
    for (int64_t c = 0; c < x.channels; ++c) {
      T mean = 0, variance = 0;
      if (node.norm == Norm::batch) {
        int64_t rows = node.running_mean_of_60 ? 60 : 1;
        for (int64_t r = 0; r < rows; ++r) mean += running_mean[size_t(r * x.channels + c)] / T(rows), variance += running_variance[size_t(r * x.channels + c)] / T(rows);
      } else {
        for (int64_t v = 0; v < voxels; ++v) mean += x.values[size_t(c * voxels + v)];
        mean /= T(voxels);
        for (int64_t v = 0; v < voxels; ++v) variance += (x.values[size_t(c * voxels + v)] - mean) * (x.values[size_t(c * voxels + v)] - mean);
        variance /= T(voxels);
      }
      T factor = scale[size_t(c)] / std::sqrt(variance + T(node.epsilon));
      for (int64_t v = 0; v < voxels; ++v) y.values[size_t(c * voxels + v)] = (x.values[size_t(c * voxels + v)] - mean) * factor + shift[size_t(c)];
    }
  }

  void activation(const Node& node, const Image<T>& x, Image<T>& y) const {
    std::vector<T> slopes = node.activation == Activation::prelu ? numbers(node.name + ".slope") : std::vector<T>{T(node.slope)};
    map(y, [&](int64_t c, int64_t z, int64_t v, int64_t u) {
      T in = x.at(c, z, v, u);
      switch (node.activation) {
        case Activation::none: return in;
        case Activation::relu: return std::max(in, T(0));
        case Activation::leaky_relu:
        case Activation::prelu: return in > 0 ? in : slopes[slopes.size() == 1 ? 0 : size_t(c)] * in;
        case Activation::elu: return in > 0 ? in : std::expm1(in);
        case Activation::swish: return in / (T(1) + std::exp(-in));
        case Activation::sigmoid: return T(1) / (T(1) + std::exp(-in));
      }
      return in;
    });
  }

  void pool(const Node& node, const Image<T>& x, Image<T>& y) const {
    map(y, [&](int64_t c, int64_t oz, int64_t oy, int64_t ox) {
      T best = -std::numeric_limits<T>::infinity(), sum = 0;
      int64_t count = 0;
      each_voxel(node.factor, [&](int64_t kz, int64_t ky, int64_t kx) {
        int64_t z = oz * node.factor.z + kz, v = oy * node.factor.y + ky, u = ox * node.factor.x + kx;
        if (z >= x.size.z || v >= x.size.y || u >= x.size.x) return;
        best = std::max(best, x.at(c, z, v, u));
        sum += x.at(c, z, v, u);
        ++count;
      });
      return node.max_pool ? best : sum / T(count);
    });
  }

  void lanczos(const Node& node, const Image<T>& x, Image<T>& y) const {
    LanczosFilter filters[] = {lanczos_filter(node.lobes, node.factor.z), lanczos_filter(node.lobes, node.factor.y), lanczos_filter(node.lobes, node.factor.x)};
    Extent taps{int64_t(filters[0].taps.size()), int64_t(filters[1].taps.size()), int64_t(filters[2].taps.size())};
    map(y, [&](int64_t c, int64_t oz, int64_t oy, int64_t ox) {
      Extent o{oz, oy, ox};
      T sum = 0;
      each_voxel(taps, [&](int64_t tz, int64_t ty, int64_t tx) {
        Extent t{tz, ty, tx}, at;
        double weight = 1;
        for (int axis = 0; axis < 3; ++axis) {
          at[axis] = std::clamp<int64_t>(o[axis] * node.factor[axis] - filters[axis].before + t[axis], 0, x.size[axis] - 1);
          weight *= filters[axis].taps[size_t(t[axis])];
        }
        sum += T(weight) * x.at(c, at.z, at.y, at.x);
      });
      return sum;
    });
  }

  void upsample(const Node& node, const Image<T>& x, Image<T>& y) const {
    if (!node.linear_upsample) {
      map(y, [&](int64_t c, int64_t z, int64_t v, int64_t u) { return x.at(c, z / node.factor.z, v / node.factor.y, u / node.factor.x); });
      return;
    }
    struct Between { int64_t low, high; T share; };  // value = low * (1 - share) + high * share
    auto between = [&](int axis, int64_t o) {
      T place = (T(o) + T(0.5)) / T(node.factor[axis]) - T(0.5), low = std::floor(place);
      int64_t last = x.size[axis] - 1;
      return Between{std::clamp<int64_t>(int64_t(low), 0, last), std::clamp<int64_t>(int64_t(low) + 1, 0, last), place - low};
    };
    map(y, [&](int64_t c, int64_t oz, int64_t oy, int64_t ox) {
      Between z = between(0, oz), v = between(1, oy), u = between(2, ox);
      T sum = 0;
      for (int corner = 0; corner < 8; ++corner) {
        bool hz = corner & 4, hv = corner & 2, hu = corner & 1;
        T share = (hz ? z.share : 1 - z.share) * (hv ? v.share : 1 - v.share) * (hu ? u.share : 1 - u.share);
        sum += share * x.at(c, hz ? z.high : z.low, hv ? v.high : v.low, hu ? u.high : u.low);
      }
      return sum;
    });
  }

  const Graph& graph_;
  const WeightLookup& weights_;
};

// Weights that keep the values of a network near 1: convolutions He-like, variances and norm factors in [0.5, 1.5).
class TestWeights {
 public:
  explicit TestWeights(const Graph& graph, uint64_t seed = 7) {
    for (const Parameter& parameter : parameters(graph)) {
      size_t count = 1;
      for (int64_t side : parameter.shape) count *= size_t(side);
      Random random(seed, "test weights/" + parameter.name);
      std::string part = parameter.name.substr(parameter.name.rfind('.') + 1);
      bool positive = part == "running_var" || (part == "weight" && parameter.fan_in == 0);
      double width = parameter.fan_in > 0 ? std::sqrt(6.0 / double(parameter.fan_in)) : 0.5;
      for (size_t i = 0; i < count; ++i) tensors_[parameter.name].push_back(float(positive ? random.uniform(0.5, 1.5) : random.uniform(-width, width)));
    }
  }
  WeightLookup lookup() const {
    return [this](const std::string& name) -> std::span<const float> {
      auto found = tensors_.find(name);
      if (found == tensors_.end()) fail_input("no weight is called " + name);
      return found->second;
    };
  }
  std::map<std::string, std::vector<float>>& tensors() { return tensors_; }

 private:
  std::map<std::string, std::vector<float>> tensors_;
};

template <class T>
Image<T> test_image(int64_t channels, Extent size, uint64_t index = 0) {
  Image<T> image(channels, size);
  Random random(11, "test image", index);
  for (T& value : image.values) value = T(float(random.normal()));
  return image;
}

// Largest difference between float and double over a node.
inline double rounding_error(const Image<float>& single, const Image<double>& exact) {
  double most = 0;
  for (size_t i = 0; i < exact.values.size(); ++i) most = std::max(most, std::abs(double(single.values[i]) - exact.values[i]));
  return most;
}

}  // namespace tomograd::graph_reference
