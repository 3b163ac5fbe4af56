// Slurm by its commands (22.05 and later tried; nothing of its libraries is linked). Each is a process with a time limit.
// Submission is idempotent: name and comment of every chunk carry the job's uuid, a record of what was accepted is kept beside
// the logs, and when the answer of sbatch is lost the job is looked for before it is sent again.
// States come from squeue for what lives, then from sacct, and where there is no accounting from scontrol, which forgets an
// ended job after some minutes (MinJobAge); what was seen to end is remembered here. What nobody knows is `unknown`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "cluster/process.h"

namespace tomograd {

struct SlurmTools {                              // each a program and its first arguments
  std::vector<std::string> sbatch = {"sbatch"}, squeue = {"squeue"}, sacct = {"sacct"}, scontrol = {"scontrol"}, scancel = {"scancel"}, sinfo = {"sinfo"};
  std::vector<std::string> environment;          // "SLURM_CONF=/x/slurm.conf"
};

// One of its commands, without the user's own settings that would change what is asked for or how it is told.
Command slurm_command(const SlurmTools& tools, const std::vector<std::string>& tool, const std::vector<std::string>& arguments, double seconds);

struct SlurmOptions {
  double command_seconds = 60;                   // of one command
  int attempts = 5;                              // of a command whose controller does not answer
  double pause_seconds = 5;                      // before the second attempt; doubles each time
  int looks = 3;                                 // for a job whose answer was lost, a pause between them, before it is sent again
  int64_t largest_chunk = 0;                     // elements of an array; 0: the controller's MaxArraySize
};

class Slurm : public Cluster {
 public:
  Slurm(Env& env, Clock& clock, SlurmTools tools = {}, SlurmOptions options = {}) : env_(env), clock_(clock), tools_(std::move(tools)), options_(options) {}

  Submission submit(const Job& job) override;
  ElementStates states(const Submission& submission) override;
  void requeue(const Submission& submission, int64_t element) override;
  void cancel(const Submission& submission) override;
  // Lets an element that Slurm holds back after a requeue (two minutes, or for good after several) start two seconds from now;
  // once is enough. Sooner, the node may take it for the run that it has just ended and refuse it, and the element fails.
  void release(const Submission& submission, int64_t element);

  // "4711_12": what scontrol and scancel call an element; never the array's own id, which would mean all of them.
  static std::string element_id(const Submission& submission, int64_t element);
  static std::string record_path(const Job& job);  // LOGS/NAME-UUID.submission.json

 private:
  using Found = std::map<int64_t, std::vector<std::string>>;         // chunk index -> ids, ascending

  Command command(const std::vector<std::string>& tool, const std::vector<std::string>& arguments) const;
  // Asks again after a pause while the controller does not answer; what it answers, a refusal too, is the caller's to judge.
  CommandAnswer ask(const std::vector<std::string>& tool, const std::vector<std::string>& arguments);
  std::string send(const Submission& submission, const JobChunk& chunk, const std::string& script, bool& sent_twice);
  Found find(const Submission& submission);
  void drop_duplicates(const Submission& submission);
  void look_at_living(const Submission& submission, ElementStates& result);
  void look_at_ended(const Submission& submission, ElementStates& result);
  int64_t largest_chunk();

  Env& env_;
  Clock& clock_;
  SlurmTools tools_;
  SlurmOptions options_;
  std::map<std::string, ElementStates> ended_;   // by uuid: what was seen to end
  bool accounting_ = true;
};

}  // namespace tomograd
