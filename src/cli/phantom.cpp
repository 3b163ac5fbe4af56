// tomograd phantom: cohorts with a known truth.
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/phantom_verbs.h"
#include "dataset/phantom.h"

namespace tomograd {
namespace {

struct HeadNeckArguments {
  std::string directory, importance;
  HeadNeckOptions phantom;
  std::vector<int64_t> size;
  bool null = false;
  int threads = 0;
};

Extent extent_of(const std::vector<int64_t>& size) {
  if (size.size() != 3) fail_usage(text("--size has ", size.size(), " numbers; expected Z,Y,X"));
  return {size[0], size[1], size[2]};
}

void make_cohort(const Output& output, HeadNeckArguments& options) {
  HeadNeckOptions& phantom = options.phantom;
  if (!options.size.empty()) phantom.size = extent_of(options.size);
  if (options.null && !options.importance.empty()) fail_usage("--null and --importance exclude each other: --null gives all modalities the same share");
  if (options.null) phantom.importance = equal_importance();
  if (!options.importance.empty()) phantom.importance = parse_importance(options.importance);
  ThreadPool pool(options.threads > 0 ? options.threads : available_threads());
  Talk talk = output.talk();
  double began = system_clock().monotonic_seconds();
  Value truth = write_head_neck_cohort(system_env(), phantom, options.directory, pool, [&](int64_t done, int64_t of) {
    double spent = system_clock().monotonic_seconds() - began;
    if (talk.progress) talk.progress(double(done) / double(of), spent / double(done) * double(of - done), "phantom");
  });
  int64_t scans = phantom.patients * phantom.scans;
  output.line(text(options.directory, ": ", scans, " scans of ", phantom.patients, " patients, 7 modalities of about ", to_string(phantom.size), " voxels (",
                   bytes_text(7 * 4 * phantom.size.voxels()), " per scan, normalised)"));
  output.line("modality  share of lesion volume  Dice an ideal observer loses without it");
  for (const auto& name : truth.at("planted_order").as_list()) {
    const std::string& modality = name.as_text();
    char row[100];
    std::snprintf(row, sizeof row, "%-8s  %21.1f %%  %38.3f", modality.c_str(), 100 * truth.at("planted_shares").at(modality).as_number(),
                  truth.at("ideal_dice_loss").at(modality).as_number());
    output.line(row);
  }
  output.line(text("Truth: ", join_path(options.directory, "phantom.json")));
  output.line(text("Next: tomograd import ", options.directory, " --filter normalization --label-name 1=GTV-T --label-name 2=GTV-Ln --out dataset.json"));
  Value result = truth;
  result["directory"] = options.directory;
  auto& table = result.as_table();
  std::erase_if(table, [](const auto& entry) { return entry.first == "format"; });
  output.result("phantom", std::move(result));
}

}  // namespace

void add_phantom(Program& program) {
  CLI::App* verb = program.app.add_subcommand("phantom", "make synthetic scans whose truth is known");
  auto options = std::make_shared<HeadNeckArguments>();
  CLI::App* cohort = verb->add_subcommand("head-neck", "7-modality MRI of the head and neck, with lesions each of which only one modality shows");
  cohort->add_option("DIR", options->directory, "folder to write; must be new or empty")->required();
  cohort->add_option("--patients", options->phantom.patients, "patients")->capture_default_str();
  cohort->add_option("--scans", options->phantom.scans, "scan events per patient; lesions shrink from one to the next")->capture_default_str();
  cohort->add_option("--size", options->size, "voxels of the first patient, Z,Y,X [30,200,200]; others differ by some")->delimiter(',');
  cohort->add_option("--seed", options->phantom.seed, "seed of everything random")->capture_default_str();
  cohort->add_option("--noise", options->phantom.noise, "noise and partial volume, as a multiple of the usual, 0 to 2; near 0 a network can come near the ideal observer")->check(CLI::Range(0.0, 2.0))->capture_default_str();
  auto* importance = cohort->add_option("--importance", options->importance,
                                        "name=weight,...: share of the lesion volume that only this modality shows; not named = 0 "
                                        "[T2star=64,T1ce=32,T2w=16,ktrans=8,T1w=4,ve=2,ADC=1]");
  cohort->add_flag("--null", options->null, "all modalities carry the same share: what a study must not find differences in")->excludes(importance);
  cohort->add_option("--threads", options->threads, "threads; 0 = all the machine has")->capture_default_str();
  cohort->callback([&program, options] { program.action = [&program, options] { make_cohort(program.output, *options); }; });
  add_phantom_cells(program, *verb);
  auto rest = std::make_shared<std::vector<std::string>>();
  verb->add_option("KIND", *rest)->group("");    // a kind that is not there gets one clear sentence
  verb->callback([&program, verb, rest] {
    if (!verb->get_subcommands().empty()) return;
    program.action = [rest] {
      fail_usage(rest->empty() ? std::string("which phantom?") : text("this version makes no phantom \"", rest->front(), "\""), "tomograd phantom head-neck DIR makes an MRI cohort, tomograd phantom cells FILE a microscopy volume");
    };
  });
}

}  // namespace tomograd
