#include "dataset/phantom_cells_planes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"

namespace tomograd {
namespace {

constexpr int64_t index_slab = 16;               // of the index of cells; changes no voxel
constexpr double psf_um[3] = {2.0, 0.8, 0.8};    // standard deviations of the PSF
constexpr float offset = 100, background = 60, read_noise = 6, gain = 2;  // counts; variance = gain * signal + read noise^2

// 53 bits of a lattice point (splitmix64's finaliser over the key and the three numbers).
double lattice(uint64_t key, int64_t z, int64_t y, int64_t x) {
  uint64_t v = key + uint64_t(z) * 0x9E3779B97F4A7C15u + uint64_t(y) * 0xC2B2AE3D27D4EB4Fu + uint64_t(x) * 0x165667B19E3779F9u;
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9u;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBu;
  return double((v ^ (v >> 31)) >> 11) * 0x1p-53;
}

double smooth(double t) { return t * t * (3 - 2 * t); }

// Value noise in [0, 1] with lattice distance 1 at a point.
double noise_at(uint64_t key, double z, double y, double x) {
  double fz = std::floor(z), fy = std::floor(y), fx = std::floor(x), tz = smooth(z - fz), ty = smooth(y - fy), tx = smooth(x - fx);
  auto iz = int64_t(fz), iy = int64_t(fy), ix = int64_t(fx);
  double sum = 0;
  for (int64_t dz = 0; dz < 2; ++dz)
    for (int64_t dy = 0; dy < 2; ++dy)
      for (int64_t dx = 0; dx < 2; ++dx) sum += (dz ? tz : 1 - tz) * (dy ? ty : 1 - ty) * (dx ? tx : 1 - tx) * lattice(key, iz + dz, iy + dy,
          ix + dx);
  return sum;
}

// The same along a row, with a lattice distance of many voxels: ends of each piece once, smooth between.
void noise_row(uint64_t key, double z, double y, double pitch_x, std::vector<float>& row) {
  double fz = std::floor(z), fy = std::floor(y), tz = smooth(z - fz), ty = smooth(y - fy);
  auto iz = int64_t(fz), iy = int64_t(fy);
  auto end = [&](int64_t ix) {
    return (1 - tz) * ((1 - ty) * lattice(key, iz, iy, ix) + ty * lattice(key, iz, iy + 1, ix))
        + tz * ((1 - ty) * lattice(key, iz + 1, iy, ix) + ty * lattice(key, iz + 1, iy + 1, ix));
  };
  int64_t piece = -1;
  double left = 0, right = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    double x = double(i) / pitch_x;
    auto ix = int64_t(x);
    if (ix != piece) left = end(ix), right = end(ix + 1), piece = ix;
    row[i] = float(left + (right - left) * smooth(x - double(ix)));
  }
}

std::vector<float> gaussian(double sigma) {
  auto reach = int64_t(std::ceil(3 * sigma));
  std::vector<double> w;
  double sum = 0;
  for (int64_t i = -reach; i <= reach; ++i) w.push_back(std::exp(-0.5 * double(i * i) / (sigma * sigma))), sum += w.back();
  std::vector<float> taps;
  for (double v : w) taps.push_back(float(v / sum));
  return taps;
}

double square_distance(const PhantomCell& cell, double dz, double dy, double dx) {
  const auto& m = cell.shape;
  return m[0][0] * dz * dz + m[1][1] * dy * dy + m[2][2] * dx * dx + 2 * (m[0][1] * dz * dy + m[0][2] * dz * dx + m[1][2] * dy * dx);
}

}  // namespace

CellPlanes::CellPlanes(const CellsOptions& options, const std::vector<PhantomCell>& cells)
    : options_(options), size_(options.size), cells_(cells), psf_z_(gaussian(psf_um[0] / options.spacing[0])),
        psf_y_(gaussian(psf_um[1] / options.spacing[1])),
      psf_x_(gaussian(psf_um[2] / options.spacing[2])) {
  // The index reaches as far outside as blurred() is asked for.
  const int64_t planes = size_.z + 2 * reach();
  by_slab_.resize(size_t(ceil_div(planes, index_slab)));
  for (size_t c = 0; c < cells.size(); ++c) {
    auto first = int64_t(std::floor(cells[c].centre[0] - cells[c].half[0])) + reach(),
        last = int64_t(std::ceil(cells[c].centre[0] + cells[c].half[0])) + reach();
    for (int64_t s = std::max<int64_t>(0, first) / index_slab; s <= std::min(last, planes - 1) / index_slab; ++s) by_slab_[size_t(s)].push_back(int32_t(c));
  }
  // Dirt and afterpulses: points that the PSF makes as large as themselves, as bright as cells. One to 15 cells.
  Random random(options.seed, "phantom/cells/specks");
  for (int64_t n = options.cells / 15 + 1; n > 0; --n) {
    Speck speck{random.uniform(0, double(size_.z)), random.uniform(0, double(size_.y)), random.uniform(0, double(size_.x)), 0};
    speck.brightness = 4000 * std::exp(0.7 * random.normal());
    specks_.push_back(speck);
  }
  std::sort(specks_.begin(), specks_.end(), [](const Speck& a, const Speck& b) { return std::array{a.z, a.y, a.x} < std::array{b.z, b.y, b.x}; });
}

// Calls visit(voxel index in the plane, cell, squared distance < 1, dz, dy, dx) for every voxel of every cell in plane z.
template <class Visit>
void CellPlanes::for_each_inside(int64_t z, const Visit& visit) const {
  for (int32_t c : by_slab_[size_t((z + reach()) / index_slab)]) {
    const PhantomCell& cell = cells_[size_t(c)];
    double dz = double(z) - cell.centre[0];
    if (std::abs(dz) > cell.half[0]) continue;
    const int64_t y0 = std::max<int64_t>(0, int64_t(std::ceil(cell.centre[1] - cell.half[1]))),
        y1 = std::min(size_.y - 1, int64_t(std::floor(cell.centre[1] + cell.half[1])));
    const int64_t x0 = std::max<int64_t>(0, int64_t(std::ceil(cell.centre[2] - cell.half[2]))),
        x1 = std::min(size_.x - 1, int64_t(std::floor(cell.centre[2] + cell.half[2])));
    for (int64_t y = y0; y <= y1; ++y)
      for (int64_t x = x0; x <= x1; ++x) {
        double dy = double(y) - cell.centre[1], dx = double(x) - cell.centre[2], q = square_distance(cell, dz, dy, dx);
        if (q < 1) visit(y * size_.x + x, cell, q, dz, dy, dx);
      }
  }
}

void CellPlanes::blurred(int64_t z, float* into, float* scratch) const {
  std::fill(scratch, scratch + voxels(), 0.0f);
  const uint64_t texture = purpose_hash("phantom/cells/texture") ^ options_.seed * 0x9E3779B97F4A7C15u;
  const auto& s = options_.spacing;
  for_each_inside(z, [&](int64_t i, const PhantomCell& cell, double, double dz, double dy, double dx) {
    // Chromatin: grains of about 2 um, and dark nucleoli where slow noise is high. The noise moves with the cell.
    const uint64_t key = texture + uint64_t(cell.id) * 0xD6E8FEB86659FD93u;
    double um_z = dz * s[0], um_y = dy * s[1], um_x = dx * s[2];
    double grain = noise_at(key, um_z / 2, um_y / 2, um_x / 2), slow = noise_at(key + 1, um_z / 4, um_y / 4, um_x / 4);
    double value = cell.brightness * (0.65 + 0.6 * grain) * (slow > 0.72 ? 0.5 : 1.0);
    scratch[i] = std::max(scratch[i], float(value));
  });
  auto first = std::lower_bound(specks_.begin(), specks_.end(), double(z) - 0.5, [](const Speck& speck, double at) { return speck.z < at; });
  for (; first != specks_.end() && first->z < double(z) + 0.5; ++first) {
    int64_t y = std::min(size_.y - 1, int64_t(first->y)), x = std::min(size_.x - 1, int64_t(first->x));
    scratch[y * size_.x + x] += float(first->brightness / (s[0] * s[1] * s[2]));
  }

  // Along x into `into`, along y back into `scratch`, then copied; the volume's last voxel stands for what is beyond.
  const auto rx = int64_t(psf_x_.size()) / 2, ry = int64_t(psf_y_.size()) / 2;
  for (int64_t y = 0; y < size_.y; ++y) {
    const float* from = scratch + y * size_.x;
    float* to = into + y * size_.x;
    for (int64_t x = 0; x < size_.x; ++x) {
      float sum = 0;
      if (x >= rx && x + rx < size_.x)
        for (int64_t k = -rx; k <= rx; ++k) sum += psf_x_[size_t(k + rx)] * from[x + k];
      else
        for (int64_t k = -rx; k <= rx; ++k) sum += psf_x_[size_t(k + rx)] * from[std::clamp<int64_t>(x + k, 0, size_.x - 1)];
      to[x] = sum;
    }
  }
  for (int64_t y = 0; y < size_.y; ++y) {
    float* to = scratch + y * size_.x;
    std::fill(to, to + size_.x, 0.0f);
    for (int64_t k = -ry; k <= ry; ++k) {
      const float* from = into + std::clamp<int64_t>(y + k, 0, size_.y - 1) * size_.x;
      const float w = psf_y_[size_t(k + ry)];
      for (int64_t x = 0; x < size_.x; ++x) to[x] += w * from[x];
    }
  }
  std::copy(scratch, scratch + voxels(), into);
}

void CellPlanes::image(int64_t z, const std::vector<const float*>& around, uint16_t* into) const {
  const uint64_t key = purpose_hash("phantom/cells/fields") ^ options_.seed * 0x9E3779B97F4A7C15u;
  const auto& s = options_.spacing;
  const double height = double(size_.y), width = double(size_.x);
  std::vector<float> row(size_t(size_.x)), wide(row.size()), haze(row.size()), uneven(row.size());
  // Deeper planes are darker, the sheet is brightest in the middle of x, and slow noise comes on top.
  const double depth = 1 - 0.25 * double(z) / double(std::max<int64_t>(1, size_.z - 1));
  const std::array<uint32_t, 2> noise_key{uint32_t(options_.seed), uint32_t(options_.seed >> 32)};
  const auto noise_purpose = uint32_t(purpose_hash("phantom/cells/noise"));
  for (int64_t y = 0; y < size_.y; ++y) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (size_t k = 0; k < around.size(); ++k) {
      const float* from = around[k] + y * size_.x;
      const float w = psf_z_[k];
      for (size_t x = 0; x < row.size(); ++x) row[x] += w * from[x];
    }
    noise_row(key, double(z) * s[0] / 150, double(y) * s[1] / 150, 150 / s[2], uneven);
    noise_row(key + 1, double(z) * s[0] / 60, double(y) * s[1] / 40, 40 / s[2], haze);
    noise_row(key + 2, double(z) * s[0] / 20, double(y) * s[1] / 25, 25 / s[2], wide);
    const double across = 1 - 0.15 * std::pow(2 * double(y) / height - 1, 2);
    for (int64_t x = 0; x < size_.x; ++x) {
      const auto i = size_t(x);
      auto light = float(depth * across * (1 - 0.2 * std::pow(2 * double(x) / width - 1, 2)) * (0.8 + 0.25 * double(uneven[i])));
      float fog = std::max(0.0f, haze[i] - 0.45f) * 260 + wide[i] * 25;
      row[i] = light * (row[i] + background + fog);
    }
    // One Philox block for two voxels: eight 16-bit numbers, the sum of four of them is near enough to normal (Irwin-Hall).
    for (int64_t x = 0; x < size_.x; x += 2) {
      auto bits = philox({uint32_t(x), uint32_t(y), uint32_t(z), noise_purpose}, noise_key);
      for (int64_t lane = 0; lane < 2 && x + lane < size_.x; ++lane) {
        uint32_t a = bits[size_t(2 * lane)], b = bits[size_t(2 * lane + 1)];
        float sum = float((a & 0xFFFF) + (a >> 16) + (b & 0xFFFF) + (b >> 16));
        float normal = (sum - 131070.0f) * (1.7320508f / 65536.0f);
        float signal = row[size_t(x + lane)];
        float value = offset + signal + std::sqrt(gain * signal + read_noise * read_noise) * normal;
        into[y * size_.x + x + lane] = uint16_t(std::clamp(value + 0.5f, 0.0f, 65535.0f));
      }
    }
  }
}

void CellPlanes::instances(int64_t z, uint32_t* into) const {
  std::fill(into, into + voxels(), 0u);
  for_each_inside(z, [&](int64_t i, const PhantomCell& cell, double, double, double, double) {
    if (into[i] == 0) into[i] = uint32_t(cell.id);  // a plane separates any two cells, so a voxel is in one of them at most
  });
}

void CellPlanes::classes(int64_t z, const Box& box, uint16_t* into) const {
  std::fill(into, into + box.size.y * box.size.x, uint16_t{0});
  for_each_inside(z, [&](int64_t i, const PhantomCell& cell, double q, double, double, double) {
    int64_t y = i / size_.x - box.begin.y, x = i % size_.x - box.begin.x;
    if (y < 0 || x < 0 || y >= box.size.y || x >= box.size.x) return;
    bool core = q < cell.shrink * cell.shrink;
    into[y * box.size.x + x] = core ? 1 : options_.classes == 3 ? 2 : 0;
  });
}

}  // namespace tomograd
