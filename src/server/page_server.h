// `tomograd serve`: the page, its data and what it may change, on a loopback port or a Unix socket (docs/api.md). This is where the parts
// meet: guard (who may ask), routes (what there is), roots (which files), shelf (which experiments), runs (what was started).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/slurm.h"
#include "server/http_listener.h"

namespace tomograd {

struct RequestNote {                             // for logs: nothing of what was asked for but its kind
  std::string method, route;                     // the template, "/api/experiments/{id}"; "" = none
  int status = 0;
  double seconds = 0;
};

struct PageOptions {
  std::vector<std::string> folders;              // at least one
  bool read_only = false;
  std::string page;                              // folder of the page's files; "" = there are none
  std::string catalogue;                         // instances.toml of `plan`; "" = its own
  std::string program;                           // tomograd itself
  std::vector<std::string> decoder = {};         // command of the process that decodes volumes (decode_worker.h); empty = program's decode-worker
  int64_t decoder_memory_bytes = int64_t{2} << 30;  // for voxels in it
  std::string version;
  int port = 0;
  std::string socket = {};
  std::function<void(const std::string& link)> on_new_link = {};
  std::function<void(const RequestNote&)> on_request = {};
  // Limits, which tests make small.
  double request_seconds = 60;
  int64_t most_body_bytes = int64_t{4} << 20;
  double event_seconds = 1;
  double decode_seconds = 120;                   // for one question about a volume
  SlurmTools slurm = {};                         // what tells of a cluster
  double slurm_seconds = 5;                      // for one of its commands
};

class RouteTable;

class PageServer {
 public:
  PageServer(const PageOptions& options, Clock& clock);  // listens; Error(usage | input | failure) says why not
  ~PageServer();
  int port() const;
  std::string link() const;                      // that works once, "http://127.0.0.1:PORT/?token=..."
  std::string token() const;                     // for programs
  const RouteTable& routes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The routes of a server, without one: for docs/openapi.json.
std::string page_openapi(const std::string& version);

}  // namespace tomograd
