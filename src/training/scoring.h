// A prediction against the truth of its case, on the case's own grid.
#pragma once

#include "dataset/prepared_case.h"
#include "training/trainer.h"

namespace tomograd {

// Classes 1.. of `classes`; prediction is on prepared.geometry. Distances in mm; those of absent classes are NaN or infinity.
CaseScore score_case(const PreparedCase& prepared, const Buffer<uint8_t>& prediction, const ClassMap& classes, bool with_surfaces);
double mean_dice(const std::vector<CaseScore>& scores);   // over cases and classes; -1 without any

}  // namespace tomograd
