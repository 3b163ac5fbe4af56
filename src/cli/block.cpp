// tomograd block: a volume of any size into a block store, and questions to the counts beside its labels.
#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "cli/verb.h"
#include "dataset/printable.h"
#include "spec/extent_value.h"
#include "volume/block_store.h"
#include "volume/block_store_counts.h"

namespace tomograd {
namespace {

struct BlockArguments {
  std::string source, store, layout = "shard", codec = "zstd", label, mask, where;
  std::vector<int64_t> block{64, 64, 64};
  int level = -1000, threads = 0;
  int64_t resolutions = 0, shard_bytes = int64_t{1} << 30;
};

std::vector<ZarrCodec> codecs_of(const BlockArguments& options) {
  if (options.codec == "raw") {
    if (options.level != -1000) fail_usage("--codec raw has no --level");
    return {};
  }
  ZarrCodec codec;
  struct Range { const char* name; ZarrCodec::Kind kind; int least, most, usual; };
  for (Range range : {Range{"zstd", ZarrCodec::Kind::zstd, 1, 19, 1}, Range{"blosc", ZarrCodec::Kind::blosc, 0, 9, 3}, Range{"gzip", ZarrCodec::Kind::gzip, 0, 9, 5}}) {
    if (options.codec != range.name) continue;
    codec.kind = range.kind;
    codec.level = options.level == -1000 ? range.usual : options.level;
    if (codec.level < range.least || codec.level > range.most) fail_usage(text("--level is ", options.level, "; ", range.name, " has ", range.least, " to ", range.most));
  }
  return {codec};
}


void make_store(const Output& output, const BlockArguments& options) {
  if (options.source.empty() || options.store.empty()) fail_usage("which volume, and to where?", "tomograd block VOLUME STORE, or tomograd block select STORE --where 'label1 >= 5 %'");
  if (options.block.size() != 3) fail_usage(text("--block has ", options.block.size(), " numbers; expected Z,Y,X"));
  BlockStoreOptions store;
  store.block = {options.block[0], options.block[1], options.block[2]};
  store.shards = options.layout == "shard";
  store.shard_bytes = options.shard_bytes;
  store.codecs = codecs_of(options);
  store.levels = options.resolutions;
  auto image = open_slabs(system_env(), options.source);
  std::vector<std::unique_ptr<SlabSource>> opened;
  std::vector<NamedSlabs> labels;
  for (auto [name, path] : {std::pair{"label", &options.label}, {"mask", &options.mask}})
    if (!path->empty()) opened.push_back(open_slabs(system_env(), *path)), labels.emplace_back(name, opened.back().get());
  ThreadPool pool(options.threads > 0 ? options.threads : available_threads());
  int64_t predicted = block_store_memory(*image, labels, store, pool.threads());

  Talk talk = output.talk();
  double began = system_clock().monotonic_seconds();
  BlockStoreReport report = write_block_store(system_env(), *image, labels, options.store, store, pool, [&](double share) {
    double spent = system_clock().monotonic_seconds() - began;
    if (talk.progress) talk.progress(share, spent / share * (1 - share), "block");
  });
  double seconds = system_clock().monotonic_seconds() - began;

  Extent size = report.levels[0];
  std::string sizes;
  for (Extent level : report.levels) sizes += (sizes.empty() ? "" : ", ") + to_string(level);
  output.line(text(printable(options.store), ": ", to_string(size), report.channels > 1 ? text(" x ", report.channels, " channels") : "", " of ", voxel_type_name(image->type()), ", ",
                   report.blocks, " blocks of ", to_string(store.block), store.shards ? text(" in shards of ", to_string(report.shard)) : std::string(", a file each")));
  output.line(text("  resolutions  ", sizes));
  output.line(text("  bytes        ", bytes_text(report.voxel_bytes), " -> ", bytes_text(report.stored_bytes), " with all resolutions"));
  output.line(text("  memory       at most ", bytes_text(counted_peak_bytes()), " of buffers (", bytes_text(predicted), " foreseen), ", bytes_text(process_peak_bytes()), " of the process"));
  for (const auto& warning : report.warnings) output.line("  warning: " + printable(warning));
  if (!labels.empty()) output.line(text("Next: tomograd block select ", printable(options.store), " --where '", labels[0].first, "1 >= 5 %'"));

  Value result = Value::table();
  result["store"] = options.store, result["source"] = options.source;
  result["shape_zyx"] = extent_value(size), result["channels"] = report.channels, result["voxel_type"] = voxel_type_name(image->type());
  result["block_zyx"] = extent_value(store.block), result["shard_zyx"] = extent_value(report.shard), result["layout"] = options.layout, result["codec"] = options.codec;
  result["blocks"] = report.blocks;
  Value::List levels;
  for (Extent level : report.levels) levels.push_back(extent_value(level));
  result["levels_zyx"] = std::move(levels);
  std::vector<std::string> names, warnings;
  for (const auto& [name, source] : labels) names.push_back(name);
  for (const auto& warning : report.warnings) warnings.push_back(printable(warning));
  result["labels"] = Value::list_of(names);
  result["decoded_bytes"] = report.voxel_bytes, result["stored_bytes"] = report.stored_bytes;
  result["predicted_peak_bytes"] = predicted, result["buffers_peak_bytes"] = counted_peak_bytes(), result["process_peak_bytes"] = process_peak_bytes();
  result["duration_seconds"] = seconds;
  result["warnings"] = Value::list_of(warnings);
  output.result("block", std::move(result));
}

void select(const Output& output, const BlockArguments& options) {
  std::vector<Extent> blocks = select_blocks(system_env(), options.store, options.where);
  Value::List list;
  for (Extent block : blocks) {
    output.line(text(block.z, ",", block.y, ",", block.x));
    list.push_back(extent_value(block));
  }
  Value result = Value::table();
  result["store"] = options.store, result["where"] = options.where, result["count"] = int64_t(blocks.size()), result["blocks_zyx"] = std::move(list);
  output.result("block-select", std::move(result));
}

}  // namespace

void add_block(Program& program) {
  CLI::App* verb = program.app.add_subcommand("block", "convert a volume to a block store, or select blocks of one by their labels");
  auto options = std::make_shared<BlockArguments>();
  verb->add_option("SRC", options->source, "NIfTI file, TIFF stack or Zarr folder");
  verb->add_option("DST", options->store, "folder to make: an OME-Zarr 0.5 group");
  verb->add_option("--block", options->block, "voxels of a block, Z,Y,X")->delimiter(',')->default_str("64,64,64");
  verb->add_option("--layout", options->layout, "shard: few large files; files: one per block")->check(CLI::IsMember({"shard", "files"}))->capture_default_str();
  verb->add_option_function<std::string>("--shard-bytes", [options](const std::string& raw) { options->shard_bytes = parse_bytes(raw); }, "most decoded bytes of a shard [1GiB]");
  verb->add_option("--codec", options->codec, "compression of the blocks")->check(CLI::IsMember({"zstd", "blosc", "gzip", "raw"}))->capture_default_str();
  verb->add_option("--level", options->level, "its strength: zstd 1 to 19 [1], blosc 0 to 9 [3], gzip 0 to 9 [5]")->default_str("");
  verb->add_option("--resolutions", options->resolutions, "levels of the pyramid; 0 = until one fits into a block")->check(CLI::Range(0, 20))->capture_default_str();
  verb->add_option("--label", options->label, "label volume stored beside the image, with counts per block");
  verb->add_option("--mask", options->mask, "mask stored in the same way");
  verb->add_option("--threads", options->threads, "threads; 0 = all the machine has")->check(CLI::Range(0, 1024))->capture_default_str();
  CLI::App* chooser = verb->add_subcommand("select", "print the indices z,y,x of the blocks for which a condition on label counts holds");
  chooser->add_option("STORE", options->store, "block store made with --label or --mask")->required();
  chooser->add_option("--where", options->where, "such as 'label1 >= 5 % and mask > 0'; without % voxels are counted")->required();
  chooser->callback([&program, options] { program.action = [&program, options] { select(program.output, *options); }; });
  verb->callback([&program, verb, options] {
    if (!verb->get_subcommands().empty()) return;
    program.action = [&program, options] { make_store(program.output, *options); };
  });
}

}  // namespace tomograd
