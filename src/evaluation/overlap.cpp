#include "evaluation/overlap.h"

#include <limits>

#include "base/error.h"

namespace tomograd {

double Overlap::dice() const { return truth + prediction == 0 ? 1 : 2 * double(both) / double(truth + prediction); }

double Overlap::volume_error() const {
  return truth == 0 ? std::numeric_limits<double>::quiet_NaN() : double(prediction - truth) / double(truth);
}

std::vector<Overlap> overlaps(const uint8_t* prediction, const uint8_t* truth, int64_t voxels, int64_t classes) {
  if (classes < 1 || classes > 255) fail_input(text("overlap of ", classes, " classes was asked for, must be 1 to 255"));
  std::vector<int64_t> pairs(256 * 256);  // [truth][prediction]
  for (int64_t i = 0; i < voxels; ++i) ++pairs[size_t(truth[i]) * 256 + prediction[i]];

  std::vector<Overlap> result(static_cast<size_t>(classes));
  for (int64_t t = 0; t < 255; ++t)
    for (int64_t p = 0; p < 256; ++p) {
      int64_t count = pairs[size_t(t * 256 + p)];
      if (count == 0) continue;
      if (t >= classes || p >= classes)
        fail_input(text(t >= classes ? "truth" : "prediction", " holds class ", t >= classes ? t : p, ", there are only ", classes, " (0 to ", classes - 1, ")"));
      result[size_t(t)].truth += count;
      result[size_t(p)].prediction += count;
      if (t == p) result[size_t(t)].both += count;
    }
  return result;
}

}  // namespace tomograd
