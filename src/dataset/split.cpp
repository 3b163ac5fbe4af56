// Patient-level splits: all scan events of a patient go the same way, so that no patient is trained and tested on.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "dataset/contains.h"
#include "dataset/dataset.h"
#include "dataset/printable.h"
#include "spec/field.h"

namespace tomograd {
namespace {

std::vector<std::string> shuffled(std::vector<std::string> names, uint64_t seed, const char* purpose) {
  Random random(seed, purpose);
  for (size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[size_t(random.below(int64_t(i)))]);
  return names;
}

void check_known(const std::vector<std::string>& asked, const std::vector<std::string>& patients, const char* role) {
  for (const auto& patient : asked) {
    if (contains(patients, patient)) continue;
    std::string nearest = nearest_name(patient, patients);
    fail_input(text(role, " patient '", printable(patient), "' is not in the dataset, which has ", patients.size(), " patients"),
               nearest.empty() ? "" : "did you mean '" + printable(nearest) + "'?");
  }
}

}  // namespace

Split make_split(const Dataset& dataset, const std::vector<std::string>& validation_patients, const std::vector<std::string>& test_patients,
                 double validation_fraction, uint64_t seed) {
  auto patients = dataset.patients();
  check_known(validation_patients, patients, "validation");
  check_known(test_patients, patients, "test");
  for (const auto& patient : validation_patients)
    if (contains(test_patients, patient)) fail_input(text("patient '", printable(patient), "' is named for validation and for testing"));

  // A case without labels can be tested on, but neither trained nor validated on.
  bool labelled = std::any_of(dataset.cases.begin(), dataset.cases.end(), [](const Case& item) { return !item.label.empty(); });
  auto useful = [&](const Case& item) { return !labelled || !item.label.empty(); };

  std::vector<std::string> validation = validation_patients;
  if (validation.empty() && validation_fraction > 0) {
    std::vector<std::string> others;
    for (const auto& item : dataset.cases)
      if (useful(item) && !contains(test_patients, item.patient) && !contains(others, item.patient)) others.push_back(item.patient);
    if (others.size() >= 2) {
      auto count = int64_t(std::llround(validation_fraction * double(others.size())));
      count = std::clamp<int64_t>(count, 1, int64_t(others.size()) - 1);
      auto drawn = shuffled(others, seed, "split/validation");
      validation.assign(drawn.begin(), drawn.begin() + count);
    }
  }

  Split split;
  for (size_t i = 0; i < dataset.cases.size(); ++i) {
    const Case& item = dataset.cases[i];
    if (contains(test_patients, item.patient)) split.test.push_back(int(i));
    else if (!useful(item)) continue;
    else if (contains(validation, item.patient)) split.validation.push_back(int(i));
    else split.train.push_back(int(i));
  }
  if (split.train.empty())
    fail_input(text("no case is left to train on: of ", patients.size(), " patients, ", validation.size(), " are for validation and ",
                    test_patients.size(), " for testing"));
  return split;
}

std::vector<std::vector<std::string>> patient_folds(const Dataset& dataset, int64_t k, uint64_t seed) {
  auto patients = dataset.patients();
  if (k < 1 || k > int64_t(patients.size()))
    fail_input(text(k, " folds of ", patients.size(), " patients are not possible"), text("choose 1 to ", patients.size()));
  auto drawn = shuffled(patients, seed, "split/folds");
  std::vector<std::vector<std::string>> folds(static_cast<size_t>(k));
  for (const auto& patient : patients) {  // dealt out in drawn order, listed in the order of the dataset
    auto place = std::find(drawn.begin(), drawn.end(), patient) - drawn.begin();
    folds[size_t(place % k)].push_back(patient);
  }
  return folds;
}

}  // namespace tomograd
