#include <algorithm>

#include "base/error.h"
#include "volume/nifti.h"
#include "volume/nifti_file.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

using ToFloats = void (*)(const unsigned char*, int64_t, double, double, float*, ConversionFindings&);
using ToLabels = BadLabel (*)(const unsigned char*, int64_t, double, double, uint16_t*);

ToFloats float_converter(const NiftiHeader& header) {
  return with_voxel_type(header.type, [&](auto v) -> ToFloats {
    using T = decltype(v);
    return header.swapped ? convert_to_floats<T, true> : convert_to_floats<T, false>;
  });
}

ToLabels label_converter(const NiftiHeader& header) {
  return with_voxel_type(header.type, [&](auto v) -> ToLabels {
    using T = decltype(v);
    return header.swapped ? convert_to_labels<T, true> : convert_to_labels<T, false>;
  });
}

void note(const ConversionFindings& findings, std::vector<std::string>& warnings) {
  if (findings.not_finite > 0) warnings.push_back(text(findings.not_finite, " voxels are not finite (NaN or infinite); they are kept"));
  if (findings.beyond_exact > 0)
    warnings.push_back(text(findings.beyond_exact, " voxels are integers above 2^53 and lose their last digits"));
}

void check_frame(const NiftiHeader& header, int64_t frame) {
  if (frame < 0 || frame >= header.frames)
    fail_input(text("frame ", frame, " was asked for; the file has ", header.frames, ", counted from 0"));
}

// Rows of a box straight from an uncompressed file; neighbouring rows that touch are read together.
void read_rows(NiftiFile& file, const Box& box, int64_t frame, const VoxelSink& sink) {
  Extent size = file.header.geometry.size;
  int64_t bytes = voxel_bytes(file.header.type), rows = 1, planes = 1;
  if (box.size.x == size.x) {
    rows = box.size.y;
    if (box.size.y == size.y) planes = box.size.z;
  }
  int64_t run = planes * rows * box.size.x, out = 0;
  int64_t step = std::max<int64_t>(1, std::min(run, (int64_t{1} << 20) / bytes));
  Buffer<unsigned char> raw(step * bytes);
  for (int64_t z = box.begin.z; z < box.end().z; z += planes)
    for (int64_t y = box.begin.y; y < box.end().y; y += rows) {
      int64_t first = ((frame * size.z + z) * size.y + y) * size.x + box.begin.x;
      for (int64_t at = 0; at < run; at += step) {
        int64_t n = std::min(step, run - at);
        file.image->read_at(file.header.voxel_offset + (first + at) * bytes, raw.data(), n * bytes);
        sink(raw.data(), out, n);
        out += n;
      }
    }
}

}  // namespace

NiftiHeader read_nifti_header(Env& env, const std::string& path) { return open_nifti(env, path).header; }

Volume read_nifti(Env& env, const std::string& path, int64_t frame, NiftiHeader* header) {
  NiftiFile file = open_nifti(env, path);
  return with_context(text("reading '", path, "'"), [&] {
    check_frame(file.header, frame);
    int64_t voxels = file.frame_voxels(), first = frame * voxels;
    Volume volume{file.header.geometry, Buffer<float>(voxels)};
    ToFloats convert = float_converter(file.header);
    ConversionFindings findings;
    for_each_piece(file, first, voxels, [&](const unsigned char* raw, int64_t at, int64_t count) {
      convert(raw, count, file.header.slope, file.header.intercept, volume.voxels.data() + (at - first), findings);
    });
    note(findings, file.header.warnings);
    if (header) *header = std::move(file.header);
    return volume;
  });
}

LabelVolume read_nifti_labels(Env& env, const std::string& path, NiftiHeader* header) {
  NiftiFile file = open_nifti(env, path);
  return with_context(text("reading '", path, "'"), [&] {
    if (file.header.frames != 1) fail_input(text("the label file has ", file.header.frames, " frames (dim[4..7]); one is expected"));
    LabelVolume labels{file.header.geometry, Buffer<uint16_t>(file.frame_voxels())};
    ToLabels convert = label_converter(file.header);
    Extent size = labels.geometry.size;
    for_each_piece(file, 0, labels.voxels.size(), [&](const unsigned char* raw, int64_t at, int64_t count) {
      BadLabel bad = convert(raw, count, file.header.slope, file.header.intercept, labels.voxels.data() + at);
      if (bad.index < 0) return;
      int64_t i = at + bad.index;
      fail_input(text("the label at voxel z,y,x = ", i / size.x / size.y, ",", i / size.x % size.y, ",", i % size.x, " is ", bad.value,
          "; whole numbers from 0 to 65535 are expected"));
    });
    if (file.header.slope != 1 || file.header.intercept != 0)
      file.header.warnings.push_back(text("labels are stored with scl_slope ", file.header.slope, " and scl_inter ", file.header.intercept,
          "; they are rounded to whole numbers"));
    if (header) *header = std::move(file.header);
    return labels;
  });
}

Buffer<float> read_nifti_region(Env& env, const std::string& path, const Box& box, int64_t frame) {
  NiftiFile file = open_nifti(env, path);
  return with_context(text("reading a region of '", path, "'"), [&] {
    check_frame(file.header, frame);
    Extent size = file.header.geometry.size;
    for (int axis = 0; axis < 3; ++axis)
      if (box.begin[axis] < 0 || box.size[axis] < 1 || box.size[axis] > size[axis] || box.begin[axis] > size[axis] - box.size[axis])
        fail_input(text("the box begins at ", box.begin[axis], " and has ", box.size[axis], " voxels along ", "zyx"[axis],
            "; the volume has ", size[axis]));
    Buffer<float> region(box.size.voxels());
    ToFloats convert = float_converter(file.header);
    ConversionFindings findings;
    double slope = file.header.slope, intercept = file.header.intercept;
    if (!file.header.compressed) {
      read_rows(file, box, frame, [&](const unsigned char* raw, int64_t at, int64_t count) { convert(raw, count, slope, intercept,
          region.data() + at, findings); });
      return region;
    }
    int64_t bytes = voxel_bytes(file.header.type);
    auto index = [&](int64_t z, int64_t y) { return ((frame * size.z + z) * size.y + y) * size.x + box.begin.x; };
    int64_t begin = index(box.begin.z, box.begin.y), end = index(box.end().z - 1, box.end().y - 1) + box.size.x;
    int64_t z = box.begin.z, y = box.begin.y;  // the row that is next or under way
    for_each_piece(file, begin, end - begin, [&](const unsigned char* raw, int64_t first, int64_t count) {
      while (z < box.end().z) {
        int64_t row = index(z, y), from = std::max(row, first), to = std::min(row + box.size.x, first + count);
        if (from < to) {
          float* into = region.data() + ((z - box.begin.z) * box.size.y + (y - box.begin.y)) * box.size.x + (from - row);
          convert(raw + (from - first) * bytes, to - from, slope, intercept, into, findings);
        }
        if (row + box.size.x > first + count) return;
        if (++y == box.end().y) y = box.begin.y, ++z;
      }
    });
    return region;
  });
}

}  // namespace tomograd
