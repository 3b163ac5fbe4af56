// postprocess.mode = "auto": which cleaning of predictions helps, tried on the validation cases and on nothing else. Candidates
// are no cleaning, filled holes, smallest components of a few sizes, the largest component only, and each of these with filled
// holes; of equally good ones the first in this order, which changes least, is chosen.
#pragma once

#include <vector>

#include "dataset/prepared_case.h"
#include "evaluation/components.h"
#include "spec/value.h"
#include "training/trainer.h"

namespace tomograd {

class CleaningChoice {
 public:
  // `least`: min_voxels and fill_holes that the user set hold for every candidate.
  explicit CleaningChoice(const PostprocessSpec& least);
  void add(const PreparedCase& prepared, const Buffer<uint8_t>& prediction, const ClassMap& classes);  // prediction not cleaned yet

  Cleaning best() const;                         // the first candidate when no case was added
  double best_dice() const;                      // mean over cases and classes; -1 without any
  Value report() const;                          // every candidate with its mean Dice

 private:
  struct Candidate { Cleaning cleaning; std::vector<CaseScore> scores; };
  size_t place() const;
  std::vector<Candidate> candidates_;
};

std::string cleaning_text(const Cleaning& cleaning);                // "largest component, holes filled"
Cleaning cleaning_of(const PostprocessSpec& spec);                  // "auto" counts as none
void set_cleaning(PostprocessSpec& spec, const Cleaning& cleaning);

}  // namespace tomograd
