// The run folder: who may write into it, its resolved spec, its manifest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/dataset.h"
#include "spec/run_spec.h"

namespace tomograd {

// The spec of the run that the folder holds; nothing when there is none. Error(usage) when there is one and `resume` is not
// set; Error when the folder could not be made or written (nothing is left behind by that check).
std::optional<RunSpec> find_run(Env& env, const std::string& out, bool resume);

// Error(usage) naming the first field in which the two differ; where a run and its data lie does not count.
void check_same_run(const RunSpec& recorded, const RunSpec& resolved);

// The recorded run's values for all that `given` leaves open (auto, 0, empty) and that the machine or the cases settled then.
RunSpec with_recorded(const RunSpec& given, const RunSpec& recorded);

// Creates the folder, manifest.json and spec.toml, in this order: a folder with a spec.toml holds a run. Called once
// everything that a run can be refused for has been looked at.
void create_run(Env& env, const RunSpec& resolved, const Value& manifest);

struct ReadRecord { std::string case_id, purpose; };  // purpose: train, validation, test

// manifest.json: version, spec digest, seed, device, instruction set, threads; `state` is "running" until the run has ended.
// The run adds what it began from ("init_from"), its "inputs" with digests, and at the end reads and peak memory.
Value new_manifest(const RunSpec& resolved);
std::optional<Value> read_manifest(Env& env, const std::string& out);      // nothing when there is none
void write_manifest(Env& env, const std::string& out, const Value& manifest);
Value reads_value(const Dataset& dataset, const std::vector<ReadRecord>& reads);

}  // namespace tomograd
