#include "experiments/command_trial.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "experiments/metrics.h"
#include "experiments/supervised_program.h"
#include "search/space.h"
#include "spec/text_formats.h"

extern char** environ;

namespace tomograd {
namespace {

constexpr double grace_seconds = 10;             // between asking a program to end and ending it
constexpr double same_time_seconds = 1;          // who ends a machine's programs signals all of them, in any order

std::string joined(const Value* list) {
  std::string result;
  if (list && list->is_list())
    for (const auto& item : list->as_list()) result += (result.empty() ? "" : ",") + plain_text(item);
  return result;
}

using Names = std::vector<std::pair<std::string, std::string>>;

std::string filled_in(std::string argument, const Names& placeholders) {
  for (const auto& [name, value] : placeholders)
    for (size_t at = 0; (at = argument.find("{" + name + "}", at)) != std::string::npos; at += value.size()) argument.replace(at, name.size() + 2, value);
  return argument;
}

// Where execvp would find it; done before fork, because afterwards only signal-safe calls are allowed.
std::string found_program(Env& env, const std::string& name, const std::string& work) {
  if (name.find('/') != std::string::npos) return absolute_path(join_path(work, name));
  const char* path = std::getenv("PATH");
  std::string rest = path ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    std::string folder = rest.substr(0, rest.find(':'));
    rest.erase(0, folder.size() + 1);
    std::string candidate = join_path(folder.empty() ? "." : folder, name);
    if (env.kind(candidate) == FileKind::file && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  fail_input("the trial's program '" + name + "' is not on the PATH");
}

// Its end may be somebody's who takes the machine back (scancel, a time limit, Ctrl-C) and has signalled the worker too.
bool may_have_been_asked(int status) {
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 : 0;
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || (WIFEXITED(status) && WEXITSTATUS(status) == exit_code(ErrorKind::stopped));
}

// The environment of this process without what an outer trial may have left in it.
std::vector<std::string> inherited_variables() {
  std::vector<std::string> variables;
  for (char** v = environ; *v; ++v)
    if (std::strncmp(*v, "TOMOGRAD_TRIAL_", 15) != 0) variables.emplace_back(*v);
  return variables;
}

std::string last_lines(Env& env, const std::string& path) {
  if (env.kind(path) != FileKind::file) return {};
  std::string all = read_text(env, path);
  while (!all.empty() && (all.back() == '\n' || all.back() == ' ')) all.pop_back();
  size_t at = all.size();
  for (int lines = 0; lines < 3 && at != std::string::npos && at > 0; ++lines) at = all.rfind('\n', at - 1);
  std::string tail = at == std::string::npos ? all : all.substr(at);
  for (char& c : tail)
    if (c == '\n') c = ' ';
  return tail.size() > 400 ? tail.substr(tail.size() - 400) : tail;
}

}  // namespace

std::string trial_folder(const std::string& trials, int64_t number) {
  std::string digits = std::to_string(number);
  return join_path(trials, std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits);
}

TrialOutcome CommandTrial::run(const Claim& claim, TrialReporter& reporter) {
  std::string out = absolute_path(trial_folder(plan_.trials, claim.trial)), answer = join_path(out, "metrics.json"), log = join_path(out, "output.log");
  env_.make_directories(out);
  env_.remove_file(answer);                      // what an earlier attempt left is not this one's result
  Names names = {{"channels", joined(claim.design.find("channels"))}, {"split", joined(claim.design.find("test"))}, {"data", plan_.data}, {"seed", plain_text(claim.settings.at("seed"))},
                 {"number", std::to_string(claim.trial)}, {"attempt", std::to_string(claim.attempt)}, {"out", out}};
  std::vector<std::string> variables = inherited_variables();
  variables.push_back("TOMOGRAD_TRIAL_SETTINGS=" + to_json(claim.settings, false));
  for (const auto& [name, value] : names) {
    std::string upper = name;
    for (char& c : upper) c = char(c - 'a' + 'A');
    variables.push_back("TOMOGRAD_TRIAL_" + upper + "=" + value);
  }
  for (const auto& [key, value] : claim.settings.as_table()) names.emplace_back(key, plain_text(value));
  std::vector<std::string> arguments;
  for (const auto& part : plan_.command) arguments.push_back(filled_in(part, names));

  double began = clock_.monotonic_seconds(), asked = 0;
  SupervisedProgram program({found_program(env_, plan_.command.at(0), plan_.work), arguments, variables, plan_.work, log});
  std::optional<int> ended;
  double nap = 0.001;
  while (!(ended = program.ended())) {
    if (reporter.stop().stop_requested()) {
      if (asked == 0) asked = clock_.monotonic_seconds(), program.ask_to_end();
      if (clock_.monotonic_seconds() - asked > grace_seconds) program.end();
    }
    clock_.sleep_seconds(nap);
    nap = std::min(nap * 1.5, 0.05);
  }
  int status = *ended;
  if (asked == 0 && may_have_been_asked(status))
    for (double heard_by = clock_.monotonic_seconds() + same_time_seconds; clock_.monotonic_seconds() < heard_by && !reporter.stop().stop_requested();) clock_.sleep_seconds(0.01);
  if (reporter.stop().stop_requested() && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) fail(ErrorKind::stopped, "stopped on request");
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126) && env_.kind(log) == FileKind::file && env_.file_size(log) == 0)
    fail_input("the trial's program '" + plan_.command[0] + "' could not be started from '" + plan_.work + "'", "is it there, and executable?");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail_failure(text("'", plan_.command[0], "' ", WIFEXITED(status) ? "ended with exit code " : "was killed by signal ", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)), last_lines(env_, log));
  if (env_.kind(answer) != FileKind::file) fail_input("'" + plan_.command[0] + "' wrote no metrics.json into its folder", "it must write {\"" + plan_.metric + "\": NUMBER} to $TOMOGRAD_TRIAL_OUT/metrics.json");
  TrialOutcome outcome = split_outcome(parse_json(read_text(env_, answer), "metrics.json"));
  if (!trial_metric(outcome.metrics, plan_.metric)) fail_input("metrics.json has no number '" + plan_.metric + "'", "strategy.metric names what trials report");
  if (const Value* missing = claim.design.find("missing_in_turn"))   // search/trial_plan.h: one network for all channel sets
    for (const auto& channel : missing->as_list())
      if (!trial_metric(metrics_without(outcome.metrics, channel.as_text()), plan_.metric))
        fail_input("metrics.json has no number '" + plan_.metric + "' without channel '" + channel.as_text() + "'", "a trial with channel dropout writes {\"" + plan_.metric + "\": NUMBER, \"without\": {\"" + channel.as_text() + "\": {\"" + plan_.metric + "\": NUMBER}, ...}}");
  if (!outcome.timing.find("seconds")) outcome.timing["seconds"] = clock_.monotonic_seconds() - began;
  return outcome;
}

}  // namespace tomograd
