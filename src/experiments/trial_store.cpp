#include "experiments/trial_store.h"

#include <iterator>

#include "base/digest.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {
constexpr const char* names[] = {"waiting", "running", "complete", "failed", "preempted", "cancelled", "pruned"};
}

const char* trial_state_name(TrialState state) { return names[int(state)]; }

bool is_over(TrialState state) { return state == TrialState::complete || state == TrialState::failed || state == TrialState::cancelled || state == TrialState::pruned; }

TrialState trial_state_from(const std::string& name) {
  for (size_t i = 0; i < std::size(names); ++i)
    if (name == names[i]) return TrialState(i);
  fail_input("'" + name + "' is no state of a trial");
}

std::optional<Claim> TrialStore::claim(const std::string& owner, const std::string& request_id) {
  std::vector<Claim> claims = claim_some(owner, request_id, 1);
  return claims.empty() ? std::nullopt : std::optional(std::move(claims.front()));
}

std::vector<StoreEvent> notes_of(TrialStore& store) {
  std::vector<StoreEvent> notes = store.events();
  std::erase_if(notes, [](const StoreEvent& event) { return event.kind != "note"; });
  return notes;
}

int64_t begun_as(int64_t trial, const Value& design) {
  const Value* first = design.find("begun_as");
  return first ? first->as_integer() : trial;
}

std::string trial_fingerprint(const std::string& experiment_fingerprint, const Value& settings) {
  return digest_of(experiment_fingerprint + "\n" + to_json(settings, false));
}

}  // namespace tomograd
