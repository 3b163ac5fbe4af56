#include "training/scoring.h"

#include "evaluation/overlap.h"
#include "evaluation/surface.h"

namespace tomograd {

CaseScore score_case(const PreparedCase& prepared, const Buffer<uint8_t>& prediction, const ClassMap& classes, bool with_surfaces) {
  CaseScore score;
  score.case_id = prepared.id;
  score.patient = prepared.patient;
  LabelVolume predicted = to_original(prepared, prediction), truth = to_original(prepared, prepared.labels);
  int64_t voxels = predicted.voxels.size();
  Buffer<uint8_t> a(voxels), b(voxels);
  for (int64_t i = 0; i < voxels; ++i) a[i] = uint8_t(predicted.voxels[i]), b[i] = uint8_t(truth.voxels[i]);
  auto counts = overlaps(a.data(), b.data(), voxels, classes.count());
  Buffer<uint8_t> mask_a(with_surfaces ? voxels : 0), mask_b(with_surfaces ? voxels : 0);
  for (int64_t cls = 1; cls < classes.count(); ++cls) {
    score.classes.push_back(classes.names[size_t(cls)]);
    score.dice.push_back(counts[size_t(cls)].dice());
    score.volume_error.push_back(counts[size_t(cls)].volume_error());
    if (!with_surfaces) continue;
    for (int64_t i = 0; i < voxels; ++i) mask_a[i] = a[i] == cls, mask_b[i] = b[i] == cls;
    SurfaceDistances distances = surface_distances(mask_a.data(), mask_b.data(), predicted.geometry.size, predicted.geometry.spacing());
    score.hd95.push_back(distances.hd95);
    score.assd.push_back(distances.assd);
  }
  return score;
}

double mean_dice(const std::vector<CaseScore>& scores) {
  double sum = 0;
  int64_t count = 0;
  for (const auto& score : scores)
    for (double dice : score.dice) sum += dice, ++count;
  return count ? sum / double(count) : -1;
}

}  // namespace tomograd
