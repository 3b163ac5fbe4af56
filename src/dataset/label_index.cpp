#include "dataset/label_index.h"

#include "base/error.h"

namespace tomograd {
namespace {

Extent grid_of(Extent size, Extent block) { return {ceil_div(size.z, block.z), ceil_div(size.y, block.y), ceil_div(size.x, block.x)}; }

int64_t counted_plainly(const LabelIndex& index, const Buffer<uint8_t>& labels, const Box& box) {
  int64_t count = 0;
  for (int64_t z = box.begin.z; z < box.begin.z + box.size.z; ++z)
    for (int64_t y = box.begin.y; y < box.begin.y + box.size.y; ++y) {
      const uint8_t* row = labels.data() + (z * index.size.y + y) * index.size.x;
      for (int64_t x = box.begin.x; x < box.begin.x + box.size.x; ++x) count += row[x] != 0;
    }
  return count;
}

}  // namespace

LabelIndex make_label_index(Extent size, const Buffer<uint8_t>& labels, const Buffer<uint8_t>& roi, int64_t classes, Extent block) {
  int64_t voxels = size.voxels();
  if (voxels > int64_t{1} << 32)
    fail_input(text("a volume of ", to_string(size), " has ", voxels, " voxels, a label index holds at most 2^32"),
               "cut it with `tomograd crop` or block it first");
  if (labels.size() != voxels) fail_input(text("a label map of ", labels.size(), " voxels does not fit a volume of ", to_string(size)));
  if (!roi.empty() && roi.size() != voxels)
    fail_input(text("a region of interest of ", roi.size(), " voxels does not fit a volume of ", to_string(size)));
  if (classes < 1 || classes > 256) fail_input(text(classes, " classes, expected 1 to 256"));

  LabelIndex index;
  index.size = size, index.block = block, index.classes = classes;
  Extent grid = grid_of(size, block);
  index.block_counts = Buffer<uint32_t>(classes * grid.voxels(), 0u);
  std::vector<int64_t> inside(size_t(classes), 0);
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y) {
      int64_t row = (z / block.z * grid.y + y / block.y) * grid.x;
      for (int64_t x = 0; x < size.x; ++x, ++i) {
        int64_t cls = labels[i];
        if (cls >= classes)
          fail_input(text("label class ", cls, " at voxel (z ", z, ", y ", y, ", x ", x, ") is beyond the ", classes, " classes"));
        ++index.block_counts[cls * grid.voxels() + row + x / block.x];
        if (roi.empty() || roi[i] != 0) ++inside[size_t(cls)];
      }
    }
  index.background_voxels = inside[0];
  index.voxels.resize(size_t(classes));
  for (int64_t cls = 1; cls < classes; ++cls) index.voxels[size_t(cls)] = Buffer<uint32_t>(inside[size_t(cls)]);
  std::vector<int64_t> next(size_t(classes), 0);
  for (int64_t i = 0; i < voxels; ++i)
    if (labels[i] != 0 && (roi.empty() || roi[i] != 0)) index.voxels[labels[i]][next[labels[i]]++] = uint32_t(i);
  return index;
}

int64_t foreground_in(const LabelIndex& index, const Buffer<uint8_t>& labels, const Box& asked) {
  Box box = intersection(asked, Box{{0, 0, 0}, index.size});
  if (box.size.voxels() == 0) return 0;
  Extent grid = grid_of(index.size, index.block), block = index.block, end = box.end();
  int64_t count = 0;
  for (int64_t bz = box.begin.z / block.z; bz * block.z < end.z; ++bz)
    for (int64_t by = box.begin.y / block.y; by * block.y < end.y; ++by)
      for (int64_t bx = box.begin.x / block.x; bx * block.x < end.x; ++bx) {
        Box whole = intersection(Box{{bz * block.z, by * block.y, bx * block.x}, block}, Box{{0, 0, 0}, index.size});
        Box part = intersection(whole, box);
        if (part == whole) {
          int64_t at = (bz * grid.y + by) * grid.x + bx;
          for (int64_t cls = 1; cls < index.classes; ++cls) count += index.block_counts[cls * grid.voxels() + at];
        } else {
          count += counted_plainly(index, labels, part);
        }
      }
  return count;
}

}  // namespace tomograd
