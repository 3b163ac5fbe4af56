// A case as the network sees it: canonical orientation, chosen channels, normalised, resampled and cropped as
// [preprocess] says, labels as class indices; with what is needed to bring a prediction back to the input's own grid.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataset/dataset.h"
#include "spec/run_spec.h"
#include "volume/block_source.h"
#include "volume/nifti.h"
#include "volume/volume.h"

namespace tomograd {

// Classes in order; class 0 is background.
struct ClassMap {
  std::vector<std::string> names;                // "background", ...
  std::vector<int> class_of;                     // label value -> class; values beyond the end are an error
  int64_t count() const { return int64_t(names.size()); }
};
ClassMap make_class_map(const Dataset& dataset, const ClassesSpec& spec);
std::vector<std::string> used_channels(const Dataset& dataset, const PreprocessSpec& spec);  // channels minus leave_out; Error when none is left

struct PreparedCase {
  std::string id, patient;
  std::vector<std::string> channels;
  std::vector<bool> present;                     // per channel; an absent one is all zero
  Geometry geometry;                             // of the arrays below
  std::vector<Buffer<float>> images;             // [channel] -> [z][y][x]
  Buffer<uint8_t> labels;                        // class indices; empty when the case has no label file
  Buffer<uint8_t> roi;                           // 0/1; empty = everywhere
  std::vector<float> outside;                    // per channel: what lies beyond the volume (its background after normalisation)
  // The way back.
  Geometry original;                             // of the case's first image
  Reorientation reorientation;                   // original -> canonical
  Box crop;                                      // in the canonical (resampled) grid before cropping
  Geometry canonical;                            // full canonical grid before resampling and cropping
  Geometry resampled;                            // canonical with the target spacing; `crop` counts its voxels
  NiftiHeader header;                            // of the first image, for writing predictions
};

// Class indices as predictions hold them: the first label value that the class was made from. [class], 0 for background.
std::vector<uint16_t> values_of(const ClassMap& classes);

// Two files of a case are on one grid when corners agree to this, mm: 1 % of the finest spacing. (Affines travel as 32-bit
// floats and through quaternions, which costs up to 1e-4 of a voxel; a real shift is at least a good part of one.)
double grid_tolerance(const Geometry& geometry);

void check_same_grid(const Geometry& reference, const std::string& reference_path, const Geometry& geometry, const std::string& path);  // Error(input) says in what they differ

// Class indices of label values. Error(input) names a value that no class has.
void to_classes(const ClassMap& classes, const uint16_t* values, int64_t count, uint8_t* into);

// Whether [preprocess] missing = "skip" leaves this case out: a used channel has no file.
bool is_skipped(const Dataset& dataset, const Case& item, const PreprocessSpec& spec);

// Names, channels, grids and the first image's header, without a voxel; `first_path`: that image. Error(input) as below.
PreparedCase begin_case(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec, std::string* first_path);

// Reads and prepares: canonical orientation, normalisation, resampling, crop, in this order. Only the used channels, the
// label and the ROI are read; statistics come from this case alone, so a left-out case or channel cannot leak.
// Error(input) names the case and the file: a file that is missing or unreadable, files on different grids (more than 1 %
// of the finest spacing apart at a corner), no used channel present, a label value that `classes` does not know, an empty
// ROI, an image without a finite voxel.
PreparedCase prepare_case(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec, const ClassMap& classes,
                          bool with_labels);

// A label map on prepared.geometry brought back to the case's own grid (crop undone with 0, nearest resampling, orientation).
// Error(input) when `labels` has another size.
LabelVolume to_original(const PreparedCase& prepared, const Buffer<uint8_t>& labels);

// Normalised images and labels of the case, cut into blocks; the case itself is not needed afterwards.
std::unique_ptr<BlockSource> blocks_of(const PreparedCase& prepared, Extent block = {64, 64, 64});

}  // namespace tomograd
