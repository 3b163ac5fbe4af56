// `serve`: the page and its API for this user's browser, on this machine (docs/api.md).
#include "server/page_server.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "cli/library_loader.h"
#include "cli/share_file.h"
#include "cli/verb.h"
#include "server/decode_worker.h"
#include "server/jail.h"

namespace tomograd {
namespace {

constexpr int usual_port = 8787;

struct ServeArguments {
  std::vector<std::string> folders;
  int port = -1;                                 // -1 = the usual one, or any when it is taken
  std::string socket, page;
  bool read_only = false, log = false, openapi = false;
  int64_t max_memory_bytes = int64_t{2} << 30;
};

std::string page_folder(const std::string& given) {
  if (!given.empty()) return given;
  try {
    return parent_path(share_file("page/index.html"));
  } catch (const Error&) {                       // it was not built; the server says so in the browser
    return "";
  }
}

std::string share_or_nothing(const std::string& name) {
  try {
    return share_file(name);
  } catch (const Error&) {
    return "";
  }
}

// Who came by SSH has the browser elsewhere. The third word is the address at which this machine was reached.
std::string tunnel_of(int port, const std::string& socket) {
  const char* connection = std::getenv("SSH_CONNECTION");
  if (!connection) return "";
  std::istringstream words(connection);
  std::string client, client_port, here;
  words >> client >> client_port >> here;
  const passwd* user = ::getpwuid(::geteuid());
  if (here.empty() || !user) return "";
  return text("ssh -L ", port > 0 ? port : usual_port, ":", socket.empty() ? text("127.0.0.1:", port) : absolute_path(socket), " ", user->pw_name, "@", here);
}

std::unique_ptr<PageServer> start(const ServeArguments& given, PageOptions& options) {
  options.port = given.port < 0 ? usual_port : given.port;
  try {
    return std::make_unique<PageServer>(options, system_clock());
  } catch (const Error& error) {
    if (given.port >= 0 || !given.socket.empty() || error.kind() != ErrorKind::input) throw;
    options.port = 0;
    return std::make_unique<PageServer>(options, system_clock());
  }
}

void serve(const ServeArguments& given, const Output& out) {
  if (given.openapi) {
    std::cout << page_openapi(TOMOGRAD_VERSION) << std::flush;
    return;
  }
  auto stop = stop_on_signals();
  set_memory_budget(given.max_memory_bytes);
  PageOptions options;
  options.folders = given.folders.empty() ? std::vector<std::string>{"."} : given.folders;
  options.read_only = given.read_only, options.socket = given.socket, options.version = TOMOGRAD_VERSION;
  options.decoder_memory_bytes = given.max_memory_bytes;
  options.decoder = {"/proc/self/exe", "decode-worker"};   // this program, also when another one has taken its place
  options.page = page_folder(given.page), options.catalogue = share_or_nothing("instances.toml"), options.program = join_path(program_folder(), "tomograd");
  const Talk talk = out.talk();
  options.on_new_link = [talk](const std::string& link) { talk.say("That link has been used. For another browser: " + link); };
  if (given.log) options.on_request = [talk](const RequestNote& note) { talk.say(text(note.method, " ", note.route.empty() ? "-" : note.route, " ", note.status, " ", int64_t(note.seconds * 1000), " ms")); };
  auto server = start(given, options);

  Value result = Value::table();
  const std::string tunnel = tunnel_of(server->port(), given.socket);
  result["link"] = server->link(), result["port"] = int64_t(server->port()), result["socket"] = given.socket, result["read_only"] = given.read_only, result["tunnel"] = tunnel, result["decoder"] = jail_text(possible_jail());
  out.result("serve", result);
  out.line(server->link());
  if (!given.socket.empty()) out.line("at the socket " + given.socket);
  if (!tunnel.empty()) out.line("From your own machine: " + tunnel);
  talk.say("Volumes are decoded in a process of its own: " + jail_text(possible_jail()) + ".");
  if (options.page.empty()) talk.say("The page is not built (make page); the API is there.");
  while (!stop.stop_requested()) system_clock().sleep_seconds(0.1);
}

}  // namespace

void add_serve(Program& program) {
  auto given = std::make_shared<ServeArguments>();
  auto* verb = program.app.add_subcommand("serve", "The page: experiments, data, networks and volumes in a browser on this machine");
  verb->add_option("DIR", given->folders, "folders to show; default the one you stand in");
  verb->add_option("--port", given->port, text("port on 127.0.0.1; 0 = any free one; default ", usual_port, ", or any when that is taken"))->check(CLI::Range(0, 65535));
  auto* socket = verb->add_option("--socket", given->socket, "listen at this Unix socket instead, which this user alone can open");
  socket->excludes("--port");
  verb->add_flag("--read-only", given->read_only, "refuse everything that changes something");
  verb->add_option("--page", given->page, "folder of the page's files; default share/page of the program");
  verb->add_flag("--log", given->log, "one line per request on stderr, without what was asked for");
  verb->add_option_function<std::string>("--max-memory", [given](const std::string& raw) { given->max_memory_bytes = parse_bytes(raw); }, "most memory for voxels, such as 900MB; default 2GiB");
  verb->add_flag("--openapi", given->openapi, "print the list of routes (docs/openapi.json) and end");
  verb->callback([given, &program] { program.action = [given, &program] { serve(*given, program.output); }; });
  auto* worker = program.app.add_subcommand("decode-worker", "started by serve");
  worker->group("");                             // hidden
  worker->callback([&program] { program.action = [] { run_decode_worker(decode_worker_socket); }; });
}

}  // namespace tomograd
