// Whole-volume prediction of the cases of a dataset, or of one case given as files in the model's channel order. All cases are
// planned by their headers before the first is read; what a stage no longer needs is freed before the next one.
#include <torch/torch.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/engine/predicted_networks.h"
#include "cli/engine/prediction_manifest.h"
#include "cli/engine/verbs.h"
#include "dataset/import.h"
#include "evaluation/components.h"
#include "nn/tensor_memory.h"
#include "training/cases.h"

namespace tomograd {
namespace {

// For code, tables and threads that libraries make at their first use.
constexpr int64_t library_bytes = 40'000'000;
// What the process holds is rounded up, so that a page more or less gives the same tiles.
constexpr int64_t rounding = int64_t{16} << 20;

bool ends_with(const std::string& s, const std::string& end) { return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0; }

bool is_dataset(const std::vector<std::string>& inputs) { return inputs.size() == 1 && ends_with(inputs[0], ".json"); }

// A network that names no channels reads those of the dataset, all of them, or the files in their order.
std::vector<std::string> channels_of(Env& env, const PredictedNetworks& networks, const std::vector<std::string>& inputs) {
  if (!networks.channels.empty()) return networks.channels;
  std::vector<std::string> names;
  if (is_dataset(inputs)) {
    names = read_dataset(env, inputs[0]).modalities;
    std::string all;
    for (const auto& name : names) all += " " + name;
    if (int64_t(names.size()) != networks.channel_count) fail_usage(text("the network takes ", networks.channel_count, " channels, the dataset has ", names.size(), ":", all), "choose some, in the network's order: --channels NAME,...");
  }
  for (int64_t c = int64_t(names.size()); c < networks.channel_count; ++c) names.push_back(text("channel ", c + 1));
  return names;
}

Dataset inputs_as_dataset(Env& env, const std::vector<std::string>& inputs, const std::string& roi, const std::vector<std::string>& channels) {
  if (is_dataset(inputs)) {
    if (!roi.empty()) fail_usage("--roi goes with image files; a dataset.json names the ROI of each case itself", "import the scans with --roi");
    return read_dataset(env, inputs[0]);
  }
  if (inputs.size() != channels.size()) {
    std::string names;
    for (const auto& channel : channels) names += " " + channel;
    fail_input(text(inputs.size(), " input files were given, the model reads ", channels.size(), " channels:", names), "give one dataset.json, or one file per channel in this order");
  }
  Dataset dataset;
  dataset.modalities = channels;
  Case item;
  item.id = file_name(inputs[0]);
  for (const char* end : {".gz", ".nii", ".hdr", ".img"})
    if (ends_with(item.id, end)) item.id.resize(item.id.size() - std::string(end).size());
  item.patient = item.id;
  for (size_t i = 0; i < inputs.size(); ++i) item.images[channels[i]] = absolute_path(inputs[i]);
  if (!roi.empty()) item.roi = absolute_path(roi);
  item.geometry = read_nifti_header(env, inputs[0]).geometry;
  item.digest = case_digest(env, item);
  dataset.cases.push_back(std::move(item));
  return dataset;
}

class CasePredictor {
 public:
  CasePredictor(Env& env, const std::vector<std::string>& models, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk)
      : env_(env), models_(models), networks_(load_networks(env, models, settings, backend, compute)), limit_(compute.max_memory_bytes), compute_(compute), talk_(talk) {
    release_free_memory();
  }
  ~CasePredictor() { set_memory_budget(0); }

  Value run(const std::vector<std::string>& inputs, const std::string& roi, const std::string& out) {
    networks_.channels = channels_of(env_, networks_, inputs);
    if (networks_.own.empty()) networks_.spec.preprocess.channels = networks_.channels;
    dataset_ = inputs_as_dataset(env_, inputs, roi, networks_.channels);
    leave_out_skipped();
    plan();
    env_.make_directories(out);
    env_.remove_file(join_path(out, "manifest.json"));  // of other predictions
    begun_ = system_clock().monotonic_seconds();
    Value::List cases;
    double seconds = 0;
    for (size_t i = 0; i < dataset_.cases.size(); ++i)
      with_context("case '" + dataset_.cases[i].id + "'", [&] {
        cases.push_back(predict_case(i, out));
        seconds += cases.back().at("seconds").as_number();
      });
    Value result = Value::table();
    result["cases"] = cases;
    result["seconds"] = seconds;
    result["predicted_peak_bytes"] = promise(promised_);
    result["peak_bytes"] = process_peak_bytes();
    result["manifest"] = prediction_manifest(env_, models_, networks_, dataset_, compute_);
    return result;
  }

 private:
  const RunSpec& spec() const { return networks_.spec; }
  Value promise(int64_t bytes) const { return networks_.bounded ? Value(bytes) : Value(); }

  // Cases without a channel that the model reads, where it was trained to skip them; and a word about files that are not those that
  // were imported.
  void leave_out_skipped() {
    std::vector<Case> kept;
    for (const Case& item : dataset_.cases)
      if (is_skipped(dataset_, item, spec().preprocess)) {
        warn(text("case '", item.id, "' lacks a channel and is left out"));
      } else {
        if (std::string changed = changed_since_import(env_, item); !changed.empty()) warn(text("case '", item.id, "': ", changed, "; import again, so that dataset.json says what is there"));
        kept.push_back(item);
      }
    if (kept.empty() && !dataset_.cases.empty())
      fail_input(text("none of the ", dataset_.cases.size(), " cases has all channels, and the model's preprocess.missing is 'skip'"), "train with preprocess.missing = \"zero\" to predict from what is there");
    dataset_.cases = std::move(kept);
  }

  CasePlan plan_of(const CaseSizes& sizes, Extent size, int64_t left) const {
    return with_context(text("a limit of ", bytes_text(limit_), ", ", bytes_text(limit_ - left), " of it for the program and the model"), [&] {
      return networks_.plan(sizes, size, left);
    });
  }

  // The limit is for the whole process.
  int64_t left_of_limit(int64_t held) const {
    if (limit_ == 0) return 0;
    if (limit_ <= held) fail(ErrorKind::budget, text("the program and the model take ", bytes_text(held), " already, the limit is ", bytes_text(limit_)), "raise --max-memory");
    return limit_ - held;
  }

  void plan() {
    base_ = round_up(process_resident_bytes() + library_bytes, rounding);
    int64_t left = left_of_limit(base_);
    size_t largest = 0;
    for (size_t i = 0; i < dataset_.cases.size(); ++i)
      with_context("case '" + dataset_.cases[i].id + "'", [&] {
        CaseSizes sizes = case_sizes(env_, dataset_, dataset_.cases[i], spec().preprocess);
        // How much a crop keeps is known after reading; what does not fit even if it keeps nothing is refused now.
        if (sizes.cropped) plan_of(sizes, cube(1), left);
        CasePlan plan = plan_of(sizes, sizes.prepared, sizes.cropped ? 0 : left);
        int64_t peak = base_ + plan.peak_bytes();
        if (limit_ > 0) peak = std::min(peak, limit_);
        if (peak > promised_) promised_ = peak, largest = i;
        peaks_.push_back(peak);
        sizes_.push_back(sizes);
        tiles_.push_back(double(plan.tiles.starts.size()));
        all_tiles_ += tiles_.back();
      });
    promised_ = std::max(promised_, process_peak_bytes());
    if (limit_ > 0) set_memory_budget(counted_bytes() + left);
    if (!networks_.bounded) return;
    if (dataset_.cases.size() == 1) info(text(dataset_.cases[0].id, ": memory at most ", bytes_text(promised_)));
    else if (!dataset_.cases.empty()) info(text("memory at most ", bytes_text(promised_), "; the largest of ", dataset_.cases.size(), " cases is ", dataset_.cases[largest].id));
  }

  Value predict_case(size_t index, const std::string& out) {
    const Case& item = dataset_.cases[index];
    release_free_memory();
    int64_t held = std::max(base_, round_up(process_resident_bytes(), rounding));
    PreparedCase prepared = prepare_case(env_, dataset_, item, spec().preprocess, networks_.classes, false);
    release_free_memory();
    CasePlan plan = plan_of(sizes_[index], prepared.geometry.size, left_of_limit(held));
    info(text(item.id, ": ", plan.tiles.starts.size(), " tiles of ", to_string(plan.tiles.tile)));
    Prediction prediction = predict_tiles(networks_.forward, networks_.classes.count(), prepared, plan.tiles, spec().predict.mirror, talk_.stop, [&](int64_t done, int64_t of) { tell(index, double(done) / double(of)); });
    tiles_done_ += tiles_[index];
    prepared.images.clear();
    prepared.roi = {};
    release_free_tensor_memory();
    release_free_memory();
    const PostprocessSpec& post = spec().postprocess;
    clean(prediction.labels.data(), prepared.geometry.size, networks_.classes.count(), {post.mode == "largest_component", post.min_voxels, post.fill_holes});
    LabelVolume volume = to_original(prepared, prediction.labels);
    prediction.labels = {};
    release_free_memory();
    std::vector<uint16_t> values = values_of(networks_.classes);
    for (uint16_t& voxel : volume.voxels) voxel = values[voxel];
    std::string path = join_path(out, item.id + ".nii.gz");
    write_nifti_labels(env_, path, volume, &prepared.header);
    if (talk_.say) talk_.say(text(item.id, "  ", prediction.seconds, " s"));
    Value entry = Value::table();
    entry["case"] = item.id;
    entry["file"] = path;
    entry["seconds"] = prediction.seconds;
    entry["predicted_peak_bytes"] = promise(peaks_[index]);
    entry["tile_zyx"] = Value(Value::List{plan.tiles.tile.z, plan.tiles.tile.y, plan.tiles.tile.x});
    return entry;
  }

  // The bar is the case's, the time to go is that of all cases: as long per tile as it took so far, reading included.
  void tell(size_t index, double share) const {
    if (!talk_.progress) return;
    double of_all = (tiles_done_ + share * tiles_[index]) / all_tiles_, seconds = system_clock().monotonic_seconds() - begun_;
    std::string where = dataset_.cases.size() > 1 ? text("  case ", index + 1, " of ", dataset_.cases.size()) : "";
    talk_.progress(share, of_all < 1 ? seconds * (1 - of_all) / of_all : 0, dataset_.cases[index].id + where);
  }

  Env& env_;
  std::vector<std::string> models_;
  PredictedNetworks networks_;
  int64_t limit_;
  const ComputeOptions& compute_;
  const Talk& talk_;
  Dataset dataset_;
  int64_t base_ = 0, promised_ = 0;              // process without a case, and with the largest
  std::vector<int64_t> peaks_;                   // by case
  std::vector<CaseSizes> sizes_;
  std::vector<double> tiles_;
  double all_tiles_ = 0, tiles_done_ = 0, begun_ = 0;
};

}  // namespace

Value engine_predict(const std::vector<std::string>& models, const std::vector<std::string>& inputs, const std::string& roi, const std::string& out, const Value& settings,
                     const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk) {
  return CasePredictor(system_env(), models, settings, backend, compute, talk).run(inputs, roi, out);
}

}  // namespace tomograd
