#include "cli/restore_pictures.h"

#include <cmath>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "cli/slice_choice.h"
#include "pictures/montage.h"
#include "pictures/png.h"

namespace tomograd {
namespace {

constexpr int64_t preview_pixels = 480;

// Axial, unless that lies along the slices that superres made: then coronal, which shows them all.
int shown_axis(const RestoreSpec& spec, const Volume& observed, const Volume& restored) {
  if (spec.task != "superres") return 0;
  int axial = to_canonical(restored.geometry).from_axis[0];
  return observed.geometry.size[axial] != restored.geometry.size[axial] ? 1 : 0;
}

Volume copied(const Volume& volume) {
  Volume copy{volume.geometry, Buffer<float>(volume.voxels.size())};
  std::copy(volume.voxels.begin(), volume.voxels.end(), copy.voxels.begin());
  return copy;
}

}  // namespace

void write_restore_montage(Env& env, const std::string& path, const RestoreSpec& spec, const Volume& observed, const Buffer<uint8_t>& known, const Volume& restored, bool orientation_known) {
  int axis = shown_axis(spec, observed, restored);
  int64_t slice = slices_along(restored.geometry, axis) / 2;
  Volume before = spec.task == "superres" ? resample_linear(observed, restored.geometry) : copied(observed);
  for (int64_t i = 0; i < known.size(); ++i)
    if (!known[i]) before.voxels[i] = std::numeric_limits<float>::quiet_NaN();
  std::vector<MontageTile> tiles{{spec.task == "superres" ? "observed (linear)" : "observed", cut_slice(before, axis, slice)}, {"restored", cut_slice(restored, axis, slice)}};
  if (spec.task == "denoise") {
    for (int64_t i = 0; i < before.voxels.size(); ++i) before.voxels[i] -= restored.voxels[i];
    tiles.push_back({"observed - restored", cut_slice(before, axis, slice)});
  }
  MontageOptions look;
  look.columns = int(tiles.size()), look.marks = orientation_known;
  look.caption = slice_caption(axis, slice, restored.geometry, orientation_known) + ". Grey values from the 1st to the 99.5th percentile of each slice.";
  write_png(env, path, draw_montage(tiles, {}, {}, look));
}

void write_restore_preview(Env& env, const std::string& directory, int64_t iteration, const Volume& average) {
  char name[40];
  std::snprintf(name, sizeof name, "iteration-%06lld.png", static_cast<long long>(iteration));
  ImageSlice slice = cut_slice(average, 0, slices_along(average.geometry, 0) / 2);
  write_png(env, join_path(directory, name), render(slice, percentile_window(slice.pixels), pixels_per_mm_for(slice.view, preview_pixels)));
}

}  // namespace tomograd
