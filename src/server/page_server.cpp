#include "server/page_server.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "server/memory_file.h"
#include "server/page_guard.h"
#include "server/page_routes.h"
#include "spec/text_formats.h"
#include "volume/gzip.h"

namespace tomograd {
namespace {

constexpr double unused_seconds = 45;            // after which large things are given back
constexpr size_t least_packed_bytes = 4096;

constexpr const char* server_shapes = R"(
Zyx = [integer, integer, integer]
ErrorFacts { kind: 'input' | 'usage' | 'conflict' | 'stopped' | 'budget' | 'failure' | 'access' | 'missing', message: text, context: text[], hint: text }
ErrorAnswer { error: ErrorFacts }
ServerFacts { format: 'tomograd.server/1', version: text, read_only: boolean, cores: integer, gpus: integer, memory_bytes: integer, now_unix_milliseconds: integer,
  roots: { root: integer, name: text }[], page: boolean }
OpenApi = object
)";

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 400;
    case ErrorKind::input: return 422;
    case ErrorKind::conflict: return 409;
    case ErrorKind::stopped: return 409;
    case ErrorKind::budget: return 413;
    case ErrorKind::failure: return 500;
  }
  return 500;
}

// GPUs that a driver knows of, without loading one.
int64_t gpu_count() {
  Env& env = local_env();
  const char* folder = "/proc/driver/nvidia/gpus";
  return env.kind(folder) == FileKind::directory ? int64_t(env.list(folder).size()) : 0;
}

Value server_value(const PageParts& parts) {
  Value v = Value::table();
  v["format"] = "tomograd.server/1", v["version"] = parts.options.version, v["read_only"] = parts.options.read_only;
  v["cores"] = int64_t(available_threads()), v["gpus"] = gpu_count(), v["memory_bytes"] = int64_t(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  v["now_unix_milliseconds"] = parts.clock.unix_milliseconds();
  Value::List roots;
  for (size_t i = 0; i < parts.roots.count(); ++i) {
    Value root = Value::table();
    root["root"] = int64_t(i), root["name"] = parts.roots.name(i);
    roots.push_back(std::move(root));
  }
  v["roots"] = std::move(roots), v["page"] = !parts.options.page.empty();
  return v;
}

void add_all_routes(RouteTable& table, PageParts& parts) {
  add_server_routes(table, parts), add_experiment_routes(table, parts), add_report_routes(table, parts), add_action_routes(table, parts), add_cluster_routes(table, parts);
  add_model_routes(table), add_data_routes(table, parts), add_volume_routes(table, parts), add_experiment_shapes(table);
}

}  // namespace

void add_server_routes(RouteTable& table, PageParts& parts) {
  table.shapes.declare(server_shapes);
  table.add({"GET", "/api/server", "Version, machine, served folders", {}, false, [&parts](const Call&) { return json_answer(server_value(parts)); }}, "ServerFacts");
  table.add({"GET", "/api/openapi.json", "This list", {}, false, [&table, &parts](const Call&) { return ServerAnswer{200, openapi_text(table, parts.options.version)}; }}, "OpenApi");
  table.add({"GET", "/api/events", "Server-sent events: what has changed", {}, false,
             [&parts](const Call&) {
               ServerAnswer answer;
               answer.type = "text/event-stream", answer.events = parts.feed.listen();
               return answer.events ? answer : error_answer(503, "failure", "too many pages listen already", "close some");
             },
             "text/event-stream"});
}

DecoderOptions decoder_options(const PageOptions& given) {
  DecoderOptions options;
  options.command = given.decoder.empty() ? std::vector<std::string>{given.program, "decode-worker"} : given.decoder;
  options.memory_bytes = given.decoder_memory_bytes, options.most_seconds = given.decode_seconds;
  return options;
}

std::string gzip_text(const std::string& content) {
  std::string packed;
  MemoryFile file(packed);
  GzipWriter writer(file, int64_t(content.size()));
  writer.write(content.data(), int64_t(content.size()));
  writer.finish();
  return packed;
}

ServerAnswer versioned(const Call& call, const std::string& version, const std::function<std::string()>& body, const std::string& type) {
  ServerAnswer answer;
  const std::string tag = "\"" + version + "\"";
  // Images of patients stay in no cache of a browser; tables are asked for again with their tag.
  answer.type = type, answer.headers = {{"ETag", tag}, {"Cache-Control", type == "application/json" ? "private, no-cache" : "no-store"}};
  if (call.request.if_none_match == tag) answer.status = 304;
  else answer.body = body();
  return answer;
}

struct PageServer::State {
  State(const PageOptions& options, Clock& clock)
      : parts(options, clock), guard(!options.socket.empty()) {
    add_all_routes(table, parts);
    parts.runs.mask = [this](std::string text) { return parts.roots.masked(std::move(text)); };
  }

  // The guard goes first, whatever is asked for, and says the same for what is there and what is not.
  ServerAnswer answer(const ServerRequest& request, std::string& route) {
    auto target = parse_target(request.target);
    if (target && target->path.empty() && target->query.size() == 1 && target->query.contains("token"))
      if (auto welcome = guard.welcome(request, target->query["token"])) return *welcome;
    if (auto refused = guard.refusal(request)) return *refused;
    if (!target) return error_answer(400, "usage", "that is no path of this server");
    const bool api = !target->path.empty() && target->path[0] == "api";
    if (!api) return request.method == "GET" ? page_file(parts.options, target->path, request) : error_answer(405, "usage", "pages are read");
    auto found = table.find(request.method, target->path);
    if (!found.route) return found.other_method ? error_answer(405, "usage", "this route has another method") : error_answer(404, "missing", "there is no such route");
    route = found.route->path;
    if (found.route->changes && parts.options.read_only) return error_answer(403, "access", "this server is read-only", "start it without --read-only to change something");
    Call call{request, std::move(found.places), std::move(target->query)};
    for (const auto& [name, value] : call.query)
      if (std::none_of(found.route->parameters.begin(), found.route->parameters.end(), [&, &name = name](const RouteParameter& known) { return known.name == name; }))
        fail_usage("parameter '" + name + "' is not known here");
    if (request.method == "POST" && !request.body.empty()) call.body = parse_json(request.body, "the body");
    return found.route->handler(call);
  }

  ServerAnswer carefully(const ServerRequest& request, std::string& route) {
    try {
      return answer(request, route);
    } catch (const NotThere& missing) {
      return error_answer(404, "missing", missing.what);
    } catch (const Error& error) {
      std::vector<std::string> context;
      for (const auto& where : error.context()) context.push_back(parts.roots.masked(where));
      return error_answer(dynamic_cast<const DecoderFailed*>(&error) ? 502 : status_of(error.kind()), error_kind_name(error.kind()), parts.roots.masked(error.message()), parts.roots.masked(error.hint()), context);
    } catch (const std::bad_alloc&) {
      return error_answer(413, "budget", "out of memory", "ask for a smaller part");
    } catch (const std::exception&) {            // what it says may name files
      return error_answer(500, "failure", "the server failed");
    }
  }

  ServerAnswer handle(const ServerRequest& request) {
    const double begin = parts.clock.monotonic_seconds();
    std::string route;
    ServerAnswer answer = carefully(request, route);
    const bool page = answer.type.starts_with("text/html") || answer.type.starts_with("text/javascript");
    for (auto& header : safe_headers(page)) answer.headers.push_back(std::move(header));
    const bool text_like = answer.type.starts_with("application/json") || answer.type.starts_with("text/") || answer.type == "image/svg+xml";
    const bool packed = std::any_of(answer.headers.begin(), answer.headers.end(), [](const auto& header) { return header.first == "Content-Encoding"; });
    // The last door: where folders lie is nobody's business.
    if (!packed && answer.type == "application/json") answer.body = parts.roots.masked(std::move(answer.body));
    if (!packed && text_like && answer.body.size() >= least_packed_bytes && request.accept_encoding.find("gzip") != std::string::npos)
      answer.body = gzip_text(answer.body), answer.headers.push_back({"Content-Encoding", "gzip"}), answer.headers.push_back({"Vary", "Accept-Encoding"});
    if (parts.options.on_request) parts.options.on_request({request.method, route, answer.status, parts.clock.monotonic_seconds() - begin});
    return answer;
  }

  void give_back() {
    parts.experiments.release(unused_seconds), parts.volumes.release(unused_seconds);
    release_free_memory();
  }

  PageParts parts;
  RouteTable table;
  PageGuard guard;
  std::unique_ptr<HttpListener> listener;        // the last, so that it ends first
};

PageServer::PageServer(const PageOptions& options, Clock& clock) {
  if (options.folders.empty()) fail_usage("no folder is served");
  state_ = std::make_unique<State>(options, clock);
  ListenerOptions listener;
  listener.port = options.port, listener.socket = options.socket, listener.threads = 6;
  listener.most_body_bytes = options.most_body_bytes, listener.request_seconds = options.request_seconds, listener.event_seconds = options.event_seconds, listener.most_connections = 200;
  listener.on_idle = [state = state_.get()] { state->give_back(); };
  if (options.on_new_link) state_->guard.on_new_link = [this, tell = options.on_new_link](const std::string&) { tell(link()); };
  state_->listener = std::make_unique<HttpListener>(listener, [state = state_.get()](const ServerRequest& request) { return state->handle(request); });
  state_->guard.name_cookie(options.socket.empty() ? text("tomograd_", port()) : "tomograd_socket");
}

PageServer::~PageServer() = default;

int PageServer::port() const { return state_->listener->port(); }

std::string PageServer::link() const { return text(state_->parts.options.socket.empty() ? text("http://127.0.0.1:", port()) : std::string("http://localhost"), "/?token=", state_->guard.link_token()); }

std::string PageServer::token() const { return state_->guard.session_token(); }

const RouteTable& PageServer::routes() const { return state_->table; }

std::string page_openapi(const std::string& version) {
  PageOptions options;
  options.version = version;
  PageParts parts(options, system_clock());
  RouteTable table;
  add_all_routes(table, parts);
  return openapi_text(table, version);
}

}  // namespace tomograd
