#include "restoration/visible_image.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "base/random.h"
#include "volume/cubic_slices.h"

namespace tomograd {
namespace {

uint32_t hidden_draw(uint64_t key, uint64_t voxel) {   // splitmix64's finaliser over a Weyl sequence, as in code_noise.cpp
  uint64_t v = key + (voxel + 1) * 0x9E3779B97F4A7C15ull;
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9ull;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBull;
  return uint32_t((v ^ (v >> 31)) >> 32);
}

int64_t voxel_at(const Extent& size, const Extent& at) { return (at.z * size.y + at.y) * size.x + at.x; }

}  // namespace

int64_t image_channels(const RestoreSpec& spec) { return spec.code != "observed" ? 0 : spec.task == "inpaint" ? 2 : 1; }

VisibleImage::VisibleImage(const RestoreSpec& spec, const SliceProfile& profile, Extent seen, const float* voxels, const uint8_t* use)
    : size_(seen), voxels_(voxels), use_(use), channels_(image_channels(spec)), seed_(uint64_t(spec.seed)) {
  if (channels_ == 0) return;
  double sum = 0, count = 0;
  for (int64_t i = 0; i < seen.voxels(); ++i)
    if (!use || VoxelUse(use[i]) == VoxelUse::fitted) sum += double(voxels[i]), ++count;
  usual_ = float(sum / std::max(1.0, count));
  if (profile.is_identity()) {
    hidden_ = uint32_t(spec.hidden * 4294967295.0);
    return;
  }
  Buffer<float> thick(seen.voxels());
  for (int64_t i = 0; i < seen.voxels(); ++i) thick[i] = is_seen(i, 0) ? voxels[i] : without({i / (seen.y * seen.x), i / seen.x % seen.y, i % seen.x}, 0);
  size_[profile.axis] *= profile.factor;
  thin_ = Buffer<float>(size_.voxels());
  cubic_slices(thick.data(), seen, profile.axis, profile.factor, thin_.data());
}

uint64_t VisibleImage::key(int64_t iteration) const { return Random(seed_, "restoration/hidden", uint64_t(iteration)).bits64(); }

bool VisibleImage::is_seen(int64_t voxel, uint64_t key) const {
  return (!use_ || VoxelUse(use_[voxel]) == VoxelUse::fitted) && (hidden_ == 0 || hidden_draw(key, uint64_t(voxel)) >= hidden_);
}

float VisibleImage::without(const Extent& at, uint64_t key) const {
  float sum = 0, count = 0;
  for (int64_t z = std::max<int64_t>(0, at.z - 1); z < std::min(size_.z, at.z + 2); ++z)
    for (int64_t y = std::max<int64_t>(0, at.y - 1); y < std::min(size_.y, at.y + 2); ++y)
      for (int64_t x = std::max<int64_t>(0, at.x - 1); x < std::min(size_.x, at.x + 2); ++x) {
        int64_t voxel = voxel_at(size_, {z, y, x});
        if (is_seen(voxel, key)) sum += voxels_[voxel], ++count;
      }
  return count > 0 ? sum / count : usual_;
}

void VisibleImage::fill(const Box& at, int64_t iteration, float* into) const {
  uint64_t drawn = key(iteration);
  at::parallel_for(0, at.size.z * at.size.y, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      Extent place{std::clamp<int64_t>(at.begin.z + row / at.size.y, 0, size_.z - 1), std::clamp<int64_t>(at.begin.y + row % at.size.y, 0, size_.y - 1), 0};
      for (int64_t x = 0; x < at.size.x; ++x) {
        place.x = std::clamp<int64_t>(at.begin.x + x, 0, size_.x - 1);
        int64_t voxel = voxel_at(size_, place);
        bool seen = !thin_.empty() || is_seen(voxel, drawn);
        float* values = into + (row * at.size.x + x) * channels_;
        values[0] = !thin_.empty() ? thin_[voxel] : seen ? voxels_[voxel] : without(place, drawn);
        if (channels_ > 1) values[1] = seen ? 1.0f : 0.0f;
      }
    }
  });
}

int64_t VisibleImage::fit_hidden(const Box& at, int64_t iteration, uint8_t* use) const {
  uint64_t drawn = key(iteration);
  int64_t fitted = 0, one = -1, n = at.size.voxels();
  for (int64_t i = 0; i < n; ++i) {
    if (VoxelUse(use[i]) != VoxelUse::fitted) continue;
    int64_t voxel = voxel_at(size_, at.begin + Extent{i / (at.size.y * at.size.x), i / at.size.x % at.size.y, i % at.size.x});
    if (is_seen(voxel, drawn)) use[i] = uint8_t(VoxelUse::missing), one = i;
    else ++fitted;
  }
  if (fitted > 0 || one < 0) return fitted;
  use[one] = uint8_t(VoxelUse::fitted);          // tiny volumes: seen and fitted is better than no step
  return 1;
}

}  // namespace tomograd
