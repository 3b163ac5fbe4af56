// Runs of mask voxels along x are joined to runs of the row before and of three rows of the plane before.
#include "evaluation/detection.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/memory.h"

namespace tomograd {
namespace {

constexpr int64_t most_split_voxels = int64_t{1} << 27;

bool earlier(const Detection& a, const Detection& b) { return a.centre < b.centre; }

struct Run { int64_t z, y, begin, end; };        // voxels [begin, end) of a row

struct Touching { int64_t begin, end; int32_t component; };

}  // namespace

struct CellDetector::State {
  int64_t rows, columns, z = 0, components = 0;
  DetectOptions options;
  std::vector<std::vector<Touching>> before, now;  // runs of the plane before and of this one, by row
  std::vector<std::vector<Run>> parts;           // of a component; empty when it was joined to another or is finished
  std::vector<int32_t> parent, unused;
  std::vector<int64_t> last;                     // plane of its latest run
  std::vector<int32_t> active;
  std::vector<Detection> found;

  int32_t root(int32_t c) {
    while (parent[size_t(c)] != c) c = parent[size_t(c)] = parent[size_t(parent[size_t(c)])];
    return c;
  }

  int32_t fresh() {
    int32_t c;
    if (!unused.empty()) c = unused.back(), unused.pop_back();
    else {
      c = int32_t(parent.size());
      parent.push_back(c), parts.emplace_back(), last.push_back(0);
    }
    parent[size_t(c)] = c;
    active.push_back(c);
    return c;
  }

  int32_t join(int32_t a, int32_t b) {
    a = root(a), b = root(b);
    if (a == b) return a;
    if (parts[size_t(a)].size() < parts[size_t(b)].size()) std::swap(a, b);
    parts[size_t(a)].insert(parts[size_t(a)].end(), parts[size_t(b)].begin(), parts[size_t(b)].end());
    std::vector<Run>().swap(parts[size_t(b)]);
    parent[size_t(b)] = a;
    last[size_t(a)] = std::max(last[size_t(a)], last[size_t(b)]);
    return a;
  }

  void add_run(const Run& run) {
    int32_t mine = -1;
    auto look = [&](const std::vector<Touching>& row) {
      auto at = std::lower_bound(row.begin(), row.end(), run.begin, [](const Touching& t, int64_t begin) { return t.end < begin; });
      for (; at != row.end() && at->begin <= run.end; ++at) mine = mine < 0 ? root(at->component) : join(mine, at->component);
    };
    if (run.y > 0) look(now[size_t(run.y - 1)]);
    if (!before.empty())
      for (int64_t y = std::max<int64_t>(0, run.y - 1); y <= std::min(rows - 1, run.y + 1); ++y) look(before[size_t(y)]);
    if (mine < 0) mine = fresh();
    parts[size_t(mine)].push_back(run);
    last[size_t(mine)] = run.z;
    now[size_t(run.y)].push_back({run.begin, run.end, mine});
  }

  // Components without a run in the newest plane are done. Numbers joined away are free once no run bears them any more.
  void close(int64_t newest) {
    for (auto& row : now)
      for (auto& run : row) run.component = root(run.component);
    std::vector<int32_t> still;
    for (int32_t c : active) {
      if (parent[size_t(c)] != c) {
        unused.push_back(c);
        continue;
      }
      if (last[size_t(c)] == newest) {
        still.push_back(c);
        continue;
      }
      emit(parts[size_t(c)]);
      std::vector<Run>().swap(parts[size_t(c)]);
      unused.push_back(c);
    }
    active = std::move(still);
  }

  void keep(Detection d) {
    double volume = double(d.voxels) * options.spacing[0] * options.spacing[1] * options.spacing[2];
    if (volume < options.min_volume_um3) return;
    for (size_t axis = 0; axis < 3; ++axis) d.centre[axis] += double(options.origin[int(axis)]);
    found.push_back(d);
  }

  void emit(const std::vector<Run>& runs) {
    ++components;
    Extent low{runs[0].z, runs[0].y, runs[0].begin}, high = low;
    int64_t voxels = 0, sum[3] = {};             // integers: no order of addition matters
    for (const Run& r : runs) {
      int64_t n = r.end - r.begin;
      low = {std::min(low.z, r.z), std::min(low.y, r.y), std::min(low.x, r.begin)};
      high = {std::max(high.z, r.z), std::max(high.y, r.y), std::max(high.x, r.end - 1)};
      voxels += n, sum[0] += n * r.z, sum[1] += n * r.y, sum[2] += (r.begin + r.end - 1) * n / 2;
    }
    Extent size = high - low + cube(1);
    // Two cells need at least twice the least volume: most components are done here.
    double volume = double(voxels) * options.spacing[0] * options.spacing[1] * options.spacing[2];
    if (options.split_um <= 0 || size.voxels() > most_split_voxels || volume < 2 * options.min_volume_um3)
      return keep({{double(sum[0]) / double(voxels), double(sum[1]) / double(voxels), double(sum[2]) / double(voxels)}, voxels});
    Buffer<uint8_t> mask(size.voxels(), 0);
    for (const Run& r : runs) {
      uint8_t* row = mask.data() + ((r.z - low.z) * size.y + r.y - low.y) * size.x - low.x;
      std::fill(row + r.begin, row + r.end, uint8_t{1});
    }
    for (Detection d : split_component(mask.data(), size, options.spacing, options.split_um)) {
      for (size_t axis = 0; axis < 3; ++axis) d.centre[axis] += double(low[int(axis)]);
      keep(d);
    }
  }
};

CellDetector::CellDetector(int64_t rows, int64_t columns, const DetectOptions& options) : state_(new State) {
  state_->rows = rows, state_->columns = columns, state_->options = options;
  state_->now.resize(size_t(rows));
}

CellDetector::~CellDetector() = default;

void CellDetector::add_plane(const uint8_t* mask) {
  State& s = *state_;
  for (int64_t y = 0; y < s.rows; ++y) {
    const uint8_t* row = mask + y * s.columns;
    for (int64_t x = 0; x < s.columns;) {
      if (!row[x]) {
        ++x;
        continue;
      }
      int64_t begin = x;
      while (x < s.columns && row[x]) ++x;
      s.add_run({s.z, y, begin, x});
    }
  }
  s.close(s.z++);
  s.before.swap(s.now);
  s.now.resize(size_t(s.rows));
  for (auto& row : s.now) row.clear();
}

std::vector<Detection> CellDetector::finish() {
  State& s = *state_;
  for (auto& row : s.now) row.clear();
  s.close(s.z);
  std::sort(s.found.begin(), s.found.end(), earlier);
  return s.found;
}

int64_t CellDetector::components() const { return state_->components; }

struct InstanceCentroids::State {
  struct Sum { int64_t z = 0, y = 0, x = 0, n = 0; };
  int64_t rows, columns, z = 0;
  Extent origin;
  std::map<uint32_t, Sum> sums;
};

InstanceCentroids::InstanceCentroids(int64_t rows, int64_t columns, Extent origin) : state_(new State{rows, columns, 0, origin, {}}) {}
InstanceCentroids::~InstanceCentroids() = default;

void InstanceCentroids::add_plane(const uint32_t* instances) {
  State& s = *state_;
  for (int64_t y = 0; y < s.rows; ++y)
    for (int64_t x = 0; x < s.columns;) {
      uint32_t value = instances[y * s.columns + x];
      int64_t begin = x;
      while (x < s.columns && instances[y * s.columns + x] == value) ++x;
      if (value == 0) continue;
      int64_t n = x - begin;
      State::Sum& sum = s.sums[value];
      sum.n += n, sum.z += n * s.z, sum.y += n * y, sum.x += (begin + x - 1) * n / 2;
    }
  ++s.z;
}

std::vector<Detection> InstanceCentroids::finish() {
  std::vector<Detection> cells;
  const Extent o = state_->origin;
  for (const auto& [value, sum] : state_->sums) {
    double n = double(sum.n);
    cells.push_back({{double(sum.z) / n + double(o.z), double(sum.y) / n + double(o.y), double(sum.x) / n + double(o.x)}, sum.n});
  }
  return cells;
}

std::vector<Detection> join_tiles(const std::vector<TileDetections>& tiles, const std::array<double, 3>& spacing, double same_um) {
  struct Owned { Detection cell; size_t tile; };
  std::vector<Owned> owned;
  for (size_t t = 0; t < tiles.size(); ++t)
    for (const Detection& cell : tiles[t].cells) {
      bool inside = true;                        // the core of a voxel reaches half a voxel around its centre
      for (size_t axis = 0; axis < 3; ++axis) {
        double begin = double(tiles[t].core.begin[int(axis)]) - 0.5, end = begin + double(tiles[t].core.size[int(axis)]);
        inside &= cell.centre[axis] >= begin && cell.centre[axis] < end;
      }
      if (inside) owned.push_back({cell, t});
    }
  // Larger ones first, so that what is left of a pair does not depend on the order of tiles.
  std::sort(owned.begin(), owned.end(), [](const Owned& a, const Owned& b) { return a.cell.voxels != b.cell.voxels ? a.cell.voxels > b.cell.voxels
      : earlier(a.cell, b.cell); });
  std::multimap<double, size_t> by_z;            // um -> index of what is kept
  std::vector<Owned> kept;
  for (const Owned& o : owned) {
    double z = o.cell.centre[0] * spacing[0];
    bool known = false;
    for (auto at = by_z.lower_bound(z - same_um); !known && at != by_z.end() && at->first <= z + same_um; ++at) {
      const Owned& k = kept[at->second];
      double square = 0;
      for (size_t axis = 0; axis < 3; ++axis) square += std::pow((k.cell.centre[axis] - o.cell.centre[axis]) * spacing[axis], 2);
      known = k.tile != o.tile && square < same_um * same_um;
    }
    if (known) continue;
    by_z.emplace(z, kept.size());
    kept.push_back(o);
  }
  std::vector<Detection> cells;
  for (const Owned& o : kept) cells.push_back(o.cell);
  std::sort(cells.begin(), cells.end(), earlier);
  return cells;
}

}  // namespace tomograd
