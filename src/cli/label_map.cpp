#include "cli/label_map.h"

#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "volume/box_source.h"

namespace tomograd {
namespace {

LabelVolume labels_of(const Volume& volume, const std::string& path) {
  LabelVolume labels{volume.geometry, Buffer<uint16_t>(volume.voxels.size())};
  for (int64_t i = 0; i < labels.voxels.size(); ++i) {
    float value = volume.voxels[i], whole = std::rint(value);
    if (!(std::abs(value - whole) <= 1e-3f && whole >= 0 && whole <= 65535)) fail_input(text("\"", path, "\" is no label map: a voxel is ", value), "labels are whole numbers from 0 to 65535");
    labels.voxels[i] = uint16_t(whole);
  }
  return labels;
}

}  // namespace

std::string label_map_file(Env& env, const std::string& given, const std::string& case_id) {
  if (env.kind(given) != FileKind::directory || holds_boxes(env, given)) return given;
  if (!case_id.empty()) return join_path(given, case_id + ".nii.gz");
  std::string only;
  for (const auto& name : env.list(given)) {
    if (!name.ends_with(".nii.gz")) continue;
    if (!only.empty()) fail_usage(text("the folder \"", given, "\" holds several label maps"), text("name one of them, such as ", join_path(given, only)));
    only = name;
  }
  if (only.empty()) fail_input(text("the folder \"", given, "\" holds no label map (.nii.gz, Zarr)"));
  return join_path(given, only);
}

LabelVolume read_label_map(Env& env, const std::string& path, const ShownPart& part) {
  auto source = open_boxes(env, path);
  Geometry own = source->geometry();
  if (source->channels() != 1) fail_input(text("\"", path, "\" has ", source->channels(), " channels; a label map has one"));
  std::string reason = own.size == part.whole.size ? "" : text("it has ", to_string(own.size), " voxels, the image ", to_string(part.whole.size));
  bool both_known = source->orientation_known() && part.orientation_known;
  if (reason.empty() && (!both_known || same_grid(own, part.whole, 0.01, &reason))) {
    LabelVolume labels = labels_of(source->volume(0, part.box), path);
    labels.geometry = geometry_of(part.whole, part.box);
    return labels;
  }
  if (!part.is_all()) fail_input(text("\"", path, "\" lies on another grid than the image: ", reason), "with --box both must have the same voxels");
  warn(text("\"", path, "\" is resampled onto the image's grid: ", reason));
  return resample_nearest(labels_of(source->volume(0, {{}, own.size}), path), part.whole);
}

}  // namespace tomograd
