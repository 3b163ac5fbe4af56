#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"
#include "dataset/phantom_cells.h"

namespace tomograd {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

constexpr double smallest_um = 4, largest_um = 7.5, least_axis = 0.8, most_axis = 1.3, gap_um = 1;
constexpr double reach_um = largest_um * most_axis * most_axis / least_axis;  // no axis is longer after scaling to equal volume

struct Placed { Vector centre; Matrix spread; };  // micrometres; inside where d' spread^-1 d < 1

double along(const Matrix& m, const Vector& u) {  // how far the ellipsoid reaches along the unit vector u
  double sum = 0;
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) sum += u[i] * m[i][j] * u[j];
  return std::sqrt(sum);
}

Matrix inverse_of(const Matrix& m) {
  Matrix r;
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) {
      size_t a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
      r[i][j] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
    }
  double determinant = m[0][0] * r[0][0] + m[0][1] * r[1][0] + m[0][2] * r[2][0];
  for (auto& row : r)
    for (double& v : row) v /= determinant;
  return r;
}

Vector direction(Random& random) {
  for (;;) {
    Vector u{random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)};
    double length = std::sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
    if (length < 0.1 || length > 1) continue;
    for (double& v : u) v /= length;
    return u;
  }
}

// Axes of unlike length in random directions; `radius` is that of the sphere of equal volume.
Matrix random_ellipsoid(Random& random, double radius) {
  Vector axis{random.uniform(least_axis, most_axis), random.uniform(least_axis, most_axis), random.uniform(least_axis, most_axis)};
  double mean = std::cbrt(axis[0] * axis[1] * axis[2]);
  Vector u = direction(random), helper = direction(random), v, w;
  double dot = u[0] * helper[0] + u[1] * helper[1] + u[2] * helper[2];
  for (size_t i = 0; i < 3; ++i) v[i] = helper[i] - dot * u[i];
  double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  if (length < 1e-3) v = {u[1], -u[0], 0}, length = std::max(1e-3, std::hypot(u[0], u[1]));
  for (double& x : v) x /= length;
  for (size_t i = 0; i < 3; ++i) w[i] = u[(i + 1) % 3] * v[(i + 2) % 3] - u[(i + 2) % 3] * v[(i + 1) % 3];
  Matrix m{};
  const Vector* frame[3] = {&u, &v, &w};
  for (size_t k = 0; k < 3; ++k) {
    double square = std::pow(radius * axis[k] / mean, 2);
    for (size_t i = 0; i < 3; ++i)
      for (size_t j = 0; j < 3; ++j) m[i][j] += square * (*frame[k])[i] * (*frame[k])[j];
  }
  return m;
}

// Cells by place, so that only near ones are compared.
class Neighbourhood {
 public:
  // A plane between the two, square to the line of their centres, keeps them apart.
  bool free(const Placed& cell, double gap, const std::vector<Placed>& all, int64_t except) const {
    auto at = key(cell.centre);
    for (int64_t z = at[0] - 1; z <= at[0] + 1; ++z)
      for (int64_t y = at[1] - 1; y <= at[1] + 1; ++y)
        for (int64_t x = at[2] - 1; x <= at[2] + 1; ++x) {
          auto found = boxes_.find(hash(z, y, x));
          if (found == boxes_.end()) continue;
          for (int64_t other : found->second) {
            if (other == except) continue;
            const Placed& o = all[size_t(other)];
            Vector u;
            double distance = 0;
            for (size_t i = 0; i < 3; ++i) u[i] = o.centre[i] - cell.centre[i], distance += u[i] * u[i];
            distance = std::sqrt(distance);
            if (distance < 1e-6) return false;
            for (double& v : u) v /= distance;
            if (distance < along(cell.spread, u) + along(o.spread, u) + gap) return false;
          }
        }
    return true;
  }
  void add(const Vector& centre, int64_t index) {
    auto at = key(centre);
    boxes_[hash(at[0], at[1], at[2])].push_back(index);
  }

 private:
  static std::array<int64_t, 3> key(const Vector& p) {
    constexpr double side = 2 * reach_um + gap_um;
    return {int64_t(std::floor(p[0] / side)), int64_t(std::floor(p[1] / side)), int64_t(std::floor(p[2] / side))};
  }
  static uint64_t hash(int64_t z, int64_t y, int64_t x) { return (uint64_t(z + 1) << 42) ^ (uint64_t(y + 1) << 21) ^ uint64_t(x + 1); }
  std::unordered_map<uint64_t, std::vector<int64_t>> boxes_;
};

PhantomCell finished(const Placed& placed, int64_t index, double radius, double brightness, const CellsOptions& options) {
  PhantomCell cell;
  cell.id = index + 1, cell.radius_um = radius, cell.brightness = brightness;
  Matrix voxels;
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) voxels[i][j] = placed.spread[i][j] / (options.spacing[i] * options.spacing[j]);
  cell.shape = inverse_of(voxels);
  double thinnest = 1e9;
  for (size_t i = 0; i < 3; ++i) {
    cell.centre[i] = placed.centre[i] / options.spacing[i];
    cell.half[i] = std::sqrt(voxels[i][i]);
    thinnest = std::min(thinnest, cell.half[i]);
  }
  cell.shrink = std::clamp(1 - 1.2 / thinnest, 0.5, 0.85);
  return cell;
}

}  // namespace

std::vector<PhantomCell> place_cells(const CellsOptions& options) {
  Random random(options.seed, "phantom/cells/place");
  std::vector<PhantomCell> cells;
  std::vector<Placed> placed;
  Neighbourhood near;
  Vector room, margin;
  for (size_t i = 0; i < 3; ++i) {
    room[i] = double(options.size[int(i)] - 1) * options.spacing[i];
    margin[i] = std::min(room[i] / 4, 3.0);       // a centre keeps off the faces, so that most of its cell is in the volume
  }
  auto inside = [&](const Vector& p) {
    for (size_t i = 0; i < 3; ++i)
      if (p[i] < margin[i] || p[i] > room[i] - margin[i]) return false;
    return true;
  };
  bool host_waits = false;                       // the last cell stands alone and may get a partner
  while (int64_t(placed.size()) < options.cells) {
    double radius = random.uniform(smallest_um, largest_um), brightness = 320 * std::exp(0.4 * random.normal());
    Placed cell{{}, random_ellipsoid(random, radius)};
    bool found = false;
    // Every other cell of a pair is counted twice: partners are half of those that touch.
    if (host_waits && random.chance(options.touching / (2 - options.touching))) {
      const int64_t host_index = int64_t(placed.size()) - 1;
      const Placed host = placed.back();
      for (int attempt = 0; attempt < 60 && !found; ++attempt) {
        Vector u = direction(random);
        double distance = along(host.spread, u) + along(cell.spread, u);
        for (size_t i = 0; i < 3; ++i) cell.centre[i] = host.centre[i] + distance * u[i];
        found = inside(cell.centre) && near.free(cell, gap_um, placed, host_index);
      }
      host_waits = false;
    } else {
      host_waits = true;
    }
    for (int attempt = 0; attempt < 3000 && !found; ++attempt) {
      for (size_t i = 0; i < 3; ++i) cell.centre[i] = random.uniform(margin[i], room[i] - margin[i]);
      found = near.free(cell, gap_um, placed, -1);
    }
    if (!found)
      fail_input(text("after ", placed.size(), " cells there is no place for another in ", to_string(options.size), " voxels of ", options.spacing[0],
          " x ", options.spacing[1], " x ",
                      options.spacing[2], " um; ", options.cells, " were asked for"), "ask for fewer cells or a larger volume");
    near.add(cell.centre, int64_t(placed.size()));
    placed.push_back(cell);
    cells.push_back(finished(cell, int64_t(placed.size()) - 1, radius, std::clamp(brightness, 130.0, 1500.0), options));
  }
  return cells;
}

}  // namespace tomograd
