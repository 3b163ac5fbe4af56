// What the program asks of the engine library (libtomograd_engine.so), free of torch: one class, one factory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/env.h"
#include "base/rank_place.h"
#include "spec/restore_spec.h"
#include "spec/run_spec.h"
#include "spec/value.h"
#include "volume/volume.h"

namespace tomograd {

struct ComputeOptions {  // --device --threads --precision --seed --max-memory
  std::string device = "auto", precision = "auto";
  int threads = 0;
  int64_t seed = -1;                             // -1 = as the spec says
  int64_t max_memory_bytes = 0;
  RankPlace place = {};                          // of `train`: this process among those that train one network
};

// What the command line says goes before the spec.
inline RunSpec with_compute(RunSpec spec, const ComputeOptions& compute) {
  if (compute.device != "auto") spec.device = compute.device;
  if (compute.precision != "auto") spec.precision = compute.precision;
  if (compute.threads > 0) spec.threads = compute.threads;
  if (compute.seed >= 0) spec.seed = compute.seed;
  return spec;
}

// N of "cuda:N", 0 of "cuda", nothing of any other device.
std::optional<int> cuda_number(const std::string& device);

// What computes the tiles of predict: our kernels, libtorch's plain operations, or a library that the program has loaded. MODEL may be a
// network of somebody else's (.onnx, .xml) then, and the rest says what its file does not.
struct BackendChoice {
  std::string name = "native";                   // native, torch, openvino
  Backend* library = nullptr;                    // of openvino
  std::vector<std::string> channels;             // modalities in the network's order; empty = those of the inputs
  std::string normalize = "none";                // or "zscore"
  std::string activation = "auto";               // softmax: it returns logits; none: it returns shares; auto: as its last operator says
  std::string axes = "zyx";                      // or "xyz": of its arrays
};
bool is_foreign_network(const std::string& model);  // by its name

struct Talk {  // how a compute verb reports; both may be empty
  std::function<void(const std::string& line)> say;                              // one line of talk
  std::function<void(double share, double seconds_left, const std::string& what)> progress;
  std::stop_token stop;
};

struct RestoreTask {                             // of denoise, superres and inpaint
  RestoreSpec spec;
  Geometry geometry;                             // of the observed volume
  const Volume* observed = nullptr;              // none: the plan alone
  Buffer<uint8_t> known;                         // inpaint: 0 = missing; empty = every voxel is known
  int64_t preview_every = 0;                     // iterations; 0 = none
  std::function<void(int64_t iteration, const Volume& average)> preview;
};

class Engine {
 public:
  virtual ~Engine() = default;
  // Each returns the verb's --json object (without "format"); errors are thrown.
  virtual Value train(const RunSpec& spec, const ComputeOptions& compute, bool resume, const std::string& init_from, const std::string& predictions, const Talk& talk) = 0;
  // `roi` is that of image files, "" = none. The result's "manifest" is what the output folder's manifest.json says, without
  // format and version; the caller writes it.
  virtual Value predict(const std::vector<std::string>& models, const std::vector<std::string>& inputs, const std::string& roi, const std::string& out, const Value& predict_settings,
                        const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk) = 0;
  virtual Value predict_store(const std::string& model, const std::string& store, const std::string& out, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk) = 0;
  // Of `doctor RUN`, which make steps of the run and leave no folder: where its time goes, over epochs of `steps` (0 = chosen); and
  // the largest batch of at most `most` that fits.
  virtual Value step_times(const RunSpec& spec, const ComputeOptions& compute, int64_t steps, const Talk& talk) = 0;
  virtual Value largest_batch(const RunSpec& spec, const ComputeOptions& compute, int64_t most, const Talk& talk) = 0;
  // Fills `restored` where the task has an observed volume. On a stop request that is what there is so far, and "stopped_by" is "stop".
  virtual Value restore(const RestoreTask& task, const ComputeOptions& compute, const Talk& talk, Volume& restored) = 0;
  virtual Value bench(const std::string& name, const Value& settings, const ComputeOptions& compute, const Talk& talk) = 0;
  virtual Value facts() = 0;                     // torch version, threads, devices, for `doctor`
};

// Loads libtomograd_engine.so from beside the program (or ../lib/tomograd); Error(failure) says how to build it.
Engine& engine();

extern "C" Engine* tomograd_make_engine();      // what the library exports

}  // namespace tomograd
