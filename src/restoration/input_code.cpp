#include "restoration/input_code.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace tomograd {
namespace {

constexpr int64_t coordinate_channels = 3;
constexpr uint64_t row_room = uint64_t{1} << 21;  // positions per axis, so that a place does not depend on the volume's size

template <class T>
void coordinates(const Extent& volume, Extent first, int64_t voxels, T* into) {
  auto share = [&](int axis, int64_t place) { return T(volume[axis] > 1 ? float(place) / float(volume[axis] - 1) : 0.5f); };
  for (int64_t v = 0; v < voxels; ++v) {
    into[3 * v] = share(0, first.z);
    into[3 * v + 1] = share(1, first.y);
    into[3 * v + 2] = share(2, first.x + v);
  }
}

template <class T>
void fill_code(const CodeNoise& noise, bool grid, const Extent& volume, const Box& at, T* into) {
  at::parallel_for(0, at.size.z * at.size.y, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      Extent first = at.begin + Extent{row / at.size.y, row % at.size.y, 0};
      T* values = into + row * at.size.x * noise.depth;
      if (grid) coordinates(volume, first, at.size.x, values);
      uint64_t place = (uint64_t(first.z) * row_room + uint64_t(first.y)) * row_room + uint64_t(first.x);
      if (!grid || noise.sigma > 0) code_row(noise, place, at.size.x, !grid, values);
    }
  });
}

// Image and noise side by side in each voxel.
template <class T>
void side_by_side(const float* image, int64_t image_depth, const std::vector<T>& noise, int64_t noise_depth, int64_t voxels, T* into) {
  int64_t depth = image_depth + noise_depth;
  at::parallel_for(0, voxels, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v) {
      for (int64_t c = 0; c < image_depth; ++c) into[v * depth + c] = T(image[v * image_depth + c]);
      for (int64_t c = 0; c < noise_depth; ++c) into[v * depth + image_depth + c] = noise[size_t(v * noise_depth + c)];
    }
  });
}

template <class T>
void fill_input(const CodeNoise& noise, bool grid, const Extent& volume, const Box& at, const Buffer<float>& image, int64_t image_depth, T* into) {
  if (image_depth == 0) return fill_code(noise, grid, volume, at, into);
  std::vector<T> beside(size_t(at.size.voxels() * noise.depth));
  if (noise.depth > 0) fill_code(noise, false, volume, at, beside.data());
  side_by_side(image.data(), image_depth, beside, noise.depth, at.size.voxels(), into);
}

int64_t noise_channels(const RestoreSpec& spec) { return spec.code == "meshgrid" ? coordinate_channels : spec.code_depth; }

}  // namespace

int64_t code_channels(const RestoreSpec& spec) {
  if (spec.code == "planes") return 1;           // slices themselves (plane_fit.h)
  if (spec.code == "noise" && spec.code_depth == 0) fail_input("code_depth is 0: a noise code needs channels", "expected at least 1, usually 32");
  return image_channels(spec) + noise_channels(spec);
}

InputCode::InputCode(const RestoreSpec& spec, Extent volume, const VisibleImage& image) : spec_(spec), volume_(volume), image_(image) {}

at::Tensor InputCode::at(const Box& at, Extent image_begin, int64_t iteration, at::ScalarType type) const {
  uint64_t seed = uint64_t(spec_.seed);
  CodeNoise noise{Random(seed, "restoration/code").bits64(), Random(seed, "restoration/perturbation", uint64_t(iteration)).bits64(), noise_channels(spec_), float(spec_.code_scale), float(spec_.perturbation)};
  int64_t depth = image_channels(spec_);
  Buffer<float> image(depth * at.size.voxels());
  if (depth > 0) image_.fill({image_begin, at.size}, iteration, image.data());
  at::Tensor code = at::empty({1, depth + noise.depth, at.size.z, at.size.y, at.size.x}, at::TensorOptions().dtype(type).memory_format(at::MemoryFormat::ChannelsLast3d));
  bool grid = spec_.code == "meshgrid";
  if (type == at::kBFloat16) fill_input(noise, grid, volume_, at, image, depth, code.data_ptr<at::BFloat16>());
  else fill_input(noise, grid, volume_, at, image, depth, code.data_ptr<float>());
  return code;
}

}  // namespace tomograd
