#include "cluster/slurm_output.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t most_indices = 4'000'001;      // the largest MaxArraySize that Slurm accepts

bool number_of(const std::string& digits, int64_t& value) {
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return code == std::errc() && end == digits.data() + digits.size() && !digits.empty() && digits[0] != '-';
}

bool is_id(const std::string& id) {
  int64_t value = 0;
  return number_of(id, value) && value > 0;
}

std::vector<std::string> split(const std::string& line, char by, size_t most) {
  std::vector<std::string> parts;
  size_t from = 0;
  while (parts.size() + 1 < most) {
    size_t to = line.find(by, from);
    if (to == std::string::npos) break;
    parts.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  parts.push_back(line.substr(from));
  return parts;
}

// "123", "123_4", "123_[5-9%2]" -> job and indices.
bool take_id(const std::string& id, SlurmRecord& record) {
  size_t bar = id.find('_');
  record.job = id.substr(0, bar);
  record.indices = bar == std::string::npos ? std::vector<std::pair<int64_t, int64_t>>{{0, 0}} : array_indices(id.substr(bar + 1));
  return is_id(record.job) && !record.indices.empty();
}

// "0:9" is a death by signal 9, "3:0" our own way to say "stopped on request, state saved", "0:125" an end for lack of memory.
void take_exit(const std::string& code_and_signal, SlurmRecord& record) {
  auto parts = split(code_and_signal, ':', 2);
  int64_t code = 0, signal = 0;
  if (record.state != JobState::failed || record.reason.rfind("OUT_OF_MEMORY", 0) == 0 || parts.size() != 2 || !number_of(parts[0], code) || !number_of(parts[1], signal)) return;
  std::string how = signal > 0 ? text("killed by signal ", signal) : code > 0 ? text("exit code ", code) : "";
  if (signal == 0 && code == exit_code(ErrorKind::stopped)) record.state = JobState::preempted;
  if (!how.empty()) record.reason += (record.reason.empty() ? "" : ", ") + how;
}

}  // namespace

JobState slurm_state(const std::string& word) {
  std::string state = word.substr(0, word.find_first_of(" +,"));
  for (auto [name, value] : {std::pair{"PENDING", JobState::pending}, {"CONFIGURING", JobState::pending}, {"RESV_DEL_HOLD", JobState::pending}, {"REQUEUED", JobState::requeued}, {"REQUEUE_HOLD", JobState::requeued},
                             {"REQUEUE_FED", JobState::requeued}, {"SPECIAL_EXIT", JobState::requeued}, {"RUNNING", JobState::running}, {"COMPLETING", JobState::running}, {"SUSPENDED", JobState::running},
                             {"STOPPED", JobState::running}, {"SIGNALING", JobState::running}, {"STAGE_OUT", JobState::running}, {"RESIZING", JobState::running}, {"COMPLETED", JobState::complete},
                             {"FAILED", JobState::failed}, {"OUT_OF_MEMORY", JobState::failed}, {"TIMEOUT", JobState::timed_out}, {"DEADLINE", JobState::timed_out}, {"NODE_FAIL", JobState::node_failure},
                             {"BOOT_FAIL", JobState::node_failure}, {"PREEMPTED", JobState::preempted}, {"CANCELLED", JobState::cancelled}, {"REVOKED", JobState::cancelled}})
    if (state == name) return value;
  return JobState::unknown;
}

std::vector<std::pair<int64_t, int64_t>> array_indices(const std::string& expression) {
  std::string list = expression.substr(0, expression.find('%'));
  std::erase_if(list, [](char c) { return c == '[' || c == ']'; });
  std::vector<std::pair<int64_t, int64_t>> result;
  for (const auto& part : split(list, ',', size_t(most_indices))) {
    std::string range = part.substr(0, part.find(':'));
    auto ends = split(range, '-', 2);
    int64_t first = 0, last = 0, step = 1;
    if (!number_of(ends[0], first) || !number_of(ends.back(), last) || last < first || last >= most_indices) return {};
    if (range.size() < part.size() && (!number_of(part.substr(range.size() + 1), step) || step < 1)) return {};
    if (step == 1) result.emplace_back(first, last);
    else
      for (int64_t index = first; index <= last; index += step) result.emplace_back(index, index);
  }
  return result;
}

std::vector<SlurmRecord> parse_squeue(const std::string& text) {
  std::vector<SlurmRecord> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto parts = split(line, '|', 4);
    if (parts.size() != 4 || !is_id(parts[0])) continue;
    SlurmRecord record{parts[0], {{0, 0}}, slurm_state(parts[2]), parts[3] == "None" ? "" : parts[3]};
    if (parts[1] != "N/A") record.indices = array_indices(parts[1]);
    if (record.indices.empty()) continue;
    // Slurm holds a requeued element back for two minutes and calls it pending; we never ask for a begin time ourselves.
    if (record.state == JobState::pending && (record.reason == "BeginTime" || record.reason.find("equeue") != std::string::npos)) record.state = JobState::requeued;
    if (record.state == JobState::pending && record.reason == "DependencyNeverSatisfied") record.state = JobState::cancelled;
    result.push_back(std::move(record));
  }
  return result;
}

std::vector<SlurmRecord> parse_sacct(const std::string& text) {
  std::vector<SlurmRecord> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto parts = split(line, '|', 3);
    SlurmRecord record;
    if (parts.size() != 3 || !take_id(parts[0], record)) continue;     // steps ("123_4.batch") are no ids either
    record.state = slurm_state(parts[1]);
    if (record.state != JobState::complete) record.reason = parts[1];
    take_exit(parts[2], record);
    result.push_back(std::move(record));
  }
  return result;
}

std::vector<SlurmRecord> parse_scontrol_jobs(const std::string& text) {
  std::vector<SlurmRecord> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    // Fields are "Name=value"; values with spaces (paths) come after those that are wanted here.
    auto field = [&](const std::string& name) {
      size_t at = line.rfind(name + "=", 0) == 0 ? 0 : line.find(" " + name + "=");
      if (at == std::string::npos) return std::string();
      at = line.find('=', at) + 1;
      return line.substr(at, line.find(' ', at) - at);
    };
    SlurmRecord record;
    std::string array = field("ArrayJobId"), index = field("ArrayTaskId");
    record.job = array.empty() ? field("JobId") : array;
    record.indices = array.empty() ? std::vector<std::pair<int64_t, int64_t>>{{0, 0}} : array_indices(index);
    if (!is_id(record.job) || record.indices.empty()) continue;
    std::string word = field("JobState"), reason = field("Reason");
    record.state = slurm_state(word);
    if (record.state != JobState::complete) record.reason = word + (reason.empty() || reason == "None" ? "" : ", " + reason);
    take_exit(field("ExitCode"), record);
    result.push_back(std::move(record));
  }
  return result;
}

int64_t parse_max_array_size(const std::string& config) {
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("MaxArraySize", 0) != 0) continue;
    size_t at = line.find_first_of("0123456789");
    int64_t value = 0;
    if (at != std::string::npos && number_of(line.substr(at, line.find_last_of("0123456789") + 1 - at), value)) return value;
  }
  return -1;
}

std::string parse_job_id(const std::string& answer) {
  // "123" or "123;cluster", perhaps below lines that a site's own submit filter prints.
  std::istringstream lines(answer);
  std::string id;
  for (std::string line; std::getline(lines, line);)
    if (std::string first = line.substr(0, line.find(';')); is_id(first)) id = first;
  return id;
}

}  // namespace tomograd
