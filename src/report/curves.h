// Training curves: what metrics.jsonl of a trial says, thinned to what a chart can show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tomograd {

struct Curve {
  int64_t trial = 0;
  std::string name;                              // "loss", "validation_dice"
  std::vector<double> steps, values;
};

// One curve per number that the lines hold beside their `step`, in order of appearance. Longer ones are cut into `most` equal
// parts of their points, each shown by its mean step and value. Lines that are no object with a step, such as a last one that
// a kill has torn, are left out.
std::vector<Curve> read_curves(int64_t trial, std::string_view jsonl, size_t most = 120);

}  // namespace tomograd
