// The cell phantom: a fluorescence microscopy volume whose nuclei are known, made slab by slab so that no size needs the whole
// volume in memory. Ellipsoidal nuclei that do not overlap, some in touching pairs, of unlike size, brightness and texture;
// Gaussian PSF, wider in z; uneven illumination, out-of-focus haze, bright specks that are no cells; Poisson-like and read noise.
// Every plane is a function of (options, z) alone: neither threads nor slabs change a bit.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/extent.h"
#include "base/parallel.h"
#include "spec/value.h"
#include "volume/tiff.h"

namespace tomograd {

struct CellsOptions {
  Extent size{300, 300, 300};                    // 16 .. 2^20 each
  int64_t cells = 400;                           // 1 .. 10^7
  uint64_t seed = 1;
  std::array<double, 3> spacing{1, 1, 1};        // Z, Y, X in micrometres, 0.05 .. 20
  double touching = 0.25;                        // share of cells that touch another, 0 .. 1
  int64_t classes = 2;                           // of the training labels: 2 = background, core; 3 = also the rim
  int64_t cubes = 4, cube = 96;                  // labelled cubes for training, and their side in voxels
  TiffCompression compression = TiffCompression::none;  // of the image; labels are always deflated
};

struct PhantomCell {
  int64_t id = 0;                                // 1, 2, ...; the value in the instance volume
  std::array<double, 3> centre{};                // Z, Y, X in voxels of the whole volume
  double radius_um = 0;                          // of the sphere of equal volume
  double brightness = 0;                         // counts above background, before the PSF
  std::array<std::array<double, 3>, 3> shape{};  // inside where d' shape d < 1, d = voxel - centre
  std::array<double, 3> half{};                  // half of the bounding box, voxels
  double shrink = 1;                             // the core is the same ellipsoid, its axes times this
};

// Places the cells; id i + 1 is at index i. Error(input) when so many do not fit.
std::vector<PhantomCell> place_cells(const CellsOptions& options);

// Writes, next to one another: FILE.tif (uint16), FILE_labels.tif (instances, uint16 or uint32), FILE_centroids.tif (uint8, 1 at the
// voxel of each centroid), FILE.json (tomograd.cells/1, which is also the image's spacing), and with cubes > 0 the folder
// FILE_cubes with cubeN/fluorescence.nii.gz, cubeN/label.nii.gz and a dataset.json over them. Cubes do not overlap and are rich in
// cells. Labels of cubes: 1 = core (the nucleus less about a voxel all around, so that touching ones come apart), 2 = its rim.
// Returns what it wrote, for --json. Error(budget) when the disk has no room for it.
Value write_cells_phantom(Env& env, const CellsOptions& options, const std::string& path, ThreadPool& pool,
                          const std::function<void(int64_t done, int64_t of)>& done = {});

}  // namespace tomograd
