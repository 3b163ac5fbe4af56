// tomograd evaluate PRED TRUTH --cells: cells found against cells that are there.
#pragma once

#include <string>
#include <vector>

#include "cli/cell_lists.h"
#include "cli/verb.h"

namespace tomograd {

struct CellEvaluation {
  std::string prediction, truth, save;
  std::vector<double> radii = {1, 2, 4, 6, 8}, spacing;
  std::vector<int64_t> offset;
  CellReading reading;
};
void add_cell_options(CLI::App& verb, CellEvaluation& options, CLI::Option* cells);  // each needs the flag `cells`
void evaluate_cells(const Output& output, CellEvaluation options);

}  // namespace tomograd
