#include "cli/restore_files.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "cli/label_map.h"
#include "cli/verb.h"
#include "volume/box_source.h"
#include "volume/nifti_file.h"
#include "volume/tiff.h"

namespace tomograd {

RestoreInput open_restore_input(Env& env, const std::string& path) {
  RestoreInput input;
  input.path = path;
  auto boxes = open_boxes(env, path);
  if (boxes->channels() != 1)
    fail_input(text("\"", path, "\" holds ", boxes->channels(), " volumes (frames or channels); one 3-D volume is restored at a time"), "take one out first, for example with fslroi or nibabel, and restore each for itself");
  input.geometry = boxes->geometry();
  input.orientation_known = boxes->orientation_known();
  input.nifti = is_nifti_name(path);
  return input;
}

Volume read_restore_input(Env& env, RestoreInput& input) {
  if (input.nifti) return read_nifti(env, input.path, 0, &input.header);
  return open_boxes(env, input.path)->volume(0, {{}, input.geometry.size});
}

Buffer<uint8_t> read_known(Env& env, const std::string& mask, const RestoreInput& input) {
  LabelVolume labels = read_label_map(env, mask, {input.geometry, input.orientation_known, {{}, input.geometry.size}});
  Buffer<uint8_t> known(labels.voxels.size());
  int64_t missing = 0;
  for (int64_t i = 0; i < known.size(); ++i) known[i] = labels.voxels[i] == 0, missing += labels.voxels[i] != 0;
  if (missing == 0) fail_input(text("\"", mask, "\" marks no voxel, so there is nothing to fill"), "voxels that are missing are those where the mask is not zero");
  return known;
}

bool is_scattered(const Buffer<uint8_t>& known, Extent size) {
  constexpr int64_t of_all = 100;
  int64_t missing = 0, alone = 0;
  for (int64_t i = 0; i < known.size(); ++i) {
    if (known[i]) continue;
    Extent at{i / (size.y * size.x), i / size.x % size.y, i % size.x};
    bool near = false;
    for (int64_t z = std::max<int64_t>(0, at.z - 1); z < std::min(size.z, at.z + 2) && !near; ++z)
      for (int64_t y = std::max<int64_t>(0, at.y - 1); y < std::min(size.y, at.y + 2) && !near; ++y)
        for (int64_t x = std::max<int64_t>(0, at.x - 1); x < std::min(size.x, at.x + 2) && !near; ++x) near = known[(z * size.y + y) * size.x + x];
    ++missing, alone += !near;
  }
  return missing > 0 && alone * of_all <= missing;
}

RestoreSpec restoration_before(const Value& settings, const std::string& task, const std::string& size, bool scattered) {
  const Value* code = settings.find("code");
  return default_restoration(task, size, scattered, code && code->is_text() ? code->as_text() : "");
}

void check_restore_output(const std::string& out, const RestoreInput& input) {
  if (!is_nifti_volume(out) && !is_tiff_name(out)) fail_usage(text("--out is \"", out, "\"; volumes are written as .nii, .nii.gz, .tif or .tiff"));
  if (absolute_path(out) == absolute_path(input.path)) fail_usage("--out is the input itself", "give the restored volume a name of its own");
}

void write_restored(Env& env, const std::string& out, const Volume& volume, const RestoreInput& input, bool whole_numbers) {
  const NiftiHeader* like = input.nifti ? &input.header : nullptr;
  if (!whole_numbers) return is_tiff_name(out) ? write_tiff(env, out, volume) : write_nifti(env, out, volume, like);
  LabelVolume rounded{volume.geometry, Buffer<uint16_t>(volume.voxels.size())};
  for (int64_t i = 0; i < rounded.voxels.size(); ++i) rounded.voxels[i] = uint16_t(std::clamp(std::rint(volume.voxels[i]), 0.0f, 65535.0f));
  is_tiff_name(out) ? write_tiff_labels(env, out, rounded) : write_nifti_labels(env, out, rounded, like);
}

}  // namespace tomograd
