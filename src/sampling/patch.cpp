#include "sampling/patch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sampling/block_rows.h"

namespace tomograd {
namespace {

constexpr int64_t noise_at_once = 4096;          // values: 16 kB, half of a first-level cache
constexpr int64_t rows_ahead = 16;               // how far reading runs ahead of writing
constexpr int64_t box_at_once = 64 * 1024;       // voxels of the source box of an affine tile: 256 kB, a part of a second-level cache

template <class T>
T* room(Buffer<T>& buffer, int64_t size) {
  if (buffer.size() < size) buffer = Buffer<T>(size);
  return buffer.data();
}

// Noise of output rows, made for a group of rows at a time while it fits the first-level cache.
class NoiseRows {
 public:
  NoiseRows(const ChannelAugmentation& channel, Extent patch, Buffer<float>& buffer) : stream_(channel.noise), n_(patch.x), rows_(patch.z * patch.y) {
    if (channel.noise_sigma <= 0) return;
    group_ = std::max<int64_t>(1, noise_at_once / n_);
    values_ = room(buffer, group_ * n_ + 2 * noise_tile);
  }
  const float* row(int64_t r) {                  // r ascending; null without noise
    if (!values_) return nullptr;
    if (r >= end_) {
      end_ = std::min(rows_, r + group_);
      first_ = r * n_ / noise_tile * noise_tile;
      normal_noise(stream_, first_, end_ * n_ - first_, values_);
    }
    return values_ + (r * n_ - first_);
  }

 private:
  NoiseStream stream_;
  int64_t n_, rows_, group_ = 0, first_ = 0, end_ = 0;
  float* values_ = nullptr;
};

struct Placement {
  const PatchAugmentation& augmentation;
  Extent begin, patch;
  int64_t z(int64_t i) const { return begin.z + (augmentation.flip[0] ? patch.z - 1 - i : i); }
  int64_t y(int64_t i) const { return begin.y + (augmentation.flip[1] ? patch.y - 1 - i : i); }

  template <class Rows, class Body>
  void each_row(Rows& rows, Body&& body) const {  // body(row of the blocks, number of the output row), in output order
    const int64_t count = patch.z * patch.y;
    int64_t ahead_z = rows_ahead / patch.y, ahead_y = rows_ahead % patch.y;
    for (int64_t zi = 0, r = 0; zi < patch.z; ++zi)
      for (int64_t yi = 0; yi < patch.y; ++yi, ++r) {
        if (r + rows_ahead < count) rows.prefetch(z(ahead_z), y(ahead_y));
        if (++ahead_y == patch.y) ahead_y = 0, ++ahead_z;
        body(rows.at(z(zi), y(yi)), r);
      }
  }
};

template <class T>
void fill_box(BlockSource& source, int64_t channel, const Box& box, T outside, Buffer<T>& line, T* into) {
  BlockRows<T> rows(source, channel, box, outside, room(line, box.size.x));
  for (int64_t z = 0; z < box.size.z; ++z)
    for (int64_t y = 0; y < box.size.y; ++y) rows.copy(box.begin.z + z, box.begin.y + y, into + (z * box.size.y + y) * box.size.x);
}

// The box of voxels that linear interpolation needs for a box of the patch, with a little to spare for rounding.
Box source_box(const Placement& p, const Box& tile) {
  std::array<double, 3> low{1e300, 1e300, 1e300}, high{-1e300, -1e300, -1e300};
  for (int corner = 0; corner < 8; ++corner) {
    auto at = source_position(p.augmentation, p.begin, p.patch, double(tile.begin.z + (corner & 4 ? tile.size.z - 1 : 0)), double(tile.begin.y + (corner & 2 ? tile.size.y - 1 : 0)),
                              double(tile.begin.x + (corner & 1 ? tile.size.x - 1 : 0)));
    for (size_t a = 0; a < 3; ++a) low[a] = std::min(low[a], at[a]), high[a] = std::max(high[a], at[a]);
  }
  Box box;
  for (int a = 0; a < 3; ++a) {
    box.begin[a] = int64_t(std::floor(low[size_t(a)] - 1e-3));
    box.size[a] = int64_t(std::floor(high[size_t(a)] + 1e-3)) + 2 - box.begin[a];
  }
  return box;
}

Extent affine_tile(const Placement& p) {         // edges whose source box stays small, whatever the matrix
  Extent tile{std::min<int64_t>(16, p.patch.z), std::min<int64_t>(16, p.patch.y), std::min<int64_t>(32, p.patch.x)};
  while (tile.voxels() > 1 && source_box(p, Box{{0, 0, 0}, tile}).size.voxels() > box_at_once) {
    int longest = tile.z >= tile.y && tile.z >= tile.x ? 0 : tile.y >= tile.x ? 1 : 2;
    tile[longest] = (tile[longest] + 1) / 2;
  }
  return tile;
}

template <class T, class Sample>
void sample_affine(BlockSource& source, int64_t channel, const Placement& p, T outside, Buffer<T>& line, Buffer<T>& scratch, Sample sample, T* out) {
  const Extent tile = affine_tile(p), patch = p.patch;
  float step[3];
  for (size_t a = 0; a < 3; ++a) step[a] = float(p.augmentation.flip[2] ? -p.augmentation.matrix[a][2] : p.augmentation.matrix[a][2]);
  for (int64_t tz = 0; tz < patch.z; tz += tile.z)
    for (int64_t ty = 0; ty < patch.y; ty += tile.y)
      for (int64_t tx = 0; tx < patch.x; tx += tile.x) {
        Box part = intersection(Box{{tz, ty, tx}, tile}, Box{{0, 0, 0}, patch});
        Box box = source_box(p, part);
        T* values = room(scratch, box.size.voxels());
        fill_box(source, channel, box, outside, line, values);
        for (int64_t z = tz; z < part.end().z; ++z)
          for (int64_t y = ty; y < part.end().y; ++y) {
            auto at = source_position(p.augmentation, p.begin, patch, double(z), double(y), double(tx));
            float start[3];
            for (int a = 0; a < 3; ++a) start[a] = float(at[size_t(a)] - double(box.begin[a]));
            sample(values, box.size, start, step, part.size.x, out + (z * patch.y + y) * patch.x + tx);
          }
      }
}

void render_channel(BlockSource& source, int64_t index, const Placement& p, const ChannelAugmentation& channel, bool stream, PatchWorkspace& w, float* out) {
  const PatchKernels& kernels = patch_kernels();
  const Extent patch = p.patch;
  const bool later = channel.later_steps(), affine = p.augmentation.affine;
  const bool counted = channel.contrast != 1 && channel.blur_sigma <= 0;
  VoxelStatistics statistics;
  RowChange change;
  change.reversed = !affine && p.augmentation.flip[2];
  change.sigma = channel.noise_sigma;
  change.factor = channel.brightness;
  change.stream = stream && !later && !affine;
  NoiseRows noise(channel, patch, w.noise);
  const float outside = source.outside(index);
  auto change_row = [&](const SplitRow<float>& in, int64_t r) {
    change.noise = noise.row(r);
    kernels.row(in, patch.x, change, counted ? &statistics : nullptr, out + r * patch.x);
  };
  auto finish = [&] {
    if (later) apply_later_steps(kernels, channel, counted ? &statistics : nullptr, patch, w.copy, out);
  };
  if (affine) sample_affine<float>(source, index, p, outside, w.line, w.box, kernels.sample_linear, out);
  if (affine) {
    if (channel.noise_sigma <= 0 && channel.brightness == 1 && !counted) return finish();
    for (int64_t r = 0; r < patch.z * patch.y; ++r) change_row({out + r * patch.x, nullptr, patch.x}, r);
  } else {
    BlockRows<float> rows(source, index, Box{p.begin, patch}, outside, room(w.line, patch.x));
    p.each_row(rows, change_row);
  }
  finish();
}

void render_labels(BlockSource& source, const Placement& p, bool stream, PatchWorkspace& w, uint8_t* out) {
  const PatchKernels& kernels = patch_kernels();
  const Extent patch = p.patch;
  if (!source.has_labels()) {
    std::memset(out, not_counted, size_t(patch.voxels()));
  } else if (p.augmentation.affine) {
    sample_affine<uint8_t>(source, -1, p, not_counted, w.label_line, w.label_box, kernels.sample_nearest, out);
  } else {
    BlockRows<uint8_t> rows(source, -1, Box{p.begin, patch}, not_counted, room(w.label_line, patch.x));
    p.each_row(rows, [&](const SplitRow<uint8_t>& in, int64_t r) { kernels.label_row(in, patch.x, p.augmentation.flip[2], stream, out + r * patch.x); });
  }
}

}  // namespace

std::array<double, 3> source_position(const PatchAugmentation& augmentation, Extent begin, Extent patch, double z, double y, double x) {
  double offset[3] = {z, y, x};
  std::array<double, 3> at{};
  for (int a = 0; a < 3; ++a) {
    double centre = double(patch[a] - 1) / 2;
    offset[a] = augmentation.flip[size_t(a)] ? centre - offset[a] : offset[a] - centre;
  }
  for (int a = 0; a < 3; ++a) {
    const auto& row = augmentation.matrix[size_t(a)];
    at[size_t(a)] = row[0] * offset[0] + row[1] * offset[1] + row[2] * offset[2] + (double(begin[a]) + double(patch[a] - 1) / 2);
  }
  return at;
}

void apply_later_steps(const PatchKernels& kernels, const ChannelAugmentation& channel, const VoxelStatistics* known, Extent patch, Buffer<float>& copy, float* v) {
  const int64_t n = patch.voxels(), scratch = n + patch.x + 64;
  if (channel.blur_sigma > 0) gaussian_blur(kernels, v, patch, channel.blur_sigma, room(copy, scratch));
  if (channel.contrast != 1) {
    VoxelStatistics s = known ? *known : voxel_statistics(kernels, v, n);
    kernels.contrast(v, n, float(s.mean()), s.minimum, s.maximum, float(channel.contrast));
  }
  if (channel.zoom != 1) lower_resolution(kernels, v, patch, channel.zoom, room(copy, scratch));
  if (channel.gamma_inverted != 1) gamma_curve(kernels, v, n, channel.gamma_inverted, true);
  if (channel.gamma != 1) gamma_curve(kernels, v, n, channel.gamma, false);
}

void render_patch(BlockSource& source, const PatchPlace& place, Extent patch, const PatchAugmentation& augmentation, bool stream, PatchWorkspace& workspace, float* image, uint8_t* labels) {
  const Placement placement{augmentation, place.begin, patch};
  const int64_t voxels = patch.voxels();
  for (size_t c = 0; c < augmentation.channels.size(); ++c) {
    float* out = image + int64_t(c) * voxels;
    if (augmentation.channels[c].dropped) std::memset(out, 0, size_t(voxels) * sizeof(float));
    else render_channel(source, int64_t(c), placement, augmentation.channels[c], stream, workspace, out);
  }
  render_labels(source, placement, stream, workspace, labels);
  if (stream) finish_streaming();
}

}  // namespace tomograd
