#include "experiments/trial_store.h"

#include "base/digest.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {
constexpr const char* names[] = {"waiting", "running", "complete", "failed", "preempted", "cancelled"};
}

const char* trial_state_name(TrialState state) { return names[int(state)]; }

TrialState trial_state_from(const std::string& name) {
  for (int i = 0; i < 6; ++i)
    if (name == names[i]) return TrialState(i);
  fail_input("'" + name + "' is no state of a trial");
}

std::string trial_fingerprint(const std::string& experiment_fingerprint, const Value& settings) {
  return digest_of(experiment_fingerprint + "\n" + to_json(settings, false));
}

}  // namespace tomograd
