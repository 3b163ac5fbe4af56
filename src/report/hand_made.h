// Experiments made by hand, for the tests of this room.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "report/report_data.h"
#include "spec/text_formats.h"

namespace tomograd {

// A table made by hand: `values` [channel set][patient][seed], channel sets "all", "A", "B", "C" in this order.
struct Made {
  ExperimentRecord record;
  std::vector<TrialRecord> trials;
};

inline Made made(const std::vector<std::vector<std::vector<double>>>& values, const std::string& run = R"({"max_steps":100})") {
  Made result;
  ExperimentSpec spec;
  spec.name = "hand", spec.strategy.seeds = int64_t(values[0][0].size()), spec.run = parse_json(run, "t");
  result.record.name = "hand", result.record.spec = spec_to_value(spec), result.record.fingerprint = "sha256:0";
  const char* names[] = {"", "A", "B", "C"};
  for (size_t c = 0; c < values.size(); ++c)
    for (size_t p = 0; p < values[c].size(); ++p)
      for (size_t s = 0; s < values[c][p].size(); ++s) {
        TrialRecord trial;
        trial.number = int64_t(result.trials.size()) + 1;
        trial.state = TrialState::complete, trial.attempts = 1;
        std::string patient = text("P", p + 1), left_out = names[c];
        trial.settings = Value::table(), trial.design = Value::table();
        trial.settings["preprocess.leave_out"] = left_out.empty() ? Value(Value::List{}) : Value(Value::List{left_out});
        trial.settings["validation.test_patients"] = Value(Value::List{patient});
        trial.settings["seed"] = int64_t(s) + 1;
        trial.design["left_out"] = left_out, trial.design["test_name"] = patient, trial.design["test"] = Value(Value::List{patient}), trial.design["repeat"] = int64_t(s), trial.design["seed"] = int64_t(s) + 1;
        trial.metrics = Value::table(), trial.timing = Value::table();
        Value test_case = Value::table();
        test_case["case"] = patient + "_1", test_case["patient"] = patient, test_case["classes"] = Value(Value::List{"x", "y"});
        test_case["dice"] = Value(Value::List{values[c][p][s] - 0.05, values[c][p][s] + 0.05});
        trial.metrics["test"] = Value(Value::List{test_case});
        trial.metrics["steps"] = int64_t(90 + p), trial.metrics["channel_bytes"] = int64_t(left_out.empty() ? 9000000 : 6000000);
        trial.timing["seconds"] = (left_out.empty() ? 1000.0 : 700.0) + double(p), trial.timing["seconds_per_step"] = 0.25, trial.timing["peak_bytes"] = int64_t(500000000);
        result.trials.push_back(trial);
      }
  return result;
}

// "all" of every patient is 0.5 + 0.01 p; the others add the given changes.
inline std::vector<std::vector<std::vector<double>>> changed(const std::vector<std::vector<double>>& changes) {
  std::vector<std::vector<std::vector<double>>> values(1 + changes.size());
  for (size_t p = 0; p < changes[0].size(); ++p) {
    double base = 0.5 + 0.01 * double(p);
    values[0].push_back({base});
    for (size_t c = 0; c < changes.size(); ++c) values[c + 1].push_back({base + changes[c][p]});
  }
  return values;
}

inline const std::vector<std::vector<double>> four = {{-0.35, -0.30, -0.25, -0.20}, {-0.01, 0.005, 0.0, -0.005}, {-0.10, -0.05, -0.02, -0.08}};

inline std::vector<std::vector<double>> twelve() {
  std::vector<std::vector<double>> changes(3);
  for (int p = 0; p < 12; ++p) changes[0].push_back(-0.2 - 0.01 * p), changes[1].push_back((p % 2 ? -1 : 1) * (0.001 + 0.0005 * p)), changes[2].push_back((p % 2 ? -1 : 1) * 0.02 * (p + 1));
  return changes;
}

// Adds trainings with channel dropout: what `networks` has as a trial per channel set becomes one trial per patient and seed. alone: there
// are no others.
inline Made with_dropout(Made made, const Made& networks, bool alone) {
  ExperimentSpec spec = spec_from<ExperimentSpec>(made.record.spec);
  if (alone) spec.strategy.kind = "channel-dropout", made.trials.clear();
  else spec.strategy.channel_dropout = true;
  made.record.spec = spec_to_value(spec);
  for (auto& trial : made.trials) trial.design["channel_dropout"] = false;
  for (const auto& with_all : networks.trials) {
    if (!with_all.design.at("left_out").as_text().empty()) continue;
    TrialRecord trial = with_all;
    trial.number = int64_t(made.trials.size()) + 1;
    trial.settings["validation.each_channel"] = true, trial.settings["augment.channel_dropout"] = 0.25;
    trial.timing["seconds"] = 1200.0;
    Value::List missing;
    for (const auto& other : networks.trials) {
      const Value& left_out = other.design.at("left_out");
      if (left_out.as_text().empty() || other.design.at("test") != with_all.design.at("test") || other.design.at("repeat") != with_all.design.at("repeat")) continue;
      missing.push_back(left_out);
      Value& part = trial.metrics["without"][left_out.as_text()];
      part["test"] = other.metrics.at("test"), part["channel_bytes"] = other.metrics.at("channel_bytes");
    }
    trial.design["channel_dropout"] = true, trial.design["missing_in_turn"] = missing;
    made.trials.push_back(std::move(trial));
  }
  return made;
}

// Seven channels and any number of patients with two target classes; long names are those of a careless import.
inline Made cohort(int patients, bool long_names) {
  ExperimentSpec spec;
  spec.name = "cohort", spec.run = parse_json(R"({"max_steps":100})", "t");
  Made result;
  result.record.name = "cohort", result.record.spec = spec_to_value(spec);
  Random random(1, "cohort");
  std::vector<std::string> channels = {"", "T1w", "T1ce", "T2w", "T2star", "ADC", "ktrans", "ve"};
  for (size_t c = 0; c < channels.size(); ++c)
    for (int p = 1; p <= patients; ++p) {
      TrialRecord trial;
      trial.number = int64_t(result.trials.size()) + 1, trial.state = TrialState::complete, trial.attempts = 1;
      std::string patient = (long_names ? "Patient_of_the_university_hospital_" : "P") + std::to_string(p);
      trial.settings = Value::table(), trial.design = Value::table(), trial.metrics = Value::table(), trial.timing = Value::table();
      trial.design["left_out"] = channels[c] + (long_names && c > 0 ? "_normalised_registered_to_T1w_2mm" : "");
      trial.design["test_name"] = patient, trial.design["test"] = Value(Value::List{patient}), trial.design["repeat"] = 0, trial.design["seed"] = p;
      double base = 0.7 + 0.004 * p, loss = 0.002 * double(c * c);
      Value test_case = Value::table();
      test_case["case"] = patient, test_case["patient"] = patient, test_case["classes"] = Value(Value::List{"GTV-T", "GTV-Ln"});
      test_case["dice"] = Value(Value::List{base - loss + 0.02 * random.normal(), base - 0.1 - 2 * loss + 0.04 * random.normal()});
      trial.metrics["test"] = Value(Value::List{test_case}), trial.metrics["steps"] = 500, trial.metrics["channel_bytes"] = int64_t(c ? 28800000 : 33600000);
      trial.timing["seconds"] = 100 + 5 * random.normal(), trial.timing["seconds_per_step"] = 0.2, trial.timing["peak_bytes"] = int64_t(900000000);
      result.trials.push_back(std::move(trial));
    }
  return result;
}

// Trials drawn from five variables: the metric has its peak at a learning rate of 0.002, grows with the width, and differs a
// little between three networks; weight decay and dropout do nothing. Every 13th trial has failed.
inline Made random_search(int trials, bool long_names) {
  ExperimentSpec spec;
  spec.name = "search", spec.strategy.kind = "sweep";
  VariableSpec rate, decay, kind, width, dropout;
  rate.key = "optimizer.learning_rate", rate.range = {1e-5, 1e-1}, rate.scale = "log";
  decay.key = long_names ? "augment.standard_deviation_of_the_control_points_of_elastic_deformation" : "optimizer.weight_decay", decay.range = {0, 0.1};
  kind.key = "model.kind", kind.values = parse_json(R"(["unet","deepmedic","msd"])", "t");
  kind.labels = {"U-Net", "DeepMedic", "MS-D"};
  if (long_names) kind.labels = {"U-Net, residual, deeply supervised, 5 levels", "DeepMedic with three pathways (19, 35, 67)", "Mixed-scale dense, 100 layers"};
  width.key = "model.width", width.range = {4, 64}, width.scale = "integer";
  dropout.key = "model.dropout", dropout.values = parse_json("[0.0,0.1,0.2,0.5]", "t");
  spec.variable = {rate, decay, kind, width, dropout};
  Made result;
  result.record.name = text("search of ", trials), result.record.spec = spec_to_value(spec);
  Random random(2, "search");
  for (int i = 1; i <= trials; ++i) {
    TrialRecord trial;
    trial.number = i, trial.state = TrialState::complete, trial.attempts = 1;
    trial.settings = Value::table(), trial.design = parse_json(R"({"left_out":"","test_name":"","repeat":0,"seed":1})", "t");
    double exponent = random.uniform(-5, -1);
    size_t network = size_t(random.below(3));
    int64_t units = 4 + random.below(61);
    trial.settings[rate.key] = std::pow(10, exponent), trial.settings[decay.key] = random.uniform(0, 0.1), trial.settings[kind.key] = kind.values.as_list()[network];
    trial.settings[width.key] = units, trial.settings[dropout.key] = dropout.values.as_list()[size_t(random.below(4))];
    trial.metrics = Value::table(), trial.timing = Value::table();
    trial.metrics["dice"] = 0.5 - 0.06 * std::pow(exponent + 2.7, 2) - 0.03 * double(network) + 0.06 * std::log(double(units)) + 0.01 * random.normal();
    if (i % 13 == 5) trial.state = TrialState::failed, trial.metrics = Value(), trial.reason = "out of memory";
    result.trials.push_back(std::move(trial));
  }
  return result;
}

inline std::vector<Curve> made_curves(const std::vector<TrialRecord>& trials) {
  std::vector<Curve> curves;
  Random random(4, "curves");
  for (const auto& trial : trials) {
    Curve loss{trial.number, "loss", {}, {}}, dice{trial.number, "validation_dice", {}, {}};
    for (int step = 5; step <= 300; step += 5) loss.steps.push_back(step), loss.values.push_back(std::exp(-0.01 * step) + 0.03 * random.normal());
    for (int step = 50; step <= 300; step += 50) dice.steps.push_back(step), dice.values.push_back(0.7 - 0.5 * std::exp(-0.01 * step) + 0.02 * random.normal());
    curves.push_back(std::move(loss)), curves.push_back(std::move(dice));
  }
  return curves;
}

// Workers that take the trials in order and die with the given chance in an attempt; a night lies in the middle.
inline std::vector<StoreEvent> work_on(const std::vector<TrialRecord>& trials, size_t workers, double kills) {
  Random random(3, "work");
  std::vector<StoreEvent> events;
  std::vector<double> free(workers, 1000);
  std::vector<int> life(workers, 1);
  std::vector<int64_t> attempts(trials.size());
  bool night = false;
  for (size_t i = 0; i < trials.size();) {
    size_t w = size_t(std::min_element(free.begin(), free.end()) - free.begin());
    int64_t number = trials[i].number, attempt = ++attempts[i];
    double length = random.uniform(30000, 90000), end = free[w] + length;
    events.push_back({0, int64_t(free[w]), "claimed", number, attempt, text("node7-4711-1a2b3c-", w, "-", life[w])});
    double chance = random.uniform();
    const char* ended = chance < kills ? "lost" : chance < kills + 0.03 ? "failed" : chance < kills + 0.05 ? "preempted" : "complete";
    if (std::string(ended) != "complete") end = free[w] + length * random.uniform();
    else ++i;
    if (std::string(ended) == "lost") ++life[w];
    events.push_back({0, int64_t(end), ended, number, attempt, ""});
    free[w] = end + 500;
    if (night || i < trials.size() / 2) continue;
    night = true;
    double last = *std::max_element(free.begin(), free.end());
    events.push_back({0, int64_t(last), "stop", 0, 0, ""}), events.push_back({0, int64_t(last + 8.64e7), "resume", 0, 0, ""});
    for (double& f : free) f = last + 8.64e7;
  }
  std::stable_sort(events.begin(), events.end(), [](const StoreEvent& a, const StoreEvent& b) { return a.at < b.at; });
  for (size_t i = 0; i < events.size(); ++i) events[i].id = int64_t(i) + 1;
  return events;
}

}  // namespace tomograd
