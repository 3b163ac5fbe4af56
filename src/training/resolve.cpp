// What "auto", 0 and empty in a run spec mean on this machine and for this dataset; decided once, then written down.
#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "dataset/configure.h"
#include "dataset/prepared_case.h"
#include "dataset/stored_case.h"
#include "kernels/cpu_isa.h"
#include "nn/devices.h"
#include "training/trainer.h"

namespace tomograd {

namespace {

// Z, Y, X spacing of these scans in canonical orientation: the median over cases per axis, as nnU-Net takes it.
std::vector<double> median_spacing(const Dataset& dataset, const std::vector<int>& cases) {
  std::vector<double> result;
  for (size_t axis = 0; axis < 3; ++axis) {
    std::vector<double> values;
    for (int index : cases) {
      const Geometry& geometry = dataset.cases[size_t(index)].geometry;
      values.push_back(reoriented(geometry, to_canonical(geometry)).spacing()[axis]);
    }
    std::nth_element(values.begin(), values.begin() + int64_t(values.size() / 2), values.end());
    result.push_back(values[values.size() / 2]);
  }
  return result;
}

// Patch, batch and spacing from the training cases alone. Without a limit the 8 GB that nnU-Net's own rules assume, not
// what happens to be free, so that the same data give the same network on every machine.
void fit_to_cases(Env& env, RunSpec& spec, const Dataset& dataset, const std::vector<int>& cases, const ClassMap& classes, int64_t max_memory_bytes) {
  for (int index : cases)
    if (is_stored(dataset.cases[size_t(index)]))
      fail_input(text("sampling.patch is 0,0,0, to be fitted to the training cases, and case '", dataset.cases[size_t(index)].id, "' lies in a block store, which is not read whole"), "give sampling.patch, such as [64, 64, 64]");
  Fingerprint fingerprint = make_fingerprint(env, dataset, cases, spec.preprocess, classes);
  Configuration fitted = configure(fingerprint, max_memory_bytes > 0 ? max_memory_bytes : int64_t{8'000'000'000});
  spec.sampling.patch = fitted.patch;
  if (spec.sampling.batch == 0) spec.sampling.batch = fitted.batch;
  if (spec.preprocess.spacing.empty()) spec.preprocess.spacing.assign(fitted.spacing.begin(), fitted.spacing.end());
}

}  // namespace

RunSpec resolve(Env& env, const RunSpec& given, const Dataset& dataset, const Split& split, int64_t max_memory_bytes) {
  RunSpec spec = given;
  if (spec.max_steps == 0 && spec.max_seconds == 0) fail_input("neither max_steps nor max_seconds is set, so the run would never end", "set one of them, or --set max_seconds=600");
  if (spec.device == "auto") spec.device = "cpu";
  bool on_cpu = devices_of(spec.device).front() == "cpu";
  if (spec.threads == 0) spec.threads = available_threads();
  if (spec.precision == "auto") spec.precision = on_cpu ? fastest_precision() : "bf16";
  if (spec.precision == "f16" && on_cpu) fail_input("precision is 'f16'; on a CPU convolutions have no half form", "use bf16, which needs no loss scale, or f32; f16 computes on CUDA alone");

  spec.preprocess.channels = used_channels(dataset, spec.preprocess);
  spec.preprocess.leave_out.clear();
  ClassMap classes = make_class_map(dataset, spec.classes);
  int64_t channel_count = int64_t(spec.preprocess.channels.size());
  auto match = [](int64_t& field, int64_t needed, const char* name) {
    if (field != 0 && field != needed) fail_input(text("model.", name, " is ", field, ", the dataset and classes of this run need ", needed), text("leave model.", name, " out, it follows from the data"));
    field = needed;
  };
  match(spec.model.in_channels, channel_count, "in_channels");
  match(spec.model.out_channels, classes.count(), "out_channels");
  if (spec.sampling.patch == cube(0)) fit_to_cases(env, spec, dataset, split.train, classes, max_memory_bytes);
  else if (spec.sampling.patch.voxels() == 0) fail_input(text("sampling.patch is ", to_string(spec.sampling.patch), "; one axis of it is 0"), "give all three sizes, or 0,0,0 to have them fitted to the cases");
  if (spec.sampling.batch == 0) spec.sampling.batch = 2;
  if (spec.model.patch.voxels() == 0) spec.model.patch = spec.sampling.patch;
  if (spec.model.spacing.empty() && !split.train.empty()) spec.model.spacing = spec.preprocess.spacing.empty() ? median_spacing(dataset, split.train) : spec.preprocess.spacing;
  if (spec.preprocess.normalize == "auto") {
    bool roi = true;
    for (int index : split.train) roi = roi && !dataset.cases[size_t(index)].roi.empty();
    spec.preprocess.normalize = roi ? "zscore_roi" : "zscore";
  }
  with_context("sampling.case_weights", [&] {
    if (spec.sampling.case_weights.is_table())
      for (const auto& [id, weight] : spec.sampling.case_weights.as_table()) (void)dataset.find(id);
  });
  return spec;
}

}  // namespace tomograd
