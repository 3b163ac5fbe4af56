#include "cli/predict_store.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cluster/lifetime.h"
#include "cluster/local_processes.h"
#include "cluster/slurm.h"
#include "cluster/slurm_self.h"
#include "volume/zarr_metadata.h"

namespace tomograd {
namespace {

constexpr int most_repeats = 5;                  // of one element, before its trouble is told
constexpr int64_t usual_elements = 30;           // of an array

struct Share { int64_t worker = 0, workers = 1; };  // worker from 0

Share share_of(const std::string& given, const char* option, int64_t first) {
  size_t slash = given.find('/');
  auto number = [&](const std::string& part) {
    if (part.empty() || part.size() > 9 || part.find_first_not_of("0123456789") != std::string::npos) fail_usage(text(option, " is '", given, "'; expected K/N, such as ", first, "/8"));
    return int64_t(std::stoll(part));
  };
  if (slash == std::string::npos) number("");
  Share share{number(given.substr(0, slash)) - first, number(given.substr(slash + 1))};
  if (share.worker < 0 || share.worker >= share.workers) fail_usage(text(option, " is '", given, "'; K goes from ", first, " to ", first == 1 ? "N" : "N - 1"));
  return share;
}

// Tiles through workers of a cluster, until every element is complete. Exact tiles go group by group: each array waits for the one
// before it.
class Array {
 public:
  Array(const StorePrediction& options, std::string model, std::string store, std::string out, const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk)
      : options_(options), model_(std::move(model)), store_(std::move(store)), out_(std::move(out)), backend_(backend), compute_(compute), talk_(talk), local_(options.on == "local") {}

  void run(const Value& plan) {
    std::unique_ptr<Cluster> cluster;
    if (local_) cluster = std::make_unique<LocalProcesses>(system_env(), system_clock(), LocalOptions{std::max<int64_t>(1, options_.workers), 60});
    else cluster = std::make_unique<Slurm>(system_env(), system_clock());
    std::vector<Stage> stages;
    for (int64_t group = 1, groups = plan.at("exact_groups").as_integer(); group <= std::max<int64_t>(1, groups); ++group) {
      Job job = base_job(plan.at("tiles").as_integer());
      job.argv = arguments({"--element", "{element}/{elements}"});
      if (groups > 0) job.name = text("tomograd-group-", group), job.argv.insert(job.argv.end(), {"--group", std::to_string(group)});
      submit(*cluster, std::move(job), stages);
      if (local_) wait(*cluster, stages.back());
    }
    if (local_) return;
    Job last = base_job(1);
    last.name = "tomograd-merge", last.argv = arguments({"--merge"});
    submit(*cluster, std::move(last), stages);
    for (const auto& stage : stages) wait(*cluster, stage);
  }

 private:
  struct Stage {
    Job job;
    Submission submission;
  };

  void submit(Cluster& cluster, Job job, std::vector<Stage>& stages) const {
    if (!local_ && !stages.empty()) job.after.push_back({stages.back().submission.ids(), true});
    Submission submission = cluster.submit(job);
    if (!local_ && talk_.say) talk_.say(text(job.name, ": ", job.elements, job.elements == 1 ? " element" : " elements", ", job ", submission.ids().front()));
    stages.push_back({std::move(job), std::move(submission)});
  }

  Job base_job(int64_t tiles) const {
    Job job;
    job.uuid = new_uuid(), job.name = "tomograd-tiles", job.folder = absolute_path("."), job.logs = join_path(out_, "logs");
    job.elements = std::min(tiles, options_.workers > 0 ? options_.workers : local_ ? 1 : usual_elements);
    if (!local_) job.resources.cpus = std::max(1, compute_.threads), job.resources.memory_bytes = compute_.max_memory_bytes;
    return job;
  }

  std::vector<std::string> arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> list = {std::filesystem::read_symlink("/proc/self/exe").string(), "predict", model_, store_, "--out", out_, "--precision", compute_.precision, "--device", compute_.device, "--backend", backend_.name};
    int threads = compute_.threads > 0 ? compute_.threads : local_ ? std::max(1, available_threads() / int(std::max<int64_t>(1, options_.workers))) : 1;
    list.insert(list.end(), {"--threads", std::to_string(threads)});
    if (options_.exact) list.push_back("--exact");
    if (is_foreign_network(model_)) list.insert(list.end(), {"--normalize", backend_.normalize, "--activation", backend_.activation, "--axes", backend_.axes});
    if (compute_.max_memory_bytes > 0) list.insert(list.end(), {"--max-memory", std::to_string(compute_.max_memory_bytes)});
    list.insert(list.end(), more.begin(), more.end());
    return list;
  }

  void wait(Cluster& cluster, const Stage& stage) {
    const Submission& submission = stage.submission;
    std::map<int64_t, int> repeats;
    double began = system_clock().monotonic_seconds();
    ElementStates states = watch(cluster, submission, system_clock(), local_ ? 0.1 : 2, talk_.stop, [&](const ElementStates& now) {
      for (int64_t e = 0; e < submission.elements; ++e) {
        JobState state = now.of[size_t(e)];
        if (!local_ || !has_ended(state) || state == JobState::complete) continue;
        // A worker that was killed is started again; one that said no says it again.
        std::string why = now.reasons.contains(e) ? now.reasons.at(e) : job_state_name(state);
        if (why.find("signal") == std::string::npos || ++repeats[e] > most_repeats) fail_failure(text("worker ", e, " ended with ", why), "its log: " + join_path(stage.job.logs, text(stage.job.name, "-", e, ".log")));
        if (talk_.say) talk_.say(text("worker ", e, " was lost (", why, "); started again"));
        cluster.requeue(submission, e);
      }
      int64_t done = now.count(JobState::complete);
      if (talk_.progress) talk_.progress(double(done) / double(submission.elements), done > 0 ? (system_clock().monotonic_seconds() - began) / double(done) * double(submission.elements - done) : 0, text(done, "/", submission.elements, " workers"));
      return done < submission.elements;
    });
    if (talk_.stop.stop_requested()) fail(ErrorKind::stopped, local_ ? "stopped on request; finished tiles are kept" : "no longer watching; the array goes on", "the same command does what is missing");
    if (states.count(JobState::complete) < submission.elements) fail_failure(text(submission.elements - states.count(JobState::complete), " of ", submission.elements, " elements did not complete"), "the same command does what is missing; logs are in " + stage.job.logs);
  }

  const StorePrediction& options_;
  std::string model_, store_, out_;
  const BackendChoice& backend_;
  const ComputeOptions& compute_;
  const Talk& talk_;
  bool local_;
};

}  // namespace

void add_store_options(CLI::App& verb, StorePrediction& options) {
  const char* group = "Block stores (IN is one Zarr folder)";
  verb.add_option("--halo", options.halo, "voxels read around each tile, N or Z,Y,X [half of the receptive field, at most 32]")->delimiter(',')->expected(1, 3)->group(group);
  verb.add_option("--tiles", options.tiles, "K/N: only the tiles of worker K (1 to N) of N; no merge")->group(group);
  verb.add_option("--element", options.element, "K/N with K from 0: what an array gives its workers")->group("");
  verb.add_flag("--merge", options.merge, "only check and join tiles that workers left")->group(group);
  verb.add_option("--on", options.on, "workers as processes here (local) or as a SLURM array (slurm)")->check(CLI::IsMember({"local", "slurm"}))->group(group);
  verb.add_option("--workers", options.workers, "how many")->check(CLI::Range(1, 1000000))->group(group);
  verb.add_option("--group", options.group, "with --exact and --tiles: only this group of layers, from 1; each needs all tiles of the one before")->check(CLI::Range(1, 100000))->group(group);
  verb.add_flag("--exact", options.exact, "the untiled result from tiles, bit for bit: layers in groups, feature maps on disk in between (mixed-scale dense networks)")->group(group);
}

bool predicts_store(const StorePrediction& options, const std::vector<std::string>& inputs) {
  bool store = false;
  for (const auto& path : inputs) store |= is_zarr(system_env(), path);
  if (store && inputs.size() != 1) fail_usage(text(inputs.size(), " inputs were given and one is a Zarr folder; a store holds all channels"));
  bool asked = !options.tiles.empty() || !options.element.empty() || !options.on.empty() || !options.halo.empty() || options.merge || options.exact || options.workers > 0 || options.group > 0;
  if (asked && !store) fail_usage("--halo, --tiles, --merge, --on, --workers, --group and --exact are for block stores", "first: tomograd block VOLUME STORE.zarr");
  return store;
}

void predict_store(const StorePrediction& options, const std::string& model, const std::string& store, const std::string& out, const Value& tile, const BackendChoice& backend, const ComputeOptions& compute,
                   const Output& output) {
  if (options.exact && !options.halo.empty()) fail_usage("--exact needs no --halo: its tiles read the feature maps of their neighbours");
  bool shares = !options.tiles.empty() || !options.element.empty();
  if (options.exact && shares && options.group == 0) fail_usage("--exact with --tiles needs --group G: a tile of one group of layers reads its neighbours' maps of the one before", "--on local or --on slurm runs all groups");
  if (options.group > 0 && (!options.exact || !shares)) fail_usage("--group goes with --exact and --tiles");
  if (int(!options.tiles.empty()) + int(!options.element.empty()) + int(options.merge) + int(!options.on.empty()) > 1) fail_usage("--tiles, --merge and --on exclude each other");
  if (options.workers > 0 && options.on.empty()) fail_usage("--workers needs --on local or --on slurm");
  Share share = !options.element.empty() ? share_of(options.element, "--element", 0) : !options.tiles.empty() ? share_of(options.tiles, "--tiles", 1) : Share{};
  Value settings = Value::table();
  if (!tile.is_nothing()) settings["tile"] = tile.is_list() ? tile : Value(Value::List{tile, tile, tile});
  if (options.halo.size() == 2) fail_usage("--halo has 2 numbers; expected N or Z,Y,X");
  if (!options.halo.empty()) {
    auto at = [&](size_t i) { return options.halo[options.halo.size() == 1 ? 0 : i]; };
    settings["halo"] = Value(Value::List{at(0), at(1), at(2)});
  }
  settings["exact"] = options.exact, settings["group"] = options.group - 1;
  settings["worker"] = share.worker, settings["workers"] = share.workers;
  Lifetime lifetime(stop_on_signals());
  Talk talk = output.talk(lifetime.stop());
  stop_on_notice();
  talk.progress = [&lifetime, shown = talk.progress](double done, double seconds_left, const std::string& what) {
    if (done < 1) lifetime.next_piece();         // tiles, or slabs of labels that are joined
    if (shown) shown(done, seconds_left, what);
  };

  Value result = Value::table();
  auto step = [&](const char* action) {
    settings["action"] = action;
    try {
      Value told = engine().predict_store(model, store, out, settings, backend, compute, talk);
      for (const auto& [key, value] : told.as_table()) result[key] = value;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::stopped || !lifetime.over()) throw;
      // An element of an array takes another turn, where its scheduler gives it one.
      bool again = !options.element.empty() && requeue_own_element();
      fail(ErrorKind::stopped, again ? "out of time, finished tiles are kept; queued again" : "out of time (TOMOGRAD_LIFETIME_SECONDS), finished tiles are kept", "the same command does what is missing");
    }
  };
  double began = system_clock().monotonic_seconds();
  if (!options.on.empty()) {
    step("plan");
    Array(options, absolute_path(model), absolute_path(store), absolute_path(out), backend, compute, talk).run(result);
    step("merge");
  } else if (options.merge) {
    step("merge");
  } else {
    step("work");
    if (!shares) step("merge");
  }
  result["seconds"] = system_clock().monotonic_seconds() - began;
  result["peak_bytes"] = process_peak_bytes();
  output.line(shares ? text(result.at("done").as_integer(), " tiles done, ", result.at("skipped").as_integer(), " were there") : text(out, ": ", result.at("tiles").as_integer(), " tiles, ", result.at("digest").as_text()));
  output.result("store_prediction", std::move(result));
}

}  // namespace tomograd
