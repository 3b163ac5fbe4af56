#include "dataset/stored_labels.h"

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace tomograd {

StoredLabels::StoredLabels(BlockSource& source, int64_t classes, const KnownCounts& known, ThreadPool& pool)
    : source_(source), size_(source.size()), block_(source.block()) {
  if (classes < 1 || classes > 255) fail_input(text(classes, " classes; 1 to 255 can be sampled from a store"));
  if (block_.x > 65535) fail_input(text("the store's blocks are ", to_string(block_), " voxels; at most 65535 in a row can be sampled"), "make it with a smaller --block");
  grid_ = {ceil_div(size_.z, block_.z), ceil_div(size_.y, block_.y), ceil_div(size_.x, block_.x)};
  const int64_t blocks = grid_.voxels();
  blocks_ = known.voxels;
  blocks_.resize(size_t(classes), std::vector<uint32_t>(size_t(blocks), 0));
  single_.assign(size_t(blocks), -1);
  std::vector<int64_t> mixed;
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t c = 0; c < classes; ++c)
      if (blocks_[size_t(c)][size_t(b)] == inside(b).size.voxels()) single_[size_t(b)] = int32_t(c);
    if (single_[size_t(b)] < 0) mixed.push_back(b);
  }
  std::vector<Rows> rows(mixed.size());
  pool.for_each(int64_t(mixed.size()), [&](int64_t i) { rows[size_t(i)] = rows_of(mixed[size_t(i)]); });
  for (size_t i = 0; i < mixed.size(); ++i) {
    const auto b = size_t(mixed[i]);
    std::vector<uint32_t> counted(size_t(classes), 0);
    const int64_t slot = block_.z * block_.y;
    for (size_t s = 0; s < rows[i].classes.size(); ++s) {
      if (rows[i].classes[s] >= classes) fail_input(text("label class ", int(rows[i].classes[s]), " is beyond the ", classes, " classes"));
      for (int64_t r = 0; r < slot; ++r) counted[rows[i].classes[s]] += rows[i].counts[int64_t(s) * slot + r];
    }
    for (size_t c = 0; c < size_t(classes); ++c) {
      if (known.complete && blocks_[c][b] != counted[c]) {
        const Extent at = place(int64_t(b));
        fail_input(text("label block ", at.z, ",", at.y, ",", at.x, " holds ", counted[c], " voxels of class ", c, "; the counts beside the labels say ", blocks_[c][b]), "the store is damaged; make it again");
      }
      blocks_[c][b] = counted[c];
    }
    if (rows[i].classes.size() == 1) {
      single_[b] = rows[i].classes[0];
    } else {
      single_[b] = -1 - int32_t(rows_.size());
      rows_.push_back(std::move(rows[i]));
    }
  }
  planes_.assign(size_t(classes), std::vector<int64_t>(size_t(size_.z + 1), 0));
  for (int64_t b = 0; b < blocks; ++b) {
    const Box part = inside(b);
    for (int64_t c = 0; c < classes; ++c) {
      if (blocks_[size_t(c)][size_t(b)] == 0) continue;
      for (int64_t z = 0; z < part.size.z; ++z)
        for (int64_t y = 0; y < part.size.y; ++y) planes_[size_t(c)][size_t(part.begin.z + z + 1)] += row_count(b, c, z, y);
    }
  }
  for (auto& planes : planes_)
    for (size_t z = 1; z < planes.size(); ++z) planes[z] += planes[z - 1];
}

Box StoredLabels::inside(int64_t block) const {
  const Extent at = place(block);
  return intersection(Box{{at.z * block_.z, at.y * block_.y, at.x * block_.x}, block_}, Box{{0, 0, 0}, size_});
}

StoredLabels::Rows StoredLabels::rows_of(int64_t block) const {
  const Extent part = inside(block).size;
  auto held = source_.hold_label_block(place(block));
  std::array<int, 256> slot;
  std::array<bool, 256> seen{};
  for (int64_t z = 0; z < part.z; ++z)
    for (int64_t y = 0; y < part.y; ++y) {
      const uint8_t* row = held.get() + (z * block_.y + y) * block_.x;
      for (int64_t x = 0; x < part.x; ++x) seen[row[x]] = true;
    }
  Rows rows;
  for (size_t c = 0; c < 256; ++c)
    if (seen[c]) slot[c] = int(rows.classes.size()), rows.classes.push_back(uint8_t(c));
  rows.counts = Buffer<uint16_t>(int64_t(rows.classes.size()) * block_.z * block_.y, uint16_t{0});
  for (int64_t z = 0; z < part.z; ++z)
    for (int64_t y = 0; y < part.y; ++y) {
      const uint8_t* row = held.get() + (z * block_.y + y) * block_.x;
      for (int64_t x = 0; x < part.x; ++x) ++rows.counts[(slot[row[x]] * block_.z + z) * block_.y + y];
    }
  return rows;
}

int64_t StoredLabels::row_count(int64_t block, int64_t cls, int64_t z, int64_t y) const {
  const int32_t single = single_[size_t(block)];
  if (single >= 0) return single == cls ? inside(block).size.x : 0;
  const Rows& rows = rows_[size_t(-1 - single)];
  for (size_t s = 0; s < rows.classes.size(); ++s)
    if (rows.classes[s] == cls) return rows.counts[(int64_t(s) * block_.z + z) * block_.y + y];
  return 0;
}

Extent StoredLabels::voxel(int64_t cls, int64_t rank) const {
  const auto& planes = planes_[size_t(cls)];
  if (rank < 0 || rank >= planes.back()) fail_failure(text("voxel ", rank, " of class ", cls, " was asked for; there are ", planes.back()));
  const int64_t z = std::upper_bound(planes.begin(), planes.end(), rank) - planes.begin() - 1;
  rank -= planes[size_t(z)];
  for (int64_t y = 0; y < size_.y; ++y)
    for (int64_t bx = 0; bx < grid_.x; ++bx) {
      const Extent at{z / block_.z, y / block_.y, bx};
      const int64_t block = (at.z * grid_.y + at.y) * grid_.x + bx, zi = z % block_.z, yi = y % block_.y;
      const int64_t here = row_count(block, cls, zi, yi);
      if (rank >= here) {
        rank -= here;
        continue;
      }
      int64_t x = rank;
      if (single_[size_t(block)] < 0) {
        auto held = source_.hold_label_block(at);
        const uint8_t* row = held.get() + (zi * block_.y + yi) * block_.x;
        for (x = 0; row[x] != cls || rank-- > 0;) ++x;
      }
      return {z, y, bx * block_.x + x};
    }
  fail_failure(text("plane ", z, " has fewer voxels of class ", cls, " than were counted"));
}

int64_t StoredLabels::class_at(Extent v) const {
  const Extent at{v.z / block_.z, v.y / block_.y, v.x / block_.x};
  if (int32_t single = single_[size_t((at.z * grid_.y + at.y) * grid_.x + at.x)]; single >= 0) return single;
  auto held = source_.hold_label_block(at);
  return held.get()[((v.z - at.z * block_.z) * block_.y + (v.y - at.y * block_.y)) * block_.x + (v.x - at.x * block_.x)];
}

// body(block, what of the box lies in it and in the volume) for every block that the box touches.
template <class Body>
void StoredLabels::each_part(const Box& asked, const Body& body) const {
  const Box box = intersection(asked, Box{{0, 0, 0}, size_});
  if (box.size.voxels() == 0) return;
  const Extent last = box.end() - Extent{1, 1, 1};
  for (int64_t bz = box.begin.z / block_.z; bz <= last.z / block_.z; ++bz)
    for (int64_t by = box.begin.y / block_.y; by <= last.y / block_.y; ++by)
      for (int64_t bx = box.begin.x / block_.x; bx <= last.x / block_.x; ++bx) {
        const int64_t block = (bz * grid_.y + by) * grid_.x + bx;
        body(block, intersection(inside(block), box));
      }
}

void StoredLabels::count(const Box& box, std::array<int64_t, 256>& voxels) const {
  each_part(box, [&](int64_t block, const Box& part) {
    if (int32_t single = single_[size_t(block)]; single >= 0) return void(voxels[size_t(single)] += part.size.voxels());
    const Box whole = inside(block);
    if (part == whole) {
      for (size_t c = 0; c < blocks_.size(); ++c) voxels[c] += blocks_[c][size_t(block)];
      return;
    }
    auto held = source_.hold_label_block(place(block));
    for (int64_t z = part.begin.z; z < part.end().z; ++z)
      for (int64_t y = part.begin.y; y < part.end().y; ++y) {
        const uint8_t* row = held.get() + ((z - whole.begin.z) * block_.y + (y - whole.begin.y)) * block_.x + (part.begin.x - whole.begin.x);
        for (int64_t x = 0; x < part.size.x; ++x) ++voxels[row[x]];
      }
  });
}

int64_t StoredLabels::foreground_in(const Box& box) const {
  std::array<int64_t, 256> voxels{};
  count(box, voxels);
  int64_t foreground = 0;
  for (size_t c = 1; c < blocks_.size(); ++c) foreground += voxels[c];
  return foreground;
}

}  // namespace tomograd
