#include "cluster/slurm.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/failpoint.h"
#include "cluster/sbatch_text.h"
#include "cluster/slurm_output.h"

namespace tomograd {
namespace {

constexpr int64_t most_ids = 50;                 // in one command line, which keeps an answer to some megabytes

// Settings of the user's own that would change what we ask for or what we are told.
const std::vector<std::string> unwanted = {"SBATCH_ARRAY_INX", "SBATCH_JOB_NAME", "SBATCH_NO_REQUEUE", "SBATCH_REQUEUE", "SBATCH_OPEN_MODE", "SBATCH_SIGNAL", "SBATCH_WAIT", "SBATCH_EXPORT", "SBATCH_OUTPUT",
                                           "SQUEUE_ACCOUNT", "SQUEUE_ARRAY", "SQUEUE_FORMAT", "SQUEUE_FORMAT2", "SQUEUE_NAMES", "SQUEUE_PARTITION", "SQUEUE_QOS", "SQUEUE_STATES", "SQUEUE_SORT", "SQUEUE_USERS", "SINFO_FORMAT", "SINFO_PARTITION", "SINFO_SORT", "SINFO_ALL",
                                           "SACCT_FORMAT", "SLURM_TIME_FORMAT", "SLURM_BITSTR_LEN", "SCONTROL_ALL", "SCANCEL_NAME", "SCANCEL_STATE", "SCANCEL_PARTITION", "SCANCEL_INTERACTIVE"};

bool says(const CommandAnswer& answer, const char* part) { return answer.err.find(part) != std::string::npos; }

bool forgotten(const CommandAnswer& answer) { return says(answer, "Invalid job id"); }

// No answer is not a refusal: the controller is down, overloaded or slow, and may have accepted the job all the same.
bool without_answer(const CommandAnswer& answer) {
  if (answer.timed_out || answer.signal != 0) return true;
  if (answer.exit_code == 0) return false;
  for (const char* part : {"timed out", "Unable to contact slurm controller", "temporarily unable", "temporarily unavailable", "Zero Bytes were transmitted", "Connection refused", "Connection reset", "Connection timed", "Transport endpoint", "communication"})
    if (says(answer, part)) return true;
  return false;
}

}  // namespace

Command slurm_command(const SlurmTools& tools, const std::vector<std::string>& tool, const std::vector<std::string>& arguments, double seconds) {
  Command result;
  result.argv = tool;
  result.argv.insert(result.argv.end(), arguments.begin(), arguments.end());
  result.environment = tools.environment;
  result.environment.push_back("SLURM_BITSTR_LEN=0");                // else "[1,3,5,...]" is what is left of a long list
  result.without = unwanted;
  result.seconds = seconds;
  return result;
}

std::string Slurm::record_path(const Job& job) { return join_path(job.logs, job.name + "-" + job.uuid + ".submission.json"); }

std::string Slurm::element_id(const Submission& submission, int64_t element) {
  const JobChunk& chunk = submission.chunk_of(element);
  if (chunk.id.empty()) fail_failure(text("element ", element, " of '", submission.name, "' was not accepted yet"));
  return submission.elements > 1 ? text(chunk.id, "_", element - chunk.first) : chunk.id;
}

Command Slurm::command(const std::vector<std::string>& tool, const std::vector<std::string>& arguments) const { return slurm_command(tools_, tool, arguments, options_.command_seconds); }

CommandAnswer Slurm::ask(const std::vector<std::string>& tool, const std::vector<std::string>& arguments) {
  Command asked = command(tool, arguments);
  double pause = options_.pause_seconds;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    CommandAnswer answer = run_command(asked);
    if (!answer.found) fail_input("the command '" + tool.at(0) + "' is not here", "is this a login node of a Slurm cluster? local processes are the other executor");
    if (answer.cut) fail_failure(text("'", tool.at(0), "' printed more than ", asked.output_limit, " bytes"));
    if (!without_answer(answer)) return answer;
    if (attempt >= options_.attempts) fail_failure(text("no answer from Slurm after ", attempt, " attempts: ", describe(asked, answer)), "is its controller up? (scontrol ping)");
    clock_.sleep_seconds(pause);
  }
}

int64_t Slurm::largest_chunk() {
  CommandAnswer answer = ask(tools_.scontrol, {"show", "config"});
  if (!answer.ok()) fail_failure("the limits of the cluster: " + describe(command(tools_.scontrol, {}), answer));
  int64_t limit = parse_max_array_size(answer.out);
  if (limit < 0) fail_failure("scontrol show config names no MaxArraySize");
  if (limit < 1) fail_input("this cluster has arrays switched off (MaxArraySize 0)");
  return options_.largest_chunk > 0 ? std::min(options_.largest_chunk, limit) : limit;
}

Submission Slurm::submit(const Job& job) {
  check_job(job);
  env_.make_directories(job.logs);
  std::string path = record_path(job);
  Submission result;
  if (env_.kind(path) == FileKind::file) {
    result = load_submission(env_, path);
    if (result.uuid != job.uuid || result.elements != job.elements || result.only != job.only) fail_input(text("'", path, "' records another job of ", result.elements, " elements under this uuid"), "a changed job needs a new uuid");
    Found found = find(result);                  // what was accepted while its answer did not reach the record
    for (auto& chunk : result.chunks)
      if (auto at = found.find(chunk.index); chunk.id.empty() && at != found.end()) chunk.id = at->second.front();
  } else {
    result.uuid = job.uuid, result.name = job.name, result.elements = job.elements, result.only = job.only;
    result.created_unix_seconds = clock_.unix_milliseconds() / 1000;
    result.chunks = plan_chunks(job, job.elements > 1 ? largest_chunk() : 1);
  }
  save_submission(env_, path, result);           // the intent, before anything is sent
  bool sent_twice = false;
  for (size_t at = 0; at < result.chunks.size(); ++at) {
    JobChunk& chunk = result.chunks[at];
    if (!chunk.id.empty()) continue;
    ChunkLane lane = lane_of(int64_t(at), int64_t(result.chunks.size()), job.at_once);
    std::vector<std::string> waits_for;
    if (lane.after >= 0) waits_for.push_back(result.chunks[size_t(lane.after)].id);
    std::string script = join_path(job.logs, chunk_name(job, chunk) + ".sbatch");
    publish_text(env_, script, sbatch_text(job, chunk, lane, waits_for));
    with_context(text("submitting elements ", chunk.first, " to ", chunk.first + chunk.count - 1, " of '", job.name, "'"), [&] { chunk.id = send(result, chunk, script, sent_twice); });
    save_submission(env_, path, result);
  }
  if (sent_twice) drop_duplicates(result);
  return result;
}

std::string Slurm::send(const Submission& submission, const JobChunk& chunk, const std::string& script, bool& sent_twice) {
  Command sbatch = command(tools_.sbatch, {"--parsable", script});
  double pause = options_.pause_seconds;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    FAILPOINT("submit.before_sbatch");
    CommandAnswer answer = run_command(sbatch);
    FAILPOINT("submit.after_sbatch");
    if (!answer.found) fail_input("the command '" + tools_.sbatch.at(0) + "' is not here", "is this a login node of a Slurm cluster? local processes are the other executor");
    std::string id = answer.ok() ? parse_job_id(answer.out) : "";
    if (!id.empty()) return id;
    // An error is no proof that the job is not there, and it may appear late.
    bool refused = !answer.ok() && !without_answer(answer);
    for (int look = 1; look <= (refused ? 1 : options_.looks); ++look) {
      Found found = find(submission);
      if (auto at = found.find(chunk.index); at != found.end()) {
        sent_twice = sent_twice || at->second.size() > 1;
        return at->second.front();
      }
      if (!refused) clock_.sleep_seconds(pause);
    }
    if (refused) fail_input("Slurm refuses the job: " + describe(sbatch, answer), "what was sent is '" + script + "'; limits on submitted jobs (MaxSubmitJobs, MaxJobCount) call for smaller arrays");
    if (attempt >= options_.attempts) fail_failure(text("not accepted after ", attempt, " attempts: ", describe(sbatch, answer)), "submit again later: what was accepted is not sent twice");
    sent_twice = true;
  }
}

Slurm::Found Slurm::find(const Submission& submission) {
  Found found;
  auto add = [&](const std::string& id, const std::string& digits) {
    for (const auto& chunk : submission.chunks) {
      if (std::to_string(chunk.index) != digits) continue;
      auto& ids = found[chunk.index];
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
  };
  auto each_line = [](const std::string& all, auto&& use) {
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);)
      if (size_t bar = line.find('|'); bar != std::string::npos) use(line.substr(0, bar), line.substr(bar + 1));
  };
  CommandAnswer living = ask(tools_.squeue, {"--noheader", "--states=all", text("--user=", ::getuid()), "--format=%F|%k"});
  if (!living.ok()) fail_failure("looking for the job: " + describe(command(tools_.squeue, {}), living));
  std::string comment = chunk_comment(submission.uuid, 0);
  comment.pop_back();
  each_line(living.out, [&](const std::string& id, const std::string& said) {
    if (said.rfind(comment, 0) == 0 && !parse_job_id(id).empty()) add(id, said.substr(comment.size()));
  });
  // What ended long ago is in the accounting alone, which may keep no comments, but keeps names.
  if (found.size() < submission.chunks.size() && accounting_) {
    Command sacct = command(tools_.sacct, {"--noheader", "--parsable2", "--allocations", "--starttime=" + utc_text((submission.created_unix_seconds - 86400) * 1000).substr(0, 19), "--format=JobID,JobName"});
    CommandAnswer ended = run_command(sacct);
    std::string name = submission.name + "-" + submission.uuid + "-";
    if (!ended.ok() && !without_answer(ended)) accounting_ = false;
    else
      each_line(ended.out, [&](const std::string& id, const std::string& said) {
        if (said.rfind(name, 0) == 0) add(id.substr(0, id.find('_')), said.substr(name.size()));
      });
  }
  for (auto& [index, ids] : found) std::sort(ids.begin(), ids.end(), [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return found;
}

// Of a chunk that was accepted more than once, the recorded job stays. (If two ran for a while nothing is lost: elements
// publish what they make as a whole, and make the same.)
void Slurm::drop_duplicates(const Submission& submission) {
  std::vector<std::string> spare;
  Found found = find(submission);
  for (const auto& chunk : submission.chunks)
    for (const auto& id : found[chunk.index])
      if (id != chunk.id) spare.push_back(id);
  if (!spare.empty()) ask(tools_.scancel, spare);
}

void Slurm::requeue(const Submission& submission, int64_t element) {
  std::string id = element_id(submission, element);
  CommandAnswer answer = ask(tools_.scontrol, {"requeue", id});
  if (!answer.ok()) fail_failure(text("element ", element, " of '", submission.name, "' cannot be queued again: ", describe(command(tools_.scontrol, {}), answer)), "an element that Slurm has forgotten is run by a new job with `only`");
  if (auto seen = ended_.find(submission.uuid); seen != ended_.end()) seen->second.of.at(size_t(element)) = JobState::unknown, seen->second.reasons.erase(element);
}

void Slurm::release(const Submission& submission, int64_t element) {
  std::string id = element_id(submission, element);
  ask(tools_.scontrol, {"release", id});         // refused when it is not held, which is as good
  CommandAnswer answer = ask(tools_.scontrol, {"update", "JobId=" + id, "StartTime=now+2"});
  if (!answer.ok()) fail_failure(text("element ", element, " of '", submission.name, "' cannot be released: ", describe(command(tools_.scontrol, {}), answer)));
}

void Slurm::cancel(const Submission& submission) {
  std::vector<std::string> ids;
  bool all_known = true;
  for (const auto& chunk : submission.chunks) {
    if (!chunk.id.empty()) ids.push_back(chunk.id);
    all_known = all_known && !chunk.id.empty();
  }
  if (!all_known)
    for (const auto& [index, found] : find(submission)) ids.insert(ids.end(), found.begin(), found.end());
  for (size_t from = 0; from < ids.size(); from += most_ids) {
    std::vector<std::string> some(ids.begin() + int64_t(from), ids.begin() + int64_t(std::min(ids.size(), from + most_ids)));
    CommandAnswer answer = ask(tools_.scancel, some);
    if (!answer.ok() && !forgotten(answer) && !says(answer, "already")) fail_failure("cancelling '" + submission.name + "': " + describe(command(tools_.scancel, {}), answer));
  }
}

}  // namespace tomograd
