// What became of the elements, out of three sources that may each be late, silent or wrong.
#include <algorithm>
#include <vector>

#include "base/error.h"
#include "cluster/slurm.h"
#include "cluster/slurm_output.h"

namespace tomograd {
namespace {

constexpr size_t chunks_at_once = 20;            // asked for in one command: its answer stays within some megabytes

// Hands `use` the elements of a record that belong to the submission.
template <class Use>
void each_element(const Submission& submission, const std::vector<SlurmRecord>& records, Use&& use) {
  for (const auto& record : records) {
    auto chunk = std::find_if(submission.chunks.begin(), submission.chunks.end(), [&](const JobChunk& c) { return c.id == record.job; });
    if (chunk == submission.chunks.end()) continue;
    for (auto [first, last] : record.indices)
      for (int64_t index = first; index <= std::min(last, chunk->count - 1); ++index)
        if (submission.has(chunk->first + index)) use(chunk->first + index, record);
  }
}

void set(ElementStates& states, int64_t element, JobState state, const std::string& reason) {
  states.of[size_t(element)] = state;
  if (reason.empty()) states.reasons.erase(element);
  else states.reasons[element] = reason;
}

std::vector<std::string> groups_of_ids(const Submission& submission, const ElementStates* without_known) {
  std::vector<std::string> result;
  size_t in_group = 0;
  for (const auto& chunk : submission.chunks) {
    if (chunk.id.empty()) continue;
    if (without_known) {
      bool open = false;
      for (int64_t element = chunk.first; element < chunk.first + chunk.count && !open; ++element) open = without_known->of[size_t(element)] == JobState::unknown && submission.has(element);
      if (!open) continue;
    }
    if (in_group == 0) result.emplace_back();
    result.back() += (in_group > 0 ? "," : "") + chunk.id;
    in_group = (in_group + 1) % chunks_at_once;
  }
  return result;
}

bool is_forgotten(const CommandAnswer& answer) { return answer.err.find("Invalid job id") != std::string::npos; }

}  // namespace

ElementStates Slurm::states(const Submission& submission) {
  ElementStates result;
  result.of.assign(size_t(submission.elements), JobState::unknown);
  look_at_living(submission, result);
  ElementStates& ended = ended_[submission.uuid];
  ended.of.resize(size_t(submission.elements), JobState::unknown);
  // What ended stays known after Slurm has forgotten it, until it is seen alive again.
  for (size_t element = 0; element < result.of.size(); ++element) {
    if (ended.of[element] == JobState::unknown) continue;
    if (result.of[element] == JobState::unknown) set(result, int64_t(element), ended.of[element], ended.reasons.contains(int64_t(element)) ? ended.reasons[int64_t(element)] : "");
    else ended.of[element] = JobState::unknown, ended.reasons.erase(int64_t(element));
  }
  look_at_ended(submission, result);
  for (size_t element = 0; element < result.of.size(); ++element)
    if (has_ended(result.of[element])) set(ended, int64_t(element), result.of[element], result.reasons.contains(int64_t(element)) ? result.reasons[int64_t(element)] : "");
  return result;
}

void Slurm::look_at_living(const Submission& submission, ElementStates& result) {
  for (const auto& ids : groups_of_ids(submission, nullptr)) {
    CommandAnswer answer = ask(tools_.squeue, {"--noheader", "--array", "--jobs=" + ids, std::string("--format=") + squeue_format});
    if (!answer.ok() && !is_forgotten(answer)) fail_failure("the states of '" + submission.name + "': " + describe(command(tools_.squeue, {}), answer));
    each_element(submission, parse_squeue(answer.out), [&](int64_t element, const SlurmRecord& record) {
      // squeue has seen it end, but only the other two know how (exit code 3 is "stopped, state saved").
      if (!has_ended(record.state) || record.reason == "DependencyNeverSatisfied") set(result, element, record.state, record.reason);
    });
  }
}

void Slurm::look_at_ended(const Submission& submission, ElementStates& result) {
  auto take = [&](const std::vector<SlurmRecord>& records, const char* source) {
    each_element(submission, records, [&](int64_t element, const SlurmRecord& record) {
      if (result.of[size_t(element)] != JobState::unknown) return;
      // squeue did not name it, so it does not live: a source that says otherwise is behind or ahead; the next look will tell.
      if (has_ended(record.state)) set(result, element, record.state, record.reason);
      else result.reasons[element] = std::string(source) + " calls it " + job_state_name(record.state) + ", squeue does not know it";
    });
  };
  if (accounting_) {
    std::string since = utc_text((submission.created_unix_seconds - 86400) * 1000).substr(0, 19);  // its default is midnight
    for (const auto& ids : groups_of_ids(submission, &result)) {
      CommandAnswer answer = run_command(command(tools_.sacct, {"--noheader", "--parsable2", "--allocations", "--starttime=" + since, "--jobs=" + ids, std::string("--format=") + sacct_format}));
      if (answer.ok()) {
        take(parse_sacct(answer.out), "sacct");
      } else if (!answer.timed_out) {            // not installed, or "Slurm accounting storage is disabled"
        accounting_ = answer.found && answer.err.find("disabled") == std::string::npos;
        break;
      }
    }
  }
  for (const auto& ids : groups_of_ids(submission, &result))
    for (size_t from = 0; from < ids.size();) {
      size_t to = std::min(ids.find(',', from), ids.size());
      CommandAnswer answer = ask(tools_.scontrol, {"--oneliner", "show", "job", ids.substr(from, to - from)});
      if (!answer.ok() && !is_forgotten(answer)) fail_failure("the states of '" + submission.name + "': " + describe(command(tools_.scontrol, {}), answer));
      take(parse_scontrol_jobs(answer.out), "scontrol");
      from = to + 1;
    }
  for (const auto& chunk : submission.chunks)
    if (chunk.id.empty())
      for (int64_t element = chunk.first; element < chunk.first + chunk.count; ++element)
        if (submission.has(element)) result.reasons[element] = "not accepted by Slurm yet";
}

}  // namespace tomograd
