#include <cmath>

#include "sampling/patch.h"

namespace tomograd {
namespace {

template <class T>
Buffer<T> mirrored(const Buffer<T>& v, Extent size, const std::array<bool, 3>& flip) {
  Buffer<T> out(v.size());
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x) {
        int64_t fz = flip[0] ? size.z - 1 - z : z, fy = flip[1] ? size.y - 1 - y : y, fx = flip[2] ? size.x - 1 - x : x;
        out[(z * size.y + y) * size.x + x] = v[(fz * size.y + fy) * size.x + fx];
      }
  return out;
}

float linear_at(BlockSource& source, int64_t channel, const std::array<double, 3>& at) {
  Box box{{int64_t(std::floor(at[0])), int64_t(std::floor(at[1])), int64_t(std::floor(at[2]))}, {2, 2, 2}};
  float v[8];
  copy_box(source, channel, box, v);
  double sum = 0;
  for (int corner = 0; corner < 8; ++corner) {
    double weight = 1;
    for (int a = 0; a < 3; ++a) {
      double part = at[size_t(a)] - double(box.begin[a]);
      weight *= corner >> (2 - a) & 1 ? part : 1 - part;
    }
    sum += weight * double(v[corner]);
  }
  return float(sum);
}

}  // namespace

void render_patch_reference(BlockSource& source, const PatchPlace& place, Extent patch, const PatchAugmentation& augmentation, float* image, uint8_t* labels) {
  const PatchKernels& kernels = patch_kernels_reference();
  const int64_t n = patch.voxels();
  const Box box{place.begin, patch};
  auto each_voxel = [&](auto&& body) {
    for (int64_t z = 0, i = 0; z < patch.z; ++z)
      for (int64_t y = 0; y < patch.y; ++y)
        for (int64_t x = 0; x < patch.x; ++x, ++i) body(i, source_position(augmentation, place.begin, patch, double(z), double(y), double(x)));
  };
  for (size_t c = 0; c < augmentation.channels.size(); ++c) {
    const ChannelAugmentation& channel = augmentation.channels[c];
    float* out = image + int64_t(c) * n;
    Buffer<float> values(n), noise(n), copy;
    if (augmentation.affine) {
      each_voxel([&](int64_t i, const std::array<double, 3>& at) { values[i] = linear_at(source, int64_t(c), at); });
    } else {
      copy_box(source, int64_t(c), box, values.data());
      values = mirrored(values, patch, augmentation.flip);
    }
    if (channel.noise_sigma > 0) normal_noise_reference(channel.noise, 0, n, noise.data());
    for (int64_t i = 0; i < n; ++i) {
      float v = channel.noise_sigma > 0 ? std::fma(channel.noise_sigma, noise[i], values[i]) : values[i];
      out[i] = v * channel.brightness;
    }
    apply_later_steps(kernels, channel, nullptr, patch, copy, out);
    if (channel.dropped)
      for (int64_t i = 0; i < n; ++i) out[i] = 0;
  }
  if (!source.has_labels()) {
    for (int64_t i = 0; i < n; ++i) labels[i] = not_counted;
  } else if (augmentation.affine) {
    each_voxel([&](int64_t i, const std::array<double, 3>& at) {
      Box one{{int64_t(std::floor(at[0] + 0.5)), int64_t(std::floor(at[1] + 0.5)), int64_t(std::floor(at[2] + 0.5))}, {1, 1, 1}};
      copy_label_box(source, one, labels + i, not_counted);
    });
  } else {
    Buffer<uint8_t> values(n);
    copy_label_box(source, box, values.data(), not_counted);
    values = mirrored(values, patch, augmentation.flip);
    for (int64_t i = 0; i < n; ++i) labels[i] = values[i];
  }
}

}  // namespace tomograd
