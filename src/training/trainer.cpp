// The training loop. A step is a function of (spec, data, step number): patches, noise, dropout and weights are counter
// based, so a run killed anywhere and resumed from a checkpoint computes the same bits. Private to the engine rooms.
#include "training/trainer.h"

#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "evaluation/components.h"
#include "inference/predictor.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "nn/tensor_memory.h"
#include "sampling/patch_queue.h"
#include "spec/text_formats.h"
#include "training/cases.h"
#include "training/checkpoint.h"
#include "training/event_file.h"
#include "training/memory_plan.h"
#include "training/metrics_log.h"
#include "training/model_file.h"
#include "training/run_folder.h"
#include "training/schedule.h"
#include "training/scoring.h"
#include "training/selection.h"

namespace tomograd {
namespace {

class Run {
 public:
  Run(Env& env, Clock& clock, const RunSpec& spec, const TrainOptions& options, TrainObserver& observer)
      : env_(env), clock_(clock), options_(options), observer_(observer), dataset_(read_dataset(env, spec.data)), spec_(resolve(env, spec, dataset_, options.max_memory_bytes)),
        channels_(spec_.preprocess.channels), classes_(make_class_map(dataset_, spec_.classes)),
        split_(make_split(dataset_, spec_.validation.patients, spec_.validation.test_patients, spec_.validation.fraction, uint64_t(spec_.seed))) {
    if (spec.sampling.patch == cube(0))
      for (int index : split_.train) reads_.push_back({dataset_.cases[size_t(index)].id, "fingerprint"});
  }

  TrainResult execute() {
    Graph graph = build_graph(spec_.model);
    (void)shapes(graph, spec_.sampling.patch);  // a patch that does not fit is said before anything is read or written
    promise_memory(graph);
    open_run_folder(env_, spec_, options_.resume);
    at::set_num_threads(int(spec_.threads));
    network_.emplace(std::move(graph), uint64_t(spec_.seed), channels_);
    network_->set_precision(spec_.precision == "bf16" ? Precision::bf16 : Precision::f32);
    optimizer_.emplace(spec_.optimizer, network_->parameters(), spec_.loss.l1, spec_.loss.l2);
    for (const auto& output : network_->graph().outputs) head_weights_.push_back(output.loss_weight);
    if (!restore() && !options_.init_from.empty()) network_->load(load_tensors(options_.init_from), true);
    cases_ = read_training_cases(env_, dataset_, split_.train, spec_, classes_, reads_);
    loop();
    return finish();
  }

 private:
  void promise_memory(const Graph& graph) {
    std::vector<int> predicted = split_.validation;
    predicted.insert(predicted.end(), split_.test.begin(), split_.test.end());
    TrainingMemory plan = plan_training_memory(graph, spec_, dataset_, split_.train, predicted);
    result_.predicted_peak_bytes = process_resident_bytes() + plan.peak();
    info(text("memory at most ", bytes_text(result_.predicted_peak_bytes), ": ", bytes_text(plan.cases), " of scans, ", bytes_text(plan.queue), " of patches, ", bytes_text(plan.activations),
              " for a step, ", bytes_text(plan.weights), " of weights"));
    if (options_.max_memory_bytes > 0 && result_.predicted_peak_bytes > options_.max_memory_bytes)
      fail(ErrorKind::budget, text("this run needs up to ", bytes_text(result_.predicted_peak_bytes), " (", bytes_text(plan.cases), " of scans, ", bytes_text(plan.queue), " of patches made ahead, ",
                                   bytes_text(plan.activations), " for a step of ", spec_.sampling.batch, " patches of ", to_string(spec_.sampling.patch), "), the limit is ", bytes_text(options_.max_memory_bytes)),
           "lower sampling.patch, sampling.batch or sampling.queue_megabytes, use preprocess.crop, or raise --max-memory");
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
    info(text("resumed at step ", step_));
    return true;
  }

  void checkpoint() {
    TensorFile content;
    for (auto& [name, tensor] : network_->state()) content.tensors.emplace("model." + name, tensor);
    for (auto& [name, tensor] : optimizer_->state()) content.tensors.emplace(name, tensor);
    Value state = Value::table();
    state["seconds"] = elapsed();
    state["position"] = position_;
    state["selection"] = selection_.state();
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

  void loop() {
    log_.emplace(env_, spec_.out, step_);
    EventFile events(env_, join_path(spec_.out, "events"), double(clock_.unix_milliseconds()) * 1e-3, step_);
    Sampler sampler(cases_.cases, cases_.indices, spec_.sampling, uint64_t(spec_.seed), env_);
    for (const auto& warning : sampler.warnings()) warn(warning);
    std::vector<BlockSource*> sources;
    for (auto& blocks : cases_.blocks) sources.push_back(blocks.get());
    int64_t per_step = spec_.sampling.batch * spec_.optimizer.accumulate;
    PatchQueue queue(sources, sampler, spec_.sampling, spec_.augment, channels_, uint64_t(spec_.seed), step_ * per_step);
    int64_t first_step = step_;
    started_ = clock_.monotonic_seconds();
    while (!selection_.stopped()) {
      double position = next_position();
      if (position >= 1) break;
      position_ = position;
      if (options_.stop.stop_requested()) {
        checkpoint();
        fail(ErrorKind::stopped, text("stopped at step ", step_, "; the state is saved"), "go on with train --resume");
      }
      log_->timing(step_ + 1, position, elapsed());
      double rate = spec_.optimizer.learning_rate * schedule_factor(spec_.schedule, position, step_);
      one_step(queue, rate, events);
      if (spec_.validation.every_steps > 0 && step_ % spec_.validation.every_steps == 0) validate();
      if (step_ % spec_.checkpoint.every_steps == 0) checkpoint();
    }
    result_.seconds = elapsed();
    result_.stall_seconds = queue.stall_seconds();
    double here = result_.seconds - seconds_before_;
    result_.patches_per_second = here > 0 ? double((step_ - first_step) * per_step) / here : 0;
    result_.seconds_per_step = step_ > first_step ? here / double(step_ - first_step) : step_ > 0 ? result_.seconds / double(step_) : 0;
    checkpoint();
  }

  void one_step(PatchQueue& queue, double rate, EventFile& events) {
    LossParts parts;
    double total = 0;
    for (int64_t part = 0; part < spec_.optimizer.accumulate; ++part) {
      Batch batch = queue.next();
      Extent p = batch.patch;
      auto images = at::from_blob(batch.images.data(), {batch.count, batch.channels, p.z, p.y, p.x}, at::kFloat);
      auto labels = at::from_blob(batch.labels.data(), {batch.count, p.z, p.y, p.x}, at::kByte);
      auto heads = network_->forward(images, true, step_ * spec_.optimizer.accumulate + part);
      parts.parts.clear();
      auto value = loss(spec_.loss, heads, head_weights_, labels, &parts);
      total += value.item<double>();
      value.backward();
      queue.give_back(std::move(batch));
    }
    double mean = total / double(spec_.optimizer.accumulate);
    double norm = optimizer_->step(rate, spec_.optimizer.accumulate);
    optimizer_->zero_gradients();
    ++step_;
    FAILPOINT("train.after_step");
    if (!std::isfinite(norm) || !std::isfinite(mean)) {
      if (++skipped_in_a_row_ >= 20) fail_failure(text("the loss or its gradient was not finite in 20 steps in a row, last at step ", step_), "lower optimizer.learning_rate, or use --precision f32");
      warn(text("step ", step_, " was skipped: its loss is ", mean, ", its gradient's norm ", norm));
    } else {
      skipped_in_a_row_ = 0;
    }
    std::vector<std::pair<std::string, double>> values = {{"loss", mean}};
    for (auto& part : parts.parts) values.push_back(part);
    values.push_back({"gradient_norm", norm});
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

  std::vector<CaseScore> score(const std::vector<int>& which, const char* purpose, bool surfaces, const std::string& predictions) {
    std::vector<CaseScore> scores;
    for (int index : which) {
      PreparedCase prepared = read_case(env_, dataset_, index, spec_, classes_, purpose, reads_);
      if (prepared.labels.empty()) continue;
      Prediction prediction = predict_volume({&*network_}, prepared, spec_.predict, network_->precision(), 0, options_.stop);
      clean(prediction.labels.data(), prepared.geometry.size, classes_.count(), cleaning_);
      scores.push_back(score_case(prepared, prediction.labels, classes_, surfaces));
      if (!predictions.empty()) {
        env_.make_directories(predictions);
        write_nifti_labels(env_, join_path(predictions, prepared.id + ".nii.gz"), to_original(prepared, prediction.labels), &prepared.header);
      }
    }
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
    if (split_.validation.empty()) return;
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
    if (selection_.best_step() > 0) {
      network_->load(load_tensors(join_path(spec_.out, "best.safetensors")), false);
    } else if (spec_.optimizer.average > 0) {
      std::map<std::string, at::Tensor> average;
      for (auto& [name, tensor] : optimizer_->averaged()) average.emplace(name, tensor);
      network_->load(average, true);
    }
    cleaning_ = {spec_.postprocess.mode == "largest_component", spec_.postprocess.min_voxels, spec_.postprocess.fill_holes};
    if (!split_.validation.empty()) result_.validation_dice = mean_dice(score(split_.validation, "validation", false, ""));
    if (spec_.postprocess.mode == "auto") {
      spec_.postprocess.mode = "none";
      if (!split_.validation.empty()) {
        cleaning_.largest_component = true;
        double cleaned = mean_dice(score(split_.validation, "validation", false, ""));
        cleaning_.largest_component = cleaned > result_.validation_dice;
        if (cleaning_.largest_component) spec_.postprocess.mode = "largest_component", result_.validation_dice = cleaned;
      }
    }
    save_model(env_, join_path(spec_.out, "model.safetensors"), spec_, channels_, classes_, *network_);
    result_.test = score(split_.test, "test", true, options_.write_predictions);
    result_.steps = step_;
    result_.parameters = parameter_count(network_->graph());
    result_.peak_bytes = process_peak_bytes();
    result_.channel_bytes = channel_bytes_per_scan(env_, dataset_, channels_);
    write_manifest(env_, spec_, dataset_, reads_, result_.peak_bytes, spec_.max_seconds == 0);
    return result_;
  }

  Env& env_;
  Clock& clock_;
  const TrainOptions& options_;
  TrainObserver& observer_;
  Dataset dataset_;
  RunSpec spec_;
  std::vector<std::string> channels_;
  ClassMap classes_;
  Split split_;
  std::optional<Network> network_;
  std::optional<Optimizer> optimizer_;
  std::vector<double> head_weights_;
  TrainingCases cases_;
  std::optional<MetricsLog> log_;
  std::vector<ReadRecord> reads_;
  Selection selection_;
  Cleaning cleaning_;
  TrainResult result_;
  int64_t step_ = 0, skipped_in_a_row_ = 0;
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
