#include "cluster/slurm_overview.h"

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t most_output_bytes = int64_t{16} << 20;

template <class Record>
SlurmListing<Record> read_listing(const Command& command, const CommandAnswer& answer, SlurmListing<Record> (*parse)(const std::string&), SlurmOverview& overview) {
  const std::string name = "'" + command.argv[0] + "'";
  if (!answer.ok()) {
    overview.troubles.push_back(describe(command, answer));
    return {};
  }
  // The last line may have been cut in the middle.
  SlurmListing<Record> listing = parse(answer.cut ? answer.out.substr(0, answer.out.rfind('\n') + 1) : answer.out);
  if (answer.cut) overview.troubles.push_back(text(name, " printed more than ", command.output_limit, " bytes; the rest is left out"));
  if (listing.strange > 0) overview.troubles.push_back(text(listing.strange, listing.strange == 1 ? " line of " : " lines of ", name, " could not be read and ", listing.strange == 1 ? "is" : "are", " left out"));
  return listing;
}

}  // namespace

SlurmOverview look_at_slurm(const SlurmTools& tools, double seconds, const std::stop_token& stop) {
  auto command = [&](const std::vector<std::string>& tool, const std::vector<std::string>& arguments) {
    Command result = slurm_command(tools, tool, arguments, seconds);
    result.output_limit = most_output_bytes, result.stop = stop;
    return result;
  };
  SlurmOverview overview;
  const Command sinfo = command(tools.sinfo, {"--noheader", "--exact", text("--format=", partition_format)});
  const CommandAnswer offered = run_command(sinfo);
  overview.installed = offered.found;
  if (!offered.found) {
    overview.troubles.push_back(text("Slurm is not installed on this host: there is no '", tools.sinfo.at(0), "' on the PATH"));
    return overview;
  }
  overview.partitions = read_listing(sinfo, offered, parse_partitions, overview).records;
  if (stop.stop_requested()) return overview;

  const Command squeue = command(tools.squeue, {"--noheader", "--me", text("--format=", queued_format)});
  const CommandAnswer waiting = run_command(squeue);
  overview.queue_known = waiting.ok();
  overview.queue = read_listing(squeue, waiting, parse_queued, overview).records;
  if (overview.queue.size() > most_queued) overview.more_queued = int64_t(overview.queue.size() - most_queued), overview.queue.resize(most_queued);
  if (overview.partitions.empty() || stop.stop_requested()) return overview;

  const Command nodes = command(tools.scontrol, {"--oneliner", "show", "node"});
  add_memory(overview.partitions, read_listing(nodes, run_command(nodes), parse_nodes, overview).records);
  return overview;
}

}  // namespace tomograd
