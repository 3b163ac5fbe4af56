// What make_engine.cpp binds together.
#pragma once

#include "cli/engine.h"

namespace tomograd {

Value engine_train(const RunSpec& spec, const ComputeOptions& compute, bool resume, const std::string& init_from, const std::string& predictions, const Talk& talk);
Value engine_predict(const std::vector<std::string>& models, const std::vector<std::string>& inputs, const std::string& roi, const std::string& out, const Value& settings, const BackendChoice& backend,
                     const ComputeOptions& compute, const Talk& talk);
Value engine_predict_store(const std::string& model, const std::string& store, const std::string& out, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk);
Value engine_step_times(const RunSpec& spec, const ComputeOptions& compute, int64_t steps, const Talk& talk);
Value engine_largest_batch(const RunSpec& spec, const ComputeOptions& compute, int64_t most, const Talk& talk);
Value engine_restore(const RestoreTask& task, const ComputeOptions& compute, const Talk& talk, Volume& restored);
Value engine_bench(const std::string& name, const Value& settings, const ComputeOptions& compute, const Talk& talk);

}  // namespace tomograd
