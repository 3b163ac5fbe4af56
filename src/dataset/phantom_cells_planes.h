// Single planes of the cell phantom, each a function of its z and nothing else: what is there, blurred in the plane; the noisy
// image from blurred planes around it; labels.
#pragma once

#include <cstdint>
#include <vector>

#include "dataset/phantom_cells.h"

namespace tomograd {

class CellPlanes {
 public:
  CellPlanes(const CellsOptions& options, const std::vector<PhantomCell>& cells);
  int64_t reach() const { return int64_t(psf_z_.size()) / 2; }  // planes on either side that the PSF brings in
  int64_t voxels() const { return size_.y * size_.x; }

  // Fluorescence of plane z, blurred along x and y; z may lie up to reach() outside the volume. `scratch`: voxels() floats.
  void blurred(int64_t z, float* into, float* scratch) const;
  // The camera's image of plane z; around[k] = blurred plane z - reach() + k, 2 reach() + 1 of them.
  void image(int64_t z, const std::vector<const float*>& around, uint16_t* into) const;
  void instances(int64_t z, uint32_t* into) const;
  // 0, 1 = core, 2 = rim (with 3 classes; else 0 there), of the box's plane `z` of the volume: [y][x] of the box.
  void classes(int64_t z, const Box& box, uint16_t* into) const;

 private:
  struct Speck { double z, y, x, brightness; };
  template <class Visit>
  void for_each_inside(int64_t z, const Visit& visit) const;

  CellsOptions options_;
  Extent size_;
  const std::vector<PhantomCell>& cells_;
  std::vector<std::vector<int32_t>> by_slab_;    // cells that touch planes 16 k .. 16 k + 15, k from -1; ascending
  std::vector<Speck> specks_;
  std::vector<float> psf_z_, psf_y_, psf_x_;
};

}  // namespace tomograd
