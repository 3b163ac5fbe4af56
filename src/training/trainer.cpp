// The training loop. A step is a function of (spec, data, step number): patches, noise, dropout and weights are counter
// based, so a run killed anywhere and resumed from a checkpoint computes the same bits. Private to the engine rooms.
#include "training/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "base/digest.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "inference/predictor.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "nn/tensor_memory.h"
#include "nn/transfer.h"
#include "sampling/patch_queue.h"
#include "sampling/share_report.h"
#include "spec/text_formats.h"
#include "training/batch_loss.h"
#include "training/cases.h"
#include "training/checkpoint.h"
#include "training/cleaning_choice.h"
#include "training/data_parallel.h"
#include "training/event_file.h"
#include "training/memory_plan.h"
#include "training/metrics_log.h"
#include "training/missing_channel.h"
#include "training/model_file.h"
#include "training/network_of_run.h"
#include "training/run_folder.h"
#include "training/run_inputs.h"
#include "training/schedule.h"
#include "training/scoring.h"
#include "training/selection.h"
#include "training/start_weights.h"
#include "training/step_guard.h"

namespace tomograd {
namespace {

std::vector<std::string> without_name(std::vector<std::string> names, const std::string& name) {
  std::erase(names, name);
  return names;
}

class Run {
 public:
  Run(Env& env, Clock& clock, const RunSpec& spec, const TrainOptions& options, TrainObserver& observer)
      : env_(env), clock_(clock), options_(options), observer_(observer), dataset_(read_dataset(env, spec.data)), recorded_(find_run(env, spec.out, options.resume)),
        given_(recorded_ ? with_recorded(spec, *recorded_) : spec), split_(split_of(dataset_, given_)), spec_(resolve(env, given_, dataset_, split_, options.max_memory_bytes)),
        parallel_(options.ranks, spec_.sampling.batch), records_(parallel_.records(env)), guard_(spec_), channels_(spec_.preprocess.channels), classes_(make_class_map(dataset_, spec_.classes)), roi_where_there_is_one_(spec.preprocess.normalize == "auto") {
    if (spec.sampling.patch == cube(0))
      for (int index : split_.train) reads_.push_back({dataset_.cases[size_t(index)].id, "fingerprint"});
  }

  TrainResult execute() {
    check_each_channel();
    Graph graph = build_graph(spec_.model);
    (void)shapes(graph, spec_.sampling.patch);  // a patch that does not fit is said before anything is read or written
    promise_memory(graph);
    if (recorded_) check_same_run(*recorded_, spec_);
    manifest_ = new_manifest(spec_);
    if (recorded_) before_ = read_manifest(env_, spec_.out);
    parallel_.record(manifest_, before_);
    manifest_["inputs"] = checked_inputs(env_, dataset_, split_, channels_, before_ ? &*before_ : nullptr);
    manifest_["input_digest_of"] = "size and first and last 64 KiB of each file of the case that the run reads";
    at::set_num_threads(int(spec_.threads));
    network_.emplace(network_of_run(std::move(graph), spec_, channels_));
    optimizer_.emplace(spec_.optimizer, network_->parameters(), spec_.loss.l1, spec_.loss.l2);
    begin_weights();
    cases_ = read_training_cases(env_, clock_, dataset_, split_.train, spec_, classes_, reads_);
    for (double seconds : cases_.read_seconds) result_.read_seconds += seconds;
    loop();
    return finish();
  }

 private:
  void check_each_channel() {
    if (!spec_.validation.each_channel) return;
    if (channels_.size() < 2) fail_input("validation.each_channel predicts with a channel missing, but the run uses '" + channels_.at(0) + "' alone", "use more channels, or leave it false");
    if (split_.test.empty()) fail_input("validation.each_channel predicts test cases with each channel missing, but there are none", "name validation.test_patients");
    for (const auto& channel : channels_) result_.without.push_back({channel, channel_bytes_per_scan(env_, dataset_, without_name(channels_, channel)), {}});
  }

  // From the newest checkpoint; else from --init-from, which a resumed run needs not name again; else as they were drawn.
  void begin_weights() {
    StartWeights start(env_, options_.init_from, before_ ? before_->find("init_from") : nullptr, before_.has_value());
    if (!restore() && start.given()) start.load_into(*network_, {channels_, classes_.names});
    if (!start.record().is_nothing()) manifest_["init_from"] = start.record();
  }

  void promise_memory(const Graph& graph) {
    TrainingMemory plan = plan_training_memory(graph, parallel_.own(spec_), dataset_, split_);
    plan.weights += parallel_.bytes(parameter_count(graph));
    result_.predicted_peak_bytes = promise_training_memory(plan, spec_, options_.max_memory_bytes);
  }

  std::map<std::string, at::Tensor> load_tensors(const std::string& model) {
    LoadedModel loaded = load_model(env_, model);
    std::map<std::string, at::Tensor> tensors;
    for (auto& [name, tensor] : loaded.network.state()) tensors.emplace(name, tensor);
    return tensors;
  }

  bool restore() {
    auto checkpoint = options_.resume ? load_newest_checkpoint(env_, spec_.out) : std::nullopt;
    if (!checkpoint) return false;
    std::map<std::string, at::Tensor> model, optimizer;
    for (auto& [name, tensor] : checkpoint->content.tensors) {
      if (name.rfind("model.", 0) == 0) model.emplace(name.substr(6), tensor);
      else optimizer.emplace(name, tensor);
    }
    network_->load(model, false);
    optimizer_->load(optimizer);
    Value state = parse_json(checkpoint->content.metadata.at("state"), "checkpoint state");
    step_ = checkpoint->step;
    seconds_before_ = state.at("seconds").as_number();
    position_ = state.at("position").as_number();
    selection_.restore(state.at("selection"));
    guard_.restore(state.find("loss_scale"));
    info(text("resumed at step ", step_));
    return true;
  }

  void checkpoint() {
    if (!parallel_.leads()) return;
    TensorFile content;
    for (auto& [name, tensor] : network_->state()) content.tensors.emplace("model." + name, tensor);
    for (auto& [name, tensor] : optimizer_->state()) content.tensors.emplace(name, tensor);
    Value state = Value::table();
    state["seconds"] = elapsed();
    state["position"] = position_;
    state["selection"] = selection_.state();
    state["loss_scale"] = guard_.state();
    content.metadata["format"] = "tomograd.checkpoint/1";
    content.metadata["state"] = to_json(state, false);
    log_->sync();
    save_checkpoint(env_, spec_.out, step_, content, spec_.checkpoint.keep);
    observer_.checkpoint(step_);
  }

  double elapsed() { return seconds_before_ + (started_ > 0 ? clock_.monotonic_seconds() - started_ - outside_seconds_ : 0); }

  // Where the run stands before step_ is taken: the larger of the shares of steps and of seconds used. A step that was begun
  // before a kill keeps the position it recorded then.
  double next_position() {
    if (const double* recorded = log_->recorded_position(step_ + 1)) return *recorded;
    double position = 0;
    if (spec_.max_steps > 0) position = double(step_) / double(spec_.max_steps);
    if (spec_.max_seconds > 0) position = std::max(position, elapsed() / spec_.max_seconds);
    return std::max(position, position_);
  }

  bool paused() const { return spec_.pause_steps > 0 && step_ >= spec_.pause_steps; }

  void loop() {
    Sampler sampler(cases_.cases, cases_.indices, spec_.sampling, uint64_t(spec_.seed), env_);
    for (const auto& warning : sampler.warnings()) warn(warning);
    std::vector<BlockSource*> sources;
    for (auto& blocks : cases_.blocks) sources.push_back(blocks.get());
    int64_t per_step = spec_.sampling.batch * spec_.optimizer.accumulate;
    if (std::string warning = batch_scaling_warning(spec_.optimizer, spec_.schedule, per_step); !warning.empty()) warn(warning);
    PatchQueue queue(sources, sampler, parallel_.own(spec_).sampling, spec_.augment, channels_, uint64_t(spec_.seed), parallel_.first_patch(step_ * per_step), spec_.sampling.batch);
    Value report = share_report(sampler, spec_.sampling, classes_.names, 0);
    info(share_line(report));
    parallel_.begin(*network_, spec_, manifest_["inputs"], step_);
    if (!recorded_ || recorded_->pause_steps != spec_.pause_steps) create_run(records_, spec_, manifest_);
    publish_text(records_, join_path(spec_.out, "sampling.json"), to_json(report) + "\n");
    log_.emplace(records_, spec_.out, step_);
    EventFile events(records_, join_path(spec_.out, "events"), double(clock_.unix_milliseconds()) * 1e-3, step_);
    int64_t first_step = step_;
    started_ = clock_.monotonic_seconds();
    while (true) {
      Turn turn = parallel_.agree({selection_.stopped() || paused(), options_.stop.stop_requested(), next_position()});
      if (turn.ends || turn.position >= 1) break;
      position_ = turn.position;
      if (turn.stops) {
        checkpoint();
        fail(ErrorKind::stopped, text("stopped at step ", step_, "; the state is saved"), "go on with train --resume");
      }
      log_->timing(step_ + 1, position_, elapsed());
      double rate = scaled_learning_rate(spec_.optimizer, per_step) * schedule_factor(spec_.schedule, position_, step_);
      one_step(queue, rate, events);
      if (spec_.validation.every_steps > 0 && step_ % spec_.validation.every_steps == 0) validate();
      if (step_ % spec_.checkpoint.every_steps == 0) checkpoint();
    }
    result_.seconds = elapsed();
    result_.stall_seconds = queue.stall_seconds();
    if (cases_.cache) {
      BlockCacheCounts counts = cases_.cache->counts();
      info(text("block stores: ", counts.misses, " blocks decoded, ", counts.hits, " found in the cache, which held at most ", bytes_text(counts.most_bytes), " (sampling.cache_megabytes = ", spec_.sampling.cache_megabytes, ")"));
    }
    double here = result_.seconds - seconds_before_;
    result_.loader_wait_share = here > 0 ? result_.stall_seconds / here : 0;
    result_.patches_per_second = here > 0 ? double((step_ - first_step) * per_step) / here : 0;
    result_.seconds_per_step = step_ > first_step ? here / double(step_ - first_step) : step_ > 0 ? result_.seconds / double(step_) : 0;
    checkpoint();
  }

  void one_step(PatchQueue& queue, double rate, EventFile& events) {
    LossParts parts;
    double total = 0;
    auto watched = parallel_.leads() ? guard_.watch(step_ + 1, *network_) : std::nullopt;
    for (int64_t part = 0; part < spec_.optimizer.accumulate; ++part) {
      Batch batch = parallel_.next(queue);
      parts.parts.clear();
      auto value = batch_loss(*network_, spec_.loss, batch, step_ * spec_.optimizer.accumulate + part, &parts);
      total += value.item<double>();
      parallel_.backward(guard_.scaler().scaled(value), part + 1 == spec_.optimizer.accumulate);
      queue.give_back(std::move(batch));
    }
    double mean = total / double(spec_.optimizer.accumulate);
    guard_.report(step_ + 1, network_->parameters(), watched, *log_);
    double norm = optimizer_->step(rate, spec_.optimizer.accumulate, guard_.scaler().scale());
    optimizer_->zero_gradients();
    ++step_;
    FAILPOINT("train.after_step");
    guard_.judge(step_, mean, norm);
    std::vector<std::pair<std::string, double>> values = {{"loss", mean}};
    for (auto& part : parts.parts) values.push_back(part);
    values.push_back({"gradient_norm", norm});
    guard_.add_metrics(values);
    if (spec_.max_seconds == 0) values.push_back({"learning_rate", rate});
    log_->metrics(step_, values);
    result_.final_loss = mean;
    if (step_ % 10 == 0 || step_ == 1) {
      double wall = double(clock_.unix_milliseconds()) * 1e-3;
      for (const auto& [name, value] : values) events.scalar("train/" + name, step_, value, wall);
      double seconds = elapsed();
      observer_.progress({step_, spec_.max_steps, seconds, spec_.max_seconds, mean, double(step_) * double(spec_.sampling.batch * spec_.optimizer.accumulate) / std::max(seconds, 1e-9)});
    }
  }

  // Whole cases with their labels, predicted and not cleaned yet.
  void predict_each(const std::vector<int>& which, const char* purpose, const std::function<void(PreparedCase&, Prediction&)>& use) {
    for (int index : which) {
      const Case& item = dataset_.cases[size_t(index)];
      RunSpec spec = spec_;
      if (roi_where_there_is_one_ && spec.preprocess.normalize == "zscore_roi" && item.roi.empty()) {
        spec.preprocess.normalize = "zscore";    // the training cases decided, and this one is not one of them
        warn(text("case '", item.id, "' has no ROI as the training cases have: it is normalised over all that is not background"));
      }
      double begun = clock_.monotonic_seconds();
      PreparedCase prepared = read_case(env_, dataset_, index, spec, classes_, purpose, reads_);
      result_.read_seconds += clock_.monotonic_seconds() - begun;
      if (prepared.labels.empty()) continue;
      Prediction prediction = predict(prepared);
      use(prepared, prediction);
    }
  }

  Prediction predict(const PreparedCase& prepared) { return predict_volume({&*network_}, prepared, spec_.predict, network_->precision(), 0, options_.stop); }

  void score_without_each(PreparedCase& prepared, const CaseScore& with_all) {
    for (size_t c = 0; c < result_.without.size(); ++c) {
      std::vector<CaseScore>& scores = result_.without[c].test;
      if (!prepared.present[c]) {                // it was missing all along
        scores.push_back(with_all);
        continue;
      }
      MissingChannel missing(prepared, c);
      Prediction prediction = predict(prepared);
      clean(prediction.labels.data(), prepared.geometry.size, classes_.count(), cleaning_);
      scores.push_back(score_case(prepared, prediction.labels, classes_, true));
    }
  }

  std::vector<CaseScore> score(const std::vector<int>& which, const char* purpose, bool surfaces, const std::string& predictions, bool each_channel = false) {
    std::vector<CaseScore> scores;
    std::vector<uint16_t> values = values_of(classes_);
    predict_each(which, purpose, [&](PreparedCase& prepared, Prediction& prediction) {
      clean(prediction.labels.data(), prepared.geometry.size, classes_.count(), cleaning_);
      scores.push_back(score_case(prepared, prediction.labels, classes_, surfaces));
      if (!predictions.empty()) {
        env_.make_directories(predictions);
        LabelVolume volume = to_original(prepared, prediction.labels);
        for (uint16_t& voxel : volume.voxels) voxel = values[voxel];
        write_nifti_labels(env_, join_path(predictions, prepared.id + ".nii.gz"), volume, prepared.header.raw.empty() ? nullptr : &prepared.header);
      }
      if (each_channel) score_without_each(prepared, scores.back());
    });
    return scores;
  }

  // Validation looks at the weights that would be saved: the average where one is kept.
  void with_saved_weights(const std::function<void()>& body) {
    if (spec_.optimizer.average == 0) return body();
    std::map<std::string, at::Tensor> now, average;
    for (auto& [name, tensor] : network_->parameters()) now.emplace(name, tensor.detach().clone());
    for (auto& [name, tensor] : optimizer_->averaged()) average.emplace(name, tensor);
    network_->load(average, true);
    body();
    network_->load(now, true);
  }

  void validate() {
    if (split_.validation.empty() || !parallel_.leads()) return;
    double begun = clock_.monotonic_seconds();
    with_saved_weights([&] {
      double dice = mean_dice(score(split_.validation, "validation", false, ""));
      log_->metrics(step_, {{"validation_dice", dice}});
      if (selection_.offer(step_, dice, spec_.validation.patience)) save_model(env_, join_path(spec_.out, "best.safetensors"), spec_, channels_, classes_, *network_);
    });
    outside_seconds_ += clock_.monotonic_seconds() - begun;  // max_seconds are seconds of training
  }

  TrainResult finish() {
    cases_ = {};
    if (result_.steps = step_; !parallel_.leads()) return result_;
    if (selection_.best_step() > 0) {
      network_->load(load_tensors(join_path(spec_.out, "best.safetensors")), false);
    } else if (spec_.optimizer.average > 0) {
      std::map<std::string, at::Tensor> average;
      for (auto& [name, tensor] : optimizer_->averaged()) average.emplace(name, tensor);
      network_->load(average, true);
    }
    if (spec_.postprocess.mode == "auto") {
      choose_cleaning();
    } else {
      cleaning_ = cleaning_of(spec_.postprocess);
      if (!split_.validation.empty()) result_.validation_dice = mean_dice(score(split_.validation, "validation", false, ""));
    }
    save_model(env_, join_path(spec_.out, "model.safetensors"), spec_, channels_, classes_, *network_);
    result_.test = score(split_.test, "test", true, options_.write_predictions, spec_.validation.each_channel);
    result_.parameters = parameter_count(network_->graph());
    result_.peak_bytes = process_peak_bytes();
    result_.channel_bytes = channel_bytes_per_scan(env_, dataset_, channels_);
    manifest_["state"] = paused() && step_ < spec_.max_steps ? "paused" : "finished";
    manifest_["spec_digest"] = digest_of(to_toml(spec_to_value(spec_)));
    manifest_["peak_memory_bytes"] = result_.peak_bytes;
    if (spec_.loss_scale.kind != "none") manifest_["loss_scale"] = guard_.state();
    manifest_["reproducible"] = spec_.max_seconds == 0;
    manifest_["reads"] = reads_value(dataset_, reads_);
    write_manifest(env_, spec_.out, manifest_);
    return result_;
  }

  void choose_cleaning() {
    CleaningChoice choice(spec_.postprocess);
    predict_each(split_.validation, "validation", [&](PreparedCase& prepared, Prediction& prediction) { choice.add(prepared, prediction.labels, classes_); });
    cleaning_ = choice.best();
    set_cleaning(spec_.postprocess, cleaning_);
    result_.validation_dice = choice.best_dice();
    manifest_["postprocess"] = choice.report();
    if (split_.validation.empty()) warn("postprocess.mode is 'auto' and there is no validation case to choose by: " + cleaning_text(cleaning_));
    else info(text("post-processing chosen on ", split_.validation.size(), " validation cases: ", cleaning_text(cleaning_), ", mean Dice ", result_.validation_dice));
  }

  Env& env_;
  Clock& clock_;
  const TrainOptions& options_;
  TrainObserver& observer_;
  Dataset dataset_;
  std::optional<RunSpec> recorded_;              // of the run that is resumed
  RunSpec given_;                                // as the user says, with what a resumed run has settled
  Split split_;
  RunSpec spec_;                                 // resolved
  DataParallel parallel_;
  Env& records_;                                 // where what this rank writes goes
  StepGuard guard_;
  std::vector<std::string> channels_;
  ClassMap classes_;
  bool roi_where_there_is_one_;                  // normalize was left at auto
  std::optional<Value> before_;                  // manifest of the run that is resumed
  Value manifest_;
  std::optional<Network> network_;
  std::optional<Optimizer> optimizer_;
  TrainingCases cases_;
  std::optional<MetricsLog> log_;
  std::vector<ReadRecord> reads_;
  Selection selection_;
  Cleaning cleaning_;
  TrainResult result_;
  int64_t step_ = 0;
  double started_ = 0, seconds_before_ = 0, outside_seconds_ = 0, position_ = 0;
};

}  // namespace

TrainResult train(Env& env, Clock& clock, const RunSpec& spec, const TrainOptions& options, TrainObserver& observer) {
  if (spec.data.empty()) fail_input("data is not set", "name the dataset.json: --set data=dataset.json");
  if (spec.out.empty()) fail_input("out is not set", "name the run folder: --set out=runs/first");
  struct Release {                               // also after an error: the next trial of this process plans with what is free
    ~Release() { release_free_tensor_memory(); }
  } release;
  return Run(env, clock, spec, options, observer).execute();
}

}  // namespace tomograd
