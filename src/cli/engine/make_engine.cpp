// The engine behind cli/engine.h: each verb's compute part in a file of its own. Private to the engine rooms.
#include "cli/engine/verbs.h"

#include <torch/torch.h>
#include <torch/version.h>

#include "kernels/cpu_isa.h"
#include "nn/tensor_memory.h"
#include "training/rank_group.h"

namespace tomograd {
namespace {

class LibraryEngine : public Engine {
 public:
  Value train(const RunSpec& spec, const ComputeOptions& compute, bool resume, const std::string& init_from, const std::string& predictions, const Talk& talk) override {
    return engine_train(spec, compute, resume, init_from, predictions, talk);
  }
  Value predict(const std::vector<std::string>& models, const std::vector<std::string>& inputs, const std::string& roi, const std::string& out, const Value& settings, const BackendChoice& backend,
                const ComputeOptions& compute, const Talk& talk) override {
    return engine_predict(models, inputs, roi, out, settings, backend, compute, talk);
  }
  Value predict_store(const std::string& model, const std::string& store, const std::string& out, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk) override {
    return engine_predict_store(model, store, out, settings, backend, compute, talk);
  }
  Value step_times(const RunSpec& spec, const ComputeOptions& compute, int64_t steps, const Talk& talk) override { return engine_step_times(spec, compute, steps, talk); }
  Value largest_batch(const RunSpec& spec, const ComputeOptions& compute, int64_t most, const Talk& talk) override { return engine_largest_batch(spec, compute, most, talk); }
  Value restore(const RestoreTask& task, const ComputeOptions& compute, const Talk& talk, Volume& restored) override { return engine_restore(task, compute, talk, restored); }
  Value bench(const std::string& name, const Value& settings, const ComputeOptions& compute, const Talk& talk) override { return engine_bench(name, settings, compute, talk); }
  Value facts() override {
    Value facts = Value::table();
    facts["torch"] = TORCH_VERSION;
    facts["cuda_available"] = torch::hasCUDA();
    facts["cuda_devices"] = torch::cuda::is_available() ? int64_t(torch::cuda::device_count()) : int64_t{0};
    facts["onednn"] = at::globalContext().userEnabledMkldnn();
    facts["ranks"] = RankGroup::available();
    return facts;
  }
};

}  // namespace

extern "C" Engine* tomograd_make_engine() {
  use_tensor_arena();
  return new LibraryEngine;
}

}  // namespace tomograd
