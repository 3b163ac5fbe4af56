#include "training/cleaning_choice.h"

#include <algorithm>

#include "base/error.h"
#include "training/scoring.h"

namespace tomograd {
namespace {

constexpr int64_t sizes[] = {8, 64, 512};        // voxels: cubes of 2, 4 and 8 a side
constexpr double least_gain = 1e-9;              // of the mean Dice, above what the order of a sum changes

}  // namespace

CleaningChoice::CleaningChoice(const PostprocessSpec& least) {
  std::vector<Cleaning> components = {{false, least.min_voxels, false}};
  for (int64_t size : sizes)
    if (size > least.min_voxels) components.push_back({false, size, false});
  components.push_back({true, least.min_voxels, false});
  for (Cleaning cleaning : components)
    for (bool fill : {false, true}) {
      cleaning.fill_holes = fill;
      if (fill || !least.fill_holes) candidates_.push_back({cleaning, {}});
    }
}

void CleaningChoice::add(const PreparedCase& prepared, const Buffer<uint8_t>& prediction, const ClassMap& classes) {
  for (Candidate& candidate : candidates_) {
    Buffer<uint8_t> cleaned(prediction.size());
    std::copy(prediction.begin(), prediction.end(), cleaned.begin());
    clean(cleaned.data(), prepared.geometry.size, classes.count(), candidate.cleaning);
    candidate.scores.push_back(score_case(prepared, cleaned, classes, false));
  }
}

size_t CleaningChoice::place() const {
  size_t best = 0;
  for (size_t i = 1; i < candidates_.size(); ++i)
    if (mean_dice(candidates_[i].scores) > mean_dice(candidates_[best].scores) + least_gain) best = i;
  return best;
}

Cleaning CleaningChoice::best() const { return candidates_[place()].cleaning; }
double CleaningChoice::best_dice() const { return mean_dice(candidates_[place()].scores); }

Value CleaningChoice::report() const {
  Value::List list;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    Value entry = Value::table();
    entry["cleaning"] = cleaning_text(candidates_[i].cleaning);
    entry["validation_dice"] = mean_dice(candidates_[i].scores);
    entry["chosen"] = i == place();
    list.push_back(entry);
  }
  return list;
}

std::string cleaning_text(const Cleaning& cleaning) {
  std::string result;
  auto add = [&](const std::string& part) { result += (result.empty() ? "" : ", ") + part; };
  if (cleaning.largest_component) add("largest component");
  if (cleaning.min_voxels > 1) add(text("components of at least ", cleaning.min_voxels, " voxels"));
  if (cleaning.fill_holes) add("holes filled");
  return result.empty() ? "none" : result;
}

Cleaning cleaning_of(const PostprocessSpec& spec) { return {spec.mode == "largest_component", spec.min_voxels, spec.fill_holes}; }

void set_cleaning(PostprocessSpec& spec, const Cleaning& cleaning) {
  spec.mode = cleaning.largest_component ? "largest_component" : "none";
  spec.min_voxels = cleaning.min_voxels, spec.fill_holes = cleaning.fill_holes;
}

}  // namespace tomograd
