#include "restoration/input_code.h"

#include <ATen/Parallel.h>

#include <algorithm>

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

}  // namespace

int64_t code_channels(const RestoreSpec& spec) { return spec.code == "meshgrid" ? coordinate_channels : spec.code_depth; }

InputCode::InputCode(const RestoreSpec& spec, Extent volume) : spec_(spec), volume_(volume) {}

at::Tensor InputCode::at(const Box& at, int64_t iteration, at::ScalarType type) const {
  uint64_t seed = uint64_t(spec_.seed);
  CodeNoise noise{Random(seed, "restoration/code").bits64(), Random(seed, "restoration/perturbation", uint64_t(iteration)).bits64(), code_channels(spec_), float(spec_.code_scale), float(spec_.perturbation)};
  at::Tensor code = at::empty({1, noise.depth, at.size.z, at.size.y, at.size.x}, at::TensorOptions().dtype(type).memory_format(at::MemoryFormat::ChannelsLast3d));
  bool grid = spec_.code == "meshgrid";
  if (type == at::kBFloat16) fill_code(noise, grid, volume_, at, code.data_ptr<at::BFloat16>());
  else fill_code(noise, grid, volume_, at, code.data_ptr<float>());
  return code;
}

}  // namespace tomograd
