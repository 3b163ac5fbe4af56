// tomograd phantom cells: a fluorescence volume of known nuclei, its truth, and labelled cubes to train on.
#include "dataset/phantom_cells.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/phantom_verbs.h"

namespace tomograd {
namespace {

struct CellsArguments {
  std::string path, compression = "none";
  CellsOptions phantom;
  std::vector<int64_t> size;
  std::vector<double> spacing;
  int threads = 0;
};

void make_volume(const Output& output, CellsArguments& options) {
  CellsOptions& phantom = options.phantom;
  if (!options.size.empty()) {
    if (options.size.size() != 3) fail_usage(text("--size has ", options.size.size(), " numbers; expected Z,Y,X"));
    phantom.size = {options.size[0], options.size[1], options.size[2]};
  }
  if (!options.spacing.empty()) {
    if (options.spacing.size() != 3) fail_usage(text("--spacing has ", options.spacing.size(), " numbers; expected Z,Y,X in um"));
    phantom.spacing = {options.spacing[0], options.spacing[1], options.spacing[2]};
  }
  phantom.compression = parse_tiff_compression(options.compression);
  ThreadPool pool(options.threads > 0 ? options.threads : available_threads());
  Talk talk = output.talk();
  double began = system_clock().monotonic_seconds();
  Value result = write_cells_phantom(system_env(), phantom, options.path, pool, [&](int64_t done, int64_t of) {
    double spent = system_clock().monotonic_seconds() - began;
    if (talk.progress) talk.progress(double(done) / double(of), spent / double(done) * double(of - done), "phantom");
  });
  output.line(text(options.path, ": ", to_string(phantom.size), " voxels of uint16 (", bytes_text(2 * phantom.size.voxels()), "), ", phantom.cells,
      " cells"));
  output.line(text("Truth: ", result.at("list").as_text(), " (centroids), ", result.at("labels").as_text(), " (instances), ",
      result.at("centroids").as_text(), " (voxel map)"));
  const auto& cubes = result.at("cubes").as_list();
  if (!cubes.empty()) {
    int64_t cells = 0;
    for (const auto& cube : cubes) cells += cube.at("cells").as_integer();
    output.line(text("Training: ", result.at("dataset").as_text(), ", ", cubes.size(), " cubes of ", phantom.cube, "^3 voxels with ", cells,
        " cells"));
  }
  output.line(text("Next: tomograd block ", options.path, " ", options.path.substr(0, options.path.rfind('.')), ".zarr"));
  output.result("phantom_cells", std::move(result));
}

}  // namespace

void add_phantom_cells(Program& program, CLI::App& phantom) {
  auto options = std::make_shared<CellsArguments>();
  CLI::App* verb = phantom.add_subcommand("cells", "a fluorescence microscopy volume of nuclei whose places are known");
  CellsOptions& cells = options->phantom;
  verb->add_option("FILE", options->path, "TIFF to write; truth and training cubes are written beside it under its stem")->required();
  verb->add_option("--size", options->size, "voxels, Z,Y,X [300,300,300]")->delimiter(',');
  verb->add_option("--cells", cells.cells, "nuclei")->capture_default_str();
  verb->add_option("--seed", cells.seed, "seed of everything random")->capture_default_str();
  verb->add_option("--spacing", options->spacing, "micrometres from voxel to voxel, Z,Y,X [1,1,1]")->delimiter(',');
  verb->add_option("--touching", cells.touching, "share of nuclei that touch another")->capture_default_str();
  verb->add_option("--cubes", cells.cubes, "labelled cubes for training; 0 = none")->capture_default_str();
  verb->add_option("--cube", cells.cube, "side of the cubes in voxels")->capture_default_str();
  verb->add_option("--classes", cells.classes, "of the cubes' labels: 2 = background and core of the nucleus, 3 = its rim too")->capture_default_str();
  verb->add_option("--compression", options->compression, "of the image: none, deflate, lzw, packbits, lzma, zstd")->capture_default_str();
  verb->add_option("--threads", options->threads, "threads; 0 = all the machine has")->capture_default_str();
  verb->callback([&program, options] { program.action = [&program, options] { make_volume(program.output, *options); }; });
}

}  // namespace tomograd
