// Lists of cells out of whatever holds them: a json list, an instance volume, a map of centroid voxels, a mask, probabilities.
// Volumes are TIFF or NIfTI and TIFF is read plane by plane. Centres are voxels Z, Y, X of the whole volume.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "evaluation/detection.h"

namespace tomograd {

struct CellList {
  std::vector<Detection> cells;                  // voxels = 0 where only points are known
  std::string kind;                              // "list", "instances", "centroid voxels", "mask", "probabilities"
  std::optional<Extent> size;                    // of the volume, where it is known
  std::optional<std::array<double, 3>> spacing;  // Z, Y, X in um
};

struct CellReading {
  double threshold = 0.5;                        // cell where above; 0.5 suits probabilities and masks
  int64_t value = -1;                            // of volumes of whole numbers: only this value is cell; -1 = all above the threshold
  bool instances = false;                        // the values are numbers of cells
  double min_volume_um3 = 8, split_um = 1;       // of masks and probabilities
  std::array<double, 3> spacing{0, 0, 0};        // um, 0 = the file's
  Extent origin{0, 0, 0};                        // of the volume in the whole
};

// {"format":"tomograd.cells/1","size_zyx","spacing","unit":"um","cells":[{"z","y","x"}, ...]} or a bare list of [z, y, x].
CellList read_cell_list(Env& env, const std::string& path);
void write_cell_list(Env& env, const std::string& path, const CellList& list);

// A prediction: by the file's type. A truth: values above 1 are instances; else single voxels are centroids, and anything
// larger a mask, which is neither split nor cleaned.
CellList read_predicted_cells(Env& env, const std::string& path, const CellReading& reading);
CellList read_true_cells(Env& env, const std::string& path);

}  // namespace tomograd
