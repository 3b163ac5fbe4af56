// Whole-volume prediction of the cases of a dataset, or of one case given as files in the model's channel order.
#include <torch/torch.h>

#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/engine/verbs.h"
#include "evaluation/components.h"
#include "inference/predictor.h"
#include "kernels/cpu_isa.h"
#include "spec/text_formats.h"
#include "training/model_file.h"

namespace tomograd {
namespace {

bool ends_with(const std::string& s, const std::string& end) { return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0; }

Dataset inputs_as_dataset(Env& env, const std::vector<std::string>& inputs, const LoadedModel& model) {
  if (inputs.size() == 1 && ends_with(inputs[0], ".json")) return read_dataset(env, inputs[0]);
  if (inputs.size() != model.channels.size()) {
    std::string names;
    for (const auto& channel : model.channels) names += " " + channel;
    fail_input(text(inputs.size(), " input files were given, the model reads ", model.channels.size(), " channels:", names), "give one dataset.json, or one file per channel in this order");
  }
  Dataset dataset;
  dataset.modalities = model.channels;
  Case item;
  item.id = file_name(inputs[0]);
  for (const char* end : {".gz", ".nii", ".hdr", ".img"})
    if (ends_with(item.id, end)) item.id.resize(item.id.size() - std::string(end).size());
  item.patient = item.id;
  for (size_t i = 0; i < inputs.size(); ++i) item.images[model.channels[i]] = absolute_path(inputs[i]);
  item.geometry = read_nifti_header(env, inputs[0]).geometry;
  dataset.cases.push_back(std::move(item));
  return dataset;
}

// Class indices back to label values: the first value that a class was made from.
std::vector<uint16_t> values_of(const ClassMap& classes) {
  std::vector<uint16_t> values(size_t(classes.count()), 0);
  for (size_t value = classes.class_of.size(); value-- > 1;)
    if (classes.class_of[value] > 0) values[size_t(classes.class_of[value])] = uint16_t(value);
  return values;
}

}  // namespace

Value engine_predict(const std::vector<std::string>& models, const std::vector<std::string>& inputs, const std::string& out, const Value& settings, const ComputeOptions& compute, const Talk& talk) {
  Env& env = system_env();
  if (compute.device != "auto" && compute.device != "cpu") fail_input(text("device is '", compute.device, "'; this version computes on cpu only"), "use --device cpu");
  std::vector<LoadedModel> loaded;
  for (const auto& path : models) loaded.push_back(load_model(env, path));
  const LoadedModel& first = loaded.front();
  for (const auto& other : loaded)
    if (other.channels != first.channels || other.classes.names != first.classes.names) fail_input("the models differ in channels or classes and cannot be averaged");
  Precision precision = (compute.precision == "auto" ? first.spec.precision : compute.precision) == "bf16" ? Precision::bf16 : Precision::f32;
  std::vector<Network*> networks;
  for (auto& model : loaded) model.network.set_precision(precision), networks.push_back(&model.network);
  at::set_num_threads(compute.threads > 0 ? compute.threads : available_threads());

  PredictSpec spec = first.spec.predict;
  if (settings.is_table()) {
    Value table = spec_to_value(spec);
    for (const auto& [key, value] : settings.as_table()) table[key] = value;
    read_spec(spec, table);
  }
  Cleaning cleaning{first.spec.postprocess.mode == "largest_component", first.spec.postprocess.min_voxels, first.spec.postprocess.fill_holes};
  std::vector<uint16_t> values = values_of(first.classes);
  Dataset dataset = inputs_as_dataset(env, inputs, first);
  env.make_directories(out);

  Value::List list;
  int64_t predicted_peak = 0;
  int bytes_per_value = precision == Precision::f32 ? 4 : 2;
  double seconds = 0;
  for (const auto& item : dataset.cases) {
    with_context("case '" + item.id + "'", [&] {
      PreparedCase prepared = prepare_case(env, dataset, item, first.spec.preprocess, first.classes, false);
      // The limit is for the whole process. What it holds by now is rounded up, so that a page more or less gives the same tiles.
      int64_t held = round_up(process_resident_bytes(), int64_t{16} << 20), left = 0;
      if (compute.max_memory_bytes > 0) {
        left = compute.max_memory_bytes - held;
        if (left <= 0)
          fail(ErrorKind::budget, text("the program, the model and the case take ", bytes_text(held), " already, the limit is ", bytes_text(compute.max_memory_bytes)), "raise --max-memory");
      }
      TilePlan plan = plan_tiles(first.network.graph(), prepared.geometry.size, spec, bytes_per_value, left, int64_t(networks.size()));
      int64_t peak = std::max(process_peak_bytes(), held + plan.peak_bytes);
      info(text(item.id, ": memory at most ", bytes_text(peak), ", ", plan.starts.size(), " tiles of ", to_string(plan.tile)));
      Prediction prediction = predict_volume(networks, prepared, spec, precision, left, talk.stop, [&](int64_t done, int64_t of) {
        if (talk.progress) talk.progress(double(done) / double(of), 0, item.id);
      });
      clean(prediction.labels.data(), prepared.geometry.size, first.classes.count(), cleaning);
      LabelVolume volume = to_original(prepared, prediction.labels);
      for (int64_t i = 0; i < volume.voxels.size(); ++i) volume.voxels[i] = values[volume.voxels[i]];
      std::string path = join_path(out, item.id + ".nii.gz");
      write_nifti_labels(env, path, volume, &prepared.header);
      Value entry = Value::table();
      entry["case"] = item.id;
      entry["file"] = path;
      entry["seconds"] = prediction.seconds;
      entry["predicted_peak_bytes"] = peak;
      entry["tile_zyx"] = Value(Value::List{plan.tile.z, plan.tile.y, plan.tile.x});
      list.push_back(entry);
      predicted_peak = std::max(predicted_peak, peak);
      seconds += prediction.seconds;
      if (talk.say) talk.say(text(item.id, "  ", prediction.seconds, " s"));
    });
  }
  Value result = Value::table();
  result["cases"] = list;
  result["seconds"] = seconds;
  result["predicted_peak_bytes"] = predicted_peak;
  result["peak_bytes"] = process_peak_bytes();
  return result;
}

}  // namespace tomograd
