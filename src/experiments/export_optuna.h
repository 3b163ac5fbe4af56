// An experiment as a study of Optuna: the file that its JournalStorage reads (Optuna 3.1 and later), one JSON object per line and
// operation. `optuna.load_study(study_name=..., storage=JournalStorage(JournalFileBackend(file)))` and `optuna-dashboard FILE`
// open it, and a script can go on in it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "experiments/trial_store.h"

namespace tomograd {

struct StudyMaterial {
  ExperimentRecord experiment;
  std::vector<TrialRecord> trials;
  std::vector<StoreEvent> events = {};           // for the times and the notes
  std::map<int64_t, std::vector<std::pair<int64_t, double>>> intermediate = {};  // of a trial: (step, value) of the metric
};

// The study has the experiment's name, one objective (the strategy's metric, maximised), and trial i of ours as its trial i - 1.
// Parameters are the variables: a range as a float or integer distribution, widened to what trials have, listed values as
// categories; with channels left out also `left_out`, and `test` and `channel_dropout` where they differ. Waiting and preempted trials are WAITING,
// cancelled ones FAIL, like a complete trial without a value of the metric. User attributes of a trial: trial, state, design,
// settings, attempts, reason, seed, the plain numbers that it reported, and notes; of the study: fingerprint, spec, notes.
std::string optuna_journal(const StudyMaterial& material);

}  // namespace tomograd
