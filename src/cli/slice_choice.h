// What montage and overlay share: which slice is meant, names of files, and what a picture's caption says about the slice.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "volume/nifti.h"

namespace tomograd {

struct SliceOptions {
  std::string slice, axis = "z";
  std::vector<std::string> names;                // "1=GTV-T"
  int64_t pixels = 320;
};
void add_slice_options(CLI::App& verb, SliceOptions& options, const std::string& default_slice);

int axis_number(const SliceOptions& options);    // 0 = z, 1 = y, 2 = x
// "mid", "largest" (needs labels) or a number as the file counts. Error(usage) for anything else.
int64_t choose_slice(const SliceOptions& options, const Geometry& geometry, const LabelVolume* labels);
std::vector<std::pair<int64_t, std::string>> label_names(const SliceOptions& options);
// "axial slice 12 of 0-23, radiological display: the patient's right is on the left of the picture"
std::string slice_caption(int axis, int64_t slice, const Geometry& geometry, bool orientation_known);

// Names without folder and .nii.gz, and without what all begin with: "T1w", "T2w" for P01_T1w.nii.gz, P01_T2w.nii.gz; files of
// the same name get their folder's.
std::vector<std::string> short_names(const std::vector<std::string>& paths);

}  // namespace tomograd
