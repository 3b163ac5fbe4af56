// A verb = one file src/cli/<verb>.cpp with one function that adds its sub-command. Options are bound to a struct kept
// alive by the callback; the body runs after parsing, throws Error, and says what it has to say through Output.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/env.h"
#include "cli/engine.h"
#include "spec/value.h"

namespace tomograd {

class Output {  // data on stdout, talk on stderr
 public:
  bool json = false;
  void result(const std::string& kind, Value object) const;   // --json: {"format":"tomograd.<kind>/1", ...object}; nothing otherwise
  void line(const std::string& text) const;                   // human text on stdout, nothing under --json
  Talk talk(std::stop_token stop = {}) const;                 // progress with time to go on a terminal, none in a pipe
};

struct Program {
  CLI::App app;
  Output output;
  std::function<void()> action;                  // set by the chosen verb
};

// The stop token that SIGINT and SIGTERM request; the state is saved and the program exits 3.
std::stop_token stop_on_signals();
void stop_on_notice();                           // a scheduler's notice before the time limit (USR1) counts as SIGTERM
void add_compute_options(CLI::App& verb, ComputeOptions& options);
using Units = std::vector<std::pair<const char*, double>>;           // name -> factor; "" = without a unit
std::optional<double> parse_quantity(const std::string& text, const Units& units);  // above 0 and finite, times the factor; none = no such quantity
int64_t parse_bytes(const std::string& text);    // "512MB", "2GiB", "1000000"
bool is_nifti_volume(const std::string& name);   // .nii or .nii.gz: one file that holds it whole
std::string duration_text(double seconds);       // "1 h 20 min", "35 s"

// Verbs, in the order --help lists them.
void add_phantom(Program& program);
void add_import(Program& program);
void add_crop(Program& program);
void add_stage(Program& program);
void add_info(Program& program);
void add_block(Program& program);
void add_montage(Program& program);
void add_overlay(Program& program);
void add_model(Program& program);
void add_train(Program& program);
void add_predict(Program& program);
void add_evaluate(Program& program);
void add_denoise(Program& program);
void add_superres(Program& program);
void add_inpaint(Program& program);
void add_experiment(Program& program);
void add_plan(Program& program);
void add_serve(Program& program);
void add_bench(Program& program);
void add_doctor(Program& program);
void add_worker(Program& program);

}  // namespace tomograd
