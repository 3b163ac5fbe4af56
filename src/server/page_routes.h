// What the routes of the page share, and one function per file of routes. Private to this room.
#pragma once

#include <mutex>

#include "report/report_data.h"
#include "server/cluster_watch.h"
#include "server/event_feed.h"
#include "server/experiment_shelf.h"
#include "server/page_server.h"
#include "server/program_runs.h"
#include "server/route_table.h"
#include "server/served_data.h"
#include "server/served_roots.h"
#include "server/volume_shelf.h"

namespace tomograd {

DecoderOptions decoder_options(const PageOptions& given);

struct PageParts {
  PageParts(const PageOptions& given, Clock& its_clock)
      : options(given), clock(its_clock), roots(given.folders), experiments(roots, clock, given.read_only), runs(given.program, clock), data(roots, clock), volumes(roots, clock, decoder_options(given)), cluster(given.slurm, given.slurm_seconds, clock), feed(*this) {}

  const PageOptions options;
  Clock& clock;
  ServedRoots roots;
  ExperimentShelf experiments;
  ProgramRuns runs;
  ServedData data;
  VolumeShelf volumes;
  ClusterWatch cluster;
  EventFeed feed;
};

// Thrown by handlers: nothing under this id, number or name.
struct NotThere {
  std::string what;
};

void add_experiment_routes(RouteTable& table, PageParts& parts);
void add_report_routes(RouteTable& table, PageParts& parts);
void add_action_routes(RouteTable& table, PageParts& parts);
void add_cluster_routes(RouteTable& table, PageParts& parts);
void add_model_routes(RouteTable& table);
void add_data_routes(RouteTable& table, PageParts& parts);
void add_volume_routes(RouteTable& table, PageParts& parts);
void add_server_routes(RouteTable& table, PageParts& parts);
void add_experiment_shapes(RouteTable& table);   // once their routes are there

// A file of the page; status 404 where there is none. path: decoded parts.
ServerAnswer page_file(const PageOptions& options, const std::vector<std::string>& path, const ServerRequest& request);

std::shared_ptr<ServedExperiment> experiment_of(PageParts& parts, const Call& call);   // {id}; NotThere
ReportData whole_report(PageParts& parts, const ServedExperiment& experiment, const ExperimentView& view);   // as `tomograd experiment report` makes it
// With an ETag, and 304 where the client has this version.
ServerAnswer versioned(const Call& call, const std::string& version, const std::function<std::string()>& body, const std::string& type = "application/json");
std::string gzip_text(const std::string& content);

}  // namespace tomograd
