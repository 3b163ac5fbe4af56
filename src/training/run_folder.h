// The run folder: who may write into it, its resolved spec, its manifest.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/dataset.h"
#include "spec/run_spec.h"

namespace tomograd {

// Creates the folder and spec.toml, or checks that an existing run is the same one: without `resume` an existing run is
// Error(usage), with it a field that differs is Error(usage) naming it. Returns whether the run was there.
bool open_run_folder(Env& env, const RunSpec& resolved, bool resume);

struct ReadRecord { std::string case_id, purpose; };  // purpose: train, validation, test

// manifest.json: version, spec digest, inputs with digests, seed, device, instruction set, threads, peak memory, reads.
void write_manifest(Env& env, const RunSpec& resolved, const Dataset& dataset, const std::vector<ReadRecord>& reads, int64_t peak_bytes, bool reproducible);

}  // namespace tomograd
