// Lesions and distractors of the phantom as sets of voxels, and the arithmetic that makes volume shares exact: a blob of n
// voxels is the n voxels nearest to its centre in a lumpy ellipsoidal distance, so any count can be met to the voxel while
// the shape stays smooth, and a smaller blob of the same lesion is a prefix of the larger one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/extent.h"
#include "base/memory.h"
#include "base/random.h"

namespace tomograd {

struct PhantomBlob {
  int target = 0;                                // 1 = GTV-T, 2 = GTV-Ln, 0 = distractor
  int modality = 0;                              // the only one in which it stands out
  Extent centre;
  std::vector<int64_t> voxels;                   // nearest to the centre first
  int64_t hole = 0;                              // the first `hole` voxels of a distractor are empty
};

// `total` voxels split in proportion to `weights`, by largest remainders (ties to the first): each part is within one voxel
// of its exact share and their sum is `total`.
std::vector<int64_t> apportion(int64_t total, const std::vector<double>& weights);

// The largest total <= `near` that `weights` divide without remainder; `near` itself when there is none.
int64_t exact_total(int64_t near, const std::vector<double>& weights);

struct BlobPlan {
  double lesion_share = 0.04;                    // of the body's voxels, both targets together
  int64_t distractors = 2;                       // per modality and zone
  double hole_share = 0.35;                      // of a distractor's voxels
  double radius = 5;                             // typical radius of a GTV-T lesion in the slice, voxels
  double slice_ratio = 0.5;                      // slice spacing makes blobs this much flatter in z when counted in voxels
};

// Places all blobs of one patient. zone: [z][y][x], 0 = nothing may lie here, 1 and 2 = where GTV-T and GTV-Ln may lie.
// No two blobs touch. When they do not fit, all are placed anew with less volume; Error(input) when none fit.
std::vector<PhantomBlob> place_blobs(Extent size, const Buffer<uint8_t>& zone, int64_t body_voxels, const std::vector<double>& weights,
                                     const BlobPlan& plan, uint64_t seed, int64_t patient);

// The lesions of a later scan: their total shrinks by `factor`, shares stay exact, distractors stay as they are.
void shrink_lesions(std::vector<PhantomBlob>& blobs, double factor, const std::vector<double>& weights);

}  // namespace tomograd
