#include "cluster/sbatch_text.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

// sbatch reads an option line by rules of its own, found by trial: between double quotes a backslash escapes, and blanks, '#'
// and single quotes are themselves; outside, a backslash does not escape a blank. check_job has refused control characters.
std::string option_value(const std::string& value) {
  if (value.find_first_of(" \"'#\\") == std::string::npos) return value;
  std::string result = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string without_patterns(const std::string& path) {  // a literal '%' in the name of a log
  std::string result;
  for (char c : path) result += c == '%' ? "%%" : std::string(1, c);
  return result;
}

// Slurm counts limits in whole minutes, rounded up.
std::string time_text(int64_t seconds) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%lld-%02lld:%02lld:%02lld", static_cast<long long>(seconds / 86400), static_cast<long long>(seconds / 3600 % 24), static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  return digits;
}

// "0-9", or the elements of `only` in this chunk as "0-2,7,9-10".
std::string index_text(const Job& job, const JobChunk& chunk) {
  if (job.only.empty()) return text("0-", chunk.count - 1);
  std::string result;
  auto at = std::lower_bound(job.only.begin(), job.only.end(), chunk.first), end = std::lower_bound(at, job.only.end(), chunk.first + chunk.count);
  while (at != end) {
    auto last = at;
    while (last + 1 != end && *(last + 1) == *last + 1) ++last;
    result += text(result.empty() ? "" : ",", *at - chunk.first);
    if (last != at) result += text("-", *last - chunk.first);
    at = last + 1;
  }
  return result;
}

std::string dependency_text(const Job& job, const std::vector<std::string>& waits_for) {
  std::string result;
  auto add = [&](const char* kind, const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    result += text(result.empty() ? "" : ",", kind);
    for (const auto& id : ids) result += ":" + id;
  };
  for (const auto& dependency : job.after) add(dependency.only_if_ok ? "afterok" : "afterany", dependency.ids);
  add("afterany", waits_for);
  return result;
}

// The argument with its placeholders as variables, which the shell fills in.
std::string argument_text(const std::string& argument) {
  std::string result;
  size_t from = 0;
  auto literal = [&](size_t to) {
    if (to > from) result += shell_quoted(argument.substr(from, to - from));
  };
  for (size_t at = 0; (at = argument.find("{element", at)) != std::string::npos;) {
    std::string rest = argument.substr(at, 10);
    const char* variable = rest.rfind("{element}", 0) == 0 ? "\"$TOMOGRAD_ELEMENT\"" : rest == "{elements}" ? "\"$TOMOGRAD_ELEMENTS\"" : nullptr;
    if (!variable) {
      ++at;
      continue;
    }
    literal(at);
    result += variable;
    at = from = at + (rest == "{elements}" ? 10 : 9);
  }
  literal(argument.size());
  return result.empty() ? "''" : result;
}

}  // namespace

std::string shell_quoted(const std::string& bytes) {
  bool plain = !bytes.empty(), control = false;
  for (unsigned char c : bytes) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("_-./,:=+@%", c))) plain = false;
    control = control || c < 32 || c >= 127;
  }
  if (plain) return bytes;
  std::string result = control ? "$'" : "'";
  for (unsigned char c : bytes) {
    char octal[8];
    if (!control) {
      result += c == '\'' ? "'\\''" : std::string(1, char(c));
    } else if (c < 32 || c >= 127) {
      std::snprintf(octal, sizeof octal, "\\%03o", c);
      result += octal;
    } else {
      if (c == '\'' || c == '\\') result += '\\';
      result += char(c);
    }
  }
  return result + "'";
}

std::vector<JobChunk> plan_chunks(const Job& job, int64_t largest_chunk) {
  if (largest_chunk < 1) fail_input(text("a chunk of ", largest_chunk, " elements holds none; 1 or more is right"));
  std::vector<JobChunk> result;
  for (int64_t index = 0; index * largest_chunk < job.elements; ++index) {
    JobChunk chunk{index, index * largest_chunk, std::min(largest_chunk, job.elements - index * largest_chunk), {}};
    if (!job.only.empty()) {
      auto at = std::lower_bound(job.only.begin(), job.only.end(), chunk.first);
      if (at == job.only.end() || *at >= chunk.first + chunk.count) continue;
    }
    result.push_back(std::move(chunk));
  }
  return result;
}

ChunkLane lane_of(int64_t position, int64_t chunks, int64_t at_once) {
  if (at_once == 0) return {};
  int64_t lanes = std::min(chunks, at_once), lane = position % lanes;
  return {at_once / lanes + (lane < at_once % lanes ? 1 : 0), position >= lanes ? position - lanes : -1};
}

std::string chunk_name(const Job& job, const JobChunk& chunk) { return text(job.name, "-", job.uuid, "-", chunk.index); }

std::string chunk_comment(const std::string& uuid, int64_t index) { return text("tomograd/", uuid, "/", index); }

std::string sbatch_text(const Job& job, const JobChunk& chunk, const ChunkLane& lane, const std::vector<std::string>& waits_for) {
  check_job(job);
  const JobResources& r = job.resources;
  bool array = job.elements > 1;
  std::string out = "#!/bin/bash\n";
  auto option = [&](const std::string& name, const std::string& value) { out += "#SBATCH --" + name + (value.empty() ? "" : "=" + option_value(value)) + "\n"; };
  option("job-name", chunk_name(job, chunk));
  option("comment", chunk_comment(job.uuid, chunk.index));
  option("chdir", job.folder);
  option("output", without_patterns(job.logs) + "/" + job.name + (array ? "-%A_%a.log" : "-%j.log"));
  option("open-mode", "append");
  option("requeue", "");
  if (job.notice_seconds > 0) option("signal", text("B:USR1@", job.notice_seconds));
  option("nodes", "1"), option("ntasks", "1"), option("cpus-per-task", text(r.cpus));
  if (r.memory_bytes > 0) option("mem", text((r.memory_bytes - 1) / (int64_t{1} << 20) + 1, "M"));
  if (r.gpus > 0) option("gres", text("gpu:", r.gpus));
  if (r.seconds > 0) option("time", time_text(r.seconds));
  if (!r.queue.empty()) option("partition", r.queue);
  if (!r.account.empty()) option("account", r.account);
  if (array) option("array", index_text(job, chunk) + (lane.at_once > 0 ? text("%", lane.at_once) : ""));
  if (std::string waits = dependency_text(job, waits_for); !waits.empty()) option("dependency", waits), option("kill-on-invalid-dep", "yes");

  out += "set -u\n";
  out += "cd " + shell_quoted(job.folder) + " || exit 126\n";       // without its folder, Slurm would start the worker in /tmp
  out += array ? text("export TOMOGRAD_ELEMENT=$((", chunk.first, " + SLURM_ARRAY_TASK_ID))\n") : text("export TOMOGRAD_ELEMENT=", chunk.first, "\n");
  out += text("export TOMOGRAD_ELEMENTS=", job.elements, " TOMOGRAD_JOB=", shell_quoted(job.uuid), "\n");
  if (r.seconds > 0) {
    int64_t life = r.seconds - job.notice_seconds;
    if (job.stagger_seconds == 0) out += text("export TOMOGRAD_LIFETIME_SECONDS=", life, "\n");
    else out += text("export TOMOGRAD_LIFETIME_SECONDS=$((", life, " - TOMOGRAD_ELEMENT * ", stagger_step, " % ", stagger_modulus, " * ", job.stagger_seconds, " / ", stagger_modulus, "))\n");
  }
  for (const auto& [name, value] : job.environment) out += "export " + name + "=" + shell_quoted(value) + "\n";
  out += "exec";
  for (const auto& argument : job.argv) out += " " + argument_text(argument);
  return out + "\n";
}

}  // namespace tomograd
