// One training run: run folder in, model.safetensors out (DESIGN §2 "run folder"). max_steps runs give the same bits when
// killed anywhere and resumed.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/env.h"
#include "dataset/dataset.h"
#include "spec/run_spec.h"

namespace tomograd {

class RankGroup;                                 // training/rank_group.h

struct TrainProgress {
  int64_t step = 0, max_steps = 0;
  double seconds = 0, max_seconds = 0, loss = 0, patches_per_second = 0;
};
struct CaseScore { std::string case_id, patient; std::vector<std::string> classes; std::vector<double> dice, hd95, assd, volume_error; };
// The test cases predicted with one channel missing: zeros after normalisation, as preprocess.missing = "zero" fills it.
struct ScoresWithout { std::string channel; int64_t channel_bytes = 0; std::vector<CaseScore> test; };  // channel_bytes: of the others
struct TrainResult {
  int64_t steps = 0;
  double seconds = 0, patches_per_second = 0, stall_seconds = 0, seconds_per_step = 0, final_loss = 0;
  double loader_wait_share = 0;                  // stall_seconds of the seconds of training, of what this process has trained
  double read_seconds = 0;                       // reading, decoding and preparing cases, at the start and for validation and testing
  int64_t parameters = 0, peak_bytes = 0, predicted_peak_bytes = 0, channel_bytes = 0;  // channel_bytes: input bytes per scan
  double validation_dice = -1;
  std::vector<CaseScore> test;                   // test_patients predicted whole with the final model
  std::vector<ScoresWithout> without;            // of validation.each_channel: one per channel, in the network's order
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void progress(const TrainProgress&) {}
  virtual void checkpoint(int64_t /*step*/) {}
};

struct TrainOptions {
  bool resume = false;
  std::string init_from;                         // MODEL whose weights start this run; channels and classes are matched by name
  std::string write_predictions;                 // folder for the test cases' predictions; "" = none
  std::stop_token stop;
  int64_t max_memory_bytes = 0;                  // Error(budget) before the first step when more is needed; 0 = no limit
  RankGroup* ranks = nullptr;                    // processes that all call train() with this spec and train one network; null = this one alone
};

// Fills in what "auto" and 0 leave open (device, threads, precision, channels, classes, model sizes, normalisation). Asks the
// machine, looks at the training cases of the split alone, and reads those when the patch is to be fitted to them; called once
// when the run is created. max_memory_bytes: what a fitted patch may need, 0 = the 8 GB that nnU-Net assumes.
RunSpec resolve(Env& env, const RunSpec& spec, const Dataset& dataset, const Split& split, int64_t max_memory_bytes = 0);

// Error(usage) when the folder holds a run and resume is not set; Error(stopped) after a stop with the state saved. A run that
// is refused, for its spec or for its cases, leaves nothing behind. A resumed run keeps what was resolved when it was created.
// Of several ranks the first alone writes, validates and tests; the others return when the last step is done, without scores.
TrainResult train(Env& env, Clock& clock, const RunSpec& spec, const TrainOptions& options, TrainObserver& observer);

}  // namespace tomograd
