// The head-neck phantom: a cohort of synthetic 7-modality MRI scans in which the importance of every modality is known.
//
// Every lesion has one carrier modality. There, and only there, its voxels are brighter than the tissue they lie in; in the
// other six it cannot be seen, because lesions are *added* to the anatomy and their places are drawn without looking at the
// images. Shares of lesion volume per carrier follow `importance` as exactly as whole voxels allow, per patient, scan and
// target. In every modality, those of importance 0 too, lie distractors: shells with an empty middle whose mean over the
// whole footprint is that of a lesion. So brightness after blurring tells nothing, and a network has to look closely.
//
// What this plants: an observer who sees everything but one modality cannot find that carrier's share s of the true volume,
// and makes no other error. Its Dice falls from 1 to 2(1-s)/(2-s), that is by s/(2-s). Noise and partial volume hide borders of
// lesions from every real observer, who therefore loses less: HeadNeckOptions::noise brings it near the ideal one.
//
// The two targets share the same shares. GTV-T lies in the muscular compartment around the airway, GTV-Ln in the fatty lateral
// compartments; all seven modalities show which compartment a voxel is in, so no single one carries the target either.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/parallel.h"
#include "dataset/phantom_blobs.h"
#include "spec/value.h"
#include "volume/volume.h"

namespace tomograd {

inline constexpr std::array<const char*, 7> head_neck_modalities = {"T1w", "T1ce", "T2w", "T2star", "ADC", "ktrans", "ve"};

struct HeadNeckOptions {
  int64_t patients = 6;                          // 1 .. 9999
  int64_t scans = 1;                             // scan events per patient; lesions shrink from one to the next
  Extent size{30, 200, 200};                     // of the first patient; others differ by some slices and a few percent in plane
  uint64_t seed = 1;
  double noise = 1;                              // of noise and partial volume, 0 to 2; 1 = lesions at about 5 times the noise, at
                                                 // which even a trained network misses a tenth of them, at their borders
  std::vector<double> importance = {};           // one per modality, >= 0, some > 0; empty = geometric_importance()
};

// T2star 64, T1ce 32, T2w 16, ktrans 8, T1w 4, ve 2, ADC 1, in the order of head_neck_modalities. Most and least are as
// Bielak et al. found them (Radiat Oncol 15:181, 2020); the order between is ours.
std::vector<double> geometric_importance();
std::vector<double> equal_importance();
// "T2star=4,T1ce=2": modalities that are not named get 0. Error(usage) for unknown names, negative or all-zero weights.
std::vector<double> parse_importance(const std::string& text);

struct HeadNeckScan {
  std::string patient, scan;                     // "P01", "scan1"
  std::vector<Volume> raw;                       // [modality], scanner units, each with its own bias field and grid origin
  std::vector<Volume> normalised;                // [modality], registered, bias mostly removed, mean 0 and variance 1 in the mask
  LabelVolume labels, mask;                      // 0, 1 = GTV-T, 2 = GTV-Ln; 0, 1 = inside the body
  std::vector<PhantomBlob> blobs;                // voxels as linear indices of `labels`
};

// One scan event, a function of (options, patient, scan) alone. Error(input) when the size is too small for it.
HeadNeckScan make_head_neck_scan(const HeadNeckOptions& options, int64_t patient, int64_t scan);

// Lesion voxels per carrier modality, of one target (1, 2) or of both (0).
std::vector<int64_t> carrier_voxels(const std::vector<PhantomBlob>& blobs, int target);

// What an ideal observer without a modality loses in Dice when that modality carries share s of the true volume.
inline double ideal_dice_loss(double share) { return share / (2 - share); }

// Writes the cohort below `directory` and returns what it also writes there as phantom.json (tomograd.phantom/1):
//   P01/scan1/P01_T1w.nii.gz                    raw, one per modality
//   P01/scan1/P01_normalization_T1w.nii.gz      registered and normalised
//   P01/scan1/P01_normalization_seg.nii.gz      labels;   ..._normalization_mask.nii.gz   the body, as ROI
// `done` is called after each scan event, one call at a time. The directory must be missing, empty, or one whose writing was
// cut short (phantom.unfinished lies in it), which starts anew.
Value write_head_neck_cohort(Env& env, const HeadNeckOptions& options, const std::string& directory, ThreadPool& pool,
                             const std::function<void(int64_t done, int64_t of)>& done = {});

}  // namespace tomograd
