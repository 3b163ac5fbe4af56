// metrics.json of a trial, which any program may have written.
#include "experiments/metrics.h"
#include "fuzz/fuzz_target.h"
#include "spec/text_formats.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_hostile(0, [&] {
    TrialOutcome outcome = split_outcome(parse_json(bytes_of(data, size), "metrics.json"));
    trial_metric(outcome.metrics, "dice");
    patient_metrics(outcome.metrics, "dice");
    to_json(outcome.timing);
  });
  return 0;
}
