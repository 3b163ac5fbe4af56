#include "cluster/job.h"

#include <errno.h>
#include <sys/random.h>

#include <cstdio>
#include <cstring>
#include <tuple>

#include "base/error.h"

namespace tomograd {
namespace {

bool plain_name(const std::string& name, const char* extra) {
  if (name.empty()) return false;
  for (unsigned char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr(extra, c))) return false;
  return true;
}

// A scheduler's directive is one line, and it reads a backslash in a log's name as "no patterns here".
void check_folder(const char* what, const std::string& path) {
  if (path.empty() || path[0] != '/') fail_input(text("the job's ", what, " '", path, "' is not an absolute path"));
  for (unsigned char c : path)
    if (c < 32 || c == 127 || c == '\\') fail_input(text("the job's ", what, " '", path, "' holds a ", c == '\\' ? "backslash" : "control character", ", which schedulers cannot take"), "use another folder");
}

void check_text(const char* what, const std::string& value) {
  if (value.find('\0') != std::string::npos) fail_input(text("the job's ", what, " holds a NUL byte after '", value.c_str(), "'"));
}

}  // namespace

void check_job(const Job& job) {
  if (!plain_name(job.uuid, "-") || job.uuid.size() > 64) fail_input("the job's uuid is '" + job.uuid + "'; 1 to 64 letters, digits and '-' are right");
  if (!plain_name(job.name, "._-") || job.name.size() > 64) fail_input("the job's name is '" + job.name + "'; 1 to 64 letters, digits, '.', '_' and '-' are right");
  if (job.argv.empty() || job.argv[0].empty()) fail_input("the job has no command");
  for (const auto& argument : job.argv) check_text("command", argument);
  check_folder("folder", job.folder), check_folder("log folder", job.logs);
  for (const auto& [name, value] : job.environment) {
    if (!plain_name(name, "_") || (name[0] >= '0' && name[0] <= '9')) fail_input("'" + name + "' is no name of an environment variable");
    check_text(name.c_str(), value);
  }
  const JobResources& r = job.resources;
  for (auto [what, value, low] : {std::tuple{"cpus", r.cpus, 1}, {"memory in bytes", r.memory_bytes, 0}, {"gpus", r.gpus, 0}, {"time limit in seconds", r.seconds, 0}, {"number of elements", job.elements, 1},
                                  {"number of elements at once", job.at_once, 0}, {"notice in seconds", job.notice_seconds, 0}, {"stagger in seconds", job.stagger_seconds, 0}})
    if (value < low || value > int64_t{1} << 53) fail_input(text("the job's ", what, " is ", value, "; ", low, " or more is right"));
  if (r.cpus > 1'000'000 || r.gpus > 1'000'000 || job.elements > most_elements) fail_input(text("a job of ", job.elements, " elements with ", r.cpus, " cpus and ", r.gpus, " gpus each is beyond any scheduler"));
  if (job.notice_seconds > 65535) fail_input(text("the job's notice is ", job.notice_seconds, " s; schedulers take 65535 at most"));
  if (job.stagger_seconds > int64_t{1} << 24) fail_input(text("the job's stagger is ", job.stagger_seconds, " s; half a year at most is right"));
  if (r.seconds > 0 && job.notice_seconds + job.stagger_seconds >= r.seconds)
    fail_input(text("the job's time limit of ", r.seconds, " s leaves nothing after ", job.notice_seconds, " s of notice and ", job.stagger_seconds, " s of stagger"), "give it more time");
  for (auto [what, value] : {std::pair{"queue", &r.queue}, {"account", &r.account}})
    if (!value->empty() && !plain_name(*value, "._-,")) fail_input(text("the job's ", what, " is '", *value, "'; letters, digits, '.', '_', '-' are right"));
  for (size_t i = 0; i < job.only.size(); ++i)
    if (job.only[i] < 0 || job.only[i] >= job.elements || (i > 0 && job.only[i] <= job.only[i - 1])) fail_input(text("element ", job.only[i], " in the list of elements to run is not in ascending order within 0..", job.elements - 1));
  for (const auto& dependency : job.after)
    for (const auto& id : dependency.ids)
      if (!plain_name(id, "._-")) fail_input("'" + id + "' is no id of a job to wait for");
}

std::string new_uuid() {
  unsigned char bytes[16];
  for (size_t got = 0; got < sizeof bytes;) {
    ssize_t n = ::getrandom(bytes + got, sizeof bytes - got, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_failure(text("no random bytes from the system: ", std::strerror(errno)));
    got += size_t(n);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x40, bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string result;
  for (size_t i = 0; i < sizeof bytes; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) result += '-';
    result += digits;
  }
  return result;
}

const char* job_state_name(JobState state) {
  switch (state) {
    case JobState::unknown: return "unknown";
    case JobState::pending: return "pending";
    case JobState::running: return "running";
    case JobState::complete: return "complete";
    case JobState::failed: return "failed";
    case JobState::preempted: return "preempted";
    case JobState::requeued: return "requeued";
    case JobState::timed_out: return "timed out";
    case JobState::node_failure: return "node failure";
    case JobState::cancelled: return "cancelled";
  }
  return "unknown";
}

bool has_ended(JobState state) {
  switch (state) {
    case JobState::unknown: case JobState::pending: case JobState::running: case JobState::requeued: return false;
    default: return true;
  }
}

int64_t lifetime_seconds(const Job& job, int64_t element) {
  if (job.resources.seconds == 0) return 0;
  return job.resources.seconds - job.notice_seconds - element * stagger_step % stagger_modulus * job.stagger_seconds / stagger_modulus;
}

std::string with_element(std::string argument, int64_t element, int64_t elements) {
  for (auto [name, value] : {std::pair{std::string("{element}"), element}, {std::string("{elements}"), elements}}) {
    std::string digits = std::to_string(value);
    for (size_t at = 0; (at = argument.find(name, at)) != std::string::npos; at += digits.size()) argument.replace(at, name.size(), digits);
  }
  return argument;
}

}  // namespace tomograd
