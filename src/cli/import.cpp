// tomograd import: a tree or list of scans becomes dataset.json.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "base/clock.h"
#include "base/error.h"
#include "base/parallel.h"
#include "cli/verb.h"
#include "dataset/check.h"
#include "dataset/import.h"
#include "dataset/printable.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct ImportArguments {
  std::string source, out = "dataset.json";
  ImportOptions import;
  bool check = false;
  int threads = 0;
};

// dataset.json, ".patients.json" -> dataset.patients.json
std::string beside(const std::string& out, const std::string& ending) {
  size_t dot = out.size() > 5 && out.compare(out.size() - 5, 5, ".json") == 0 ? out.size() - 5 : out.size();
  return out.substr(0, dot) + ending;
}

std::vector<std::pair<std::string, std::string>> read_key(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> names;
  if (system_env().kind(path) == FileKind::missing) return names;
  return with_context("reading '" + path + "'", [&] {
    Value json = parse_json(read_text(system_env(), path), file_name(path));
    if (json.at("format").as_text() != "tomograd.pseudonyms/1")
      fail_input("format is '" + printable(json.at("format").as_text()) + "', expected 'tomograd.pseudonyms/1'");
    for (const auto& [pseudonym, patient] : json.at("patients").as_table()) names.emplace_back(pseudonym, patient.as_text());
    return names;
  });
}

// Nobody else may read it, at no moment: the mask is set before the file exists. (One thread runs here.)
void write_key(const std::string& path, const std::vector<std::pair<std::string, std::string>>& names) {
  Value json = Value::table();
  json["format"] = "tomograd.pseudonyms/1";
  Value& patients = json["patients"];
  patients = Value::table();
  for (const auto& [pseudonym, patient] : names) patients[pseudonym] = patient;
  mode_t before = ::umask(0177);
  try {
    publish_text(system_env(), path, to_json(json) + "\n");
  } catch (...) {
    ::umask(before);
    throw;
  }
  ::umask(before);
}

Value json_of(const CaseFacts& facts) {
  Value object = Value::table();
  object["id"] = facts.id;
  Value& images = object["images"];
  images = Value::table();
  for (const auto& [modality, image] : facts.images) {
    Value& one = images[modality];
    one["voxels"] = image.voxels, one["not_finite"] = image.not_finite;
    one["smallest"] = image.smallest, one["largest"] = image.largest, one["mean"] = image.mean, one["deviation"] = image.deviation;
  }
  Value& labels = object["labels"];
  labels = Value::table();
  for (const auto& [value, voxels] : facts.label_voxels) {
    Value& one = labels[std::to_string(value)];
    one["voxels"] = voxels, one["millilitres"] = double(voxels) * facts.voxel_ml;
  }
  object["roi_voxels"] = facts.roi_voxels;
  object["problems"] = Value::list_of(facts.problems);
  return object;
}

void show_facts(const Output& output, const Dataset& dataset, const std::vector<CaseFacts>& checked) {
  size_t problems = 0;
  for (const auto& facts : checked) {
    std::string volumes;
    for (const auto& [name, values] : dataset.labels) {
      int64_t voxels = 0;
      for (int64_t value : values)
        if (auto found = facts.label_voxels.find(value); found != facts.label_voxels.end()) voxels += found->second;
      char volume[64];
      std::snprintf(volume, sizeof volume, " %.2f ml", double(voxels) * facts.voxel_ml);
      volumes += (volumes.empty() ? "" : ", ") + printable(name) + volume;
    }
    output.line("  " + facts.id + ": " + (volumes.empty() ? "no labels" : volumes));
    for (const auto& problem : facts.problems) output.line("    problem: " + problem);
    problems += facts.problems.size();
  }
  output.line(problems == 0 ? "Every voxel was read; nothing is odd." : text("Every voxel was read; ", problems, " problems."));
}

void run(const Output& output, ImportArguments options) {
  ThreadPool pool(options.threads > 0 ? options.threads : available_threads());
  std::string key = beside(options.out, ".patients.json");
  if (options.import.pseudonyms) options.import.known_pseudonyms = read_key(key);
  options.import.dicom_folder = beside(options.out, "-nifti");
  Imported imported = import_dataset(system_env(), options.source, options.import, pool);
  Dataset& dataset = imported.dataset;

  std::vector<CaseFacts> checked;
  if (options.check) {
    Talk talk = output.talk();
    std::mutex one_at_a_time;
    double began = system_clock().monotonic_seconds();
    checked = check_dataset(system_env(), dataset, pool, [&](int64_t done) {
      std::lock_guard lock(one_at_a_time);
      double spent = system_clock().monotonic_seconds() - began, left = spent / double(done) * double(dataset.cases.size() - size_t(done));
      if (talk.progress) talk.progress(double(done) / double(dataset.cases.size()), left, "reading every voxel");
    });
    for (size_t i = 0; i < checked.size(); ++i)
      for (const auto& problem : checked[i].problems)
        if (auto& warnings = dataset.cases[i].warnings; std::find(warnings.begin(), warnings.end(), problem) == warnings.end())
          warnings.push_back(problem);
  }
  if (std::string folder = parent_path(options.out); system_env().kind(folder) == FileKind::missing) system_env().make_directories(folder);
  if (options.import.pseudonyms) write_key(key, imported.pseudonyms);
  write_dataset(system_env(), dataset, options.out);

  std::string modalities, labels;
  for (const auto& modality : dataset.modalities) modalities += (modalities.empty() ? "" : " ") + printable(modality);
  for (const auto& [name, values] : dataset.labels) labels += (labels.empty() ? "" : " ") + printable(name);
  auto rois = std::count_if(dataset.cases.begin(), dataset.cases.end(), [](const Case& item) { return !item.roi.empty(); });
  size_t warnings = 0;
  for (const auto& item : dataset.cases) warnings += item.warnings.size();
  output.line(text(options.out, ": ", dataset.cases.size(), " cases of ", dataset.patients().size(), " patients (layout: ", imported.layout, ")"));
  output.line("  modalities: " + modalities);
  output.line("  labels: " + (labels.empty() ? "none" : labels));
  output.line(text("  ROI: ", rois == 0 ? "none" : rois == int64_t(dataset.cases.size()) ? "all cases" : text(rois, " cases")));
  for (const auto& note : imported.notes) output.line("  note: " + note);
  if (options.check) show_facts(output, dataset, checked);
  if (warnings > 0) {
    output.line(text(warnings, " warnings:"));
    size_t shown = 0;
    for (const auto& item : dataset.cases)
      for (const auto& warning : item.warnings)
        if (shown++ < 10) output.line("  " + item.id + ": " + warning);
    if (shown > 10) output.line(text("  and ", shown - 10, " more; tomograd info ", options.out, " lists them"));
  }
  if (options.import.pseudonyms) output.line("Names of patients: " + key + " (keep it private)");
  else output.line("Patients keep the names that the source gives them, and runs, tables and charts show these; --pseudonyms writes P001, P002, ... instead.");

  Value result = Value::table();
  result["dataset"] = options.out, result["layout"] = imported.layout;
  result["cases"] = int64_t(dataset.cases.size()), result["patients"] = int64_t(dataset.patients().size());
  result["modalities"] = Value::list_of(dataset.modalities);
  Value& label_table = result["labels"];
  label_table = Value::table();
  for (const auto& [name, values] : dataset.labels) {
    Value::List list;
    for (int64_t value : values) list.emplace_back(value);
    label_table[name] = std::move(list);
  }
  result["roi_cases"] = int64_t(rois), result["warnings"] = int64_t(warnings);
  result["notes"] = Value::list_of(imported.notes);
  if (options.import.pseudonyms) result["pseudonyms"] = key;
  if (options.check) {
    Value::List list;
    for (const auto& facts : checked) list.push_back(json_of(facts));
    result["check"] = std::move(list);
  }
  output.result("import", std::move(result));
}

}  // namespace

void add_import(Program& program) {
  auto options = std::make_shared<ImportArguments>();
  CLI::App* verb = program.app.add_subcommand("import", "index a tree or list of scans: which file is which modality of which patient");
  ImportOptions& import = options->import;
  verb->add_option("source", options->source, "folder of patients, BIDS, nnU-Net, Decathlon or DICOM; or a list (.json, .csv, .cfg)")->required();
  verb->add_option("--out", options->out, "dataset file to write")->capture_default_str();
  verb->add_option("--layout", import.layout, "how the source is laid out; auto finds out")
      ->check(CLI::IsMember(import_layouts()))
      ->capture_default_str();
  verb->add_option("--filter", import.filter, "images: only files whose path contains this text");
  verb->add_option("--label", import.label, "names of label maps: text, or a glob, alternatives with |; none = there are none");
  verb->add_option("--roi", import.roi, "names of regions of interest, in the same way");
  verb->add_option("--modality", import.modalities, "NAME=PATTERN, once per modality, where names do not tell");
  verb->add_option("--pattern", import.patterns,
                   "path below the source with fields, such as '{patient}/{scan}/{modality}'; {label:seg} and {roi:mask} mark those");
  verb->add_option("--label-name", import.label_names, "VALUE=NAME, once per label value");
  verb->add_flag("--check", options->check, "read every voxel: finite? labels known? volumes per label");
  verb->add_flag("--pseudonyms", import.pseudonyms, "P001, P002, ... instead of names, which go to a private file beside --out");
  verb->add_option("--threads", options->threads, "threads; 0 = all the machine has")->check(CLI::Range(0, 1024))->capture_default_str();
  verb->callback([&program, options] { program.action = [&program, options] { run(program.output, *options); }; });
}

}  // namespace tomograd
