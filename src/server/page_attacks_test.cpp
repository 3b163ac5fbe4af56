// Two hundred attacks on every route of a running server, texts that would like to be scripts, and another user of this machine. Attacks by name are
// in page_security_test.cpp.
#include <fcntl.h>
#include <grp.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/random.h"
#include "server/page_test_host.h"

namespace tomograd {
namespace {

constexpr int attacks_per_route = 200;

class Attacker {
 public:
  Attacker(const PageHost& page, std::string id, uint64_t stream) : page_(page), id_(std::move(id)), random_(42, "attacks", stream) {}

  std::string target(const Route& route) {
    std::string path, query;
    for (size_t at = 0; at < route.path.size(); ++at) {
      if (route.path[at] != '{') {
        path += route.path[at];
        continue;
      }
      at = route.path.find('}', at), path += random_.below(3) == 0 ? id_ : random_.below(4) == 0 ? std::to_string(random_.below(3)) : hostile();
    }
    for (const auto& parameter : route.parameters)
      if (random_.below(2) == 0) query += (query.empty() ? "?" : "&") + parameter.name + "=" + hostile();
    if (random_.below(5) == 0) query += (query.empty() ? "?" : "&") + hostile() + "=" + hostile();
    return path + query;
  }

  std::string body() {
    if (random_.below(6) == 0) return garbage();
    Value v = Value::table();
    constexpr const char* names[] = {"toml", "root", "name", "workers", "start", "trials", "seeds", "settings", "trial", "text", "spec", "patch", "batch", "patches", "cases", "hours_per_trial", "types", "budget"};
    for (const char* name : names)
      if (random_.below(3) == 0) v[name] = value(3);
    return to_json(v, false);
  }

 private:
  const std::string& one_of(const std::vector<std::string>& all) { return all[size_t(random_.below(int64_t(all.size())))]; }
  std::string plain() {
    const std::vector<std::string> words = {"..", "../", "..\\", ".", "/", "\\", "etc/passwd", "/etc/passwd", "canary.txt", page_.path("canary.txt"), page_.path("outside/canary.txt"), "../canary.txt", "../../outside/canary.txt", "/proc/self/root" + page_.path("canary.txt"),
                                            "/proc/self/environ", "file://" + page_.path("canary.txt"), "http://127.0.0.1:1/x", "s3://bucket/key", "~", "$HOME", "`id`", "$(cat " + page_.path("canary.txt") + ")", "; cat " + page_.path("canary.txt"), "| id", "'", "\"", "<script>alert(1)</script>", "{id}",
                                            "-1", "0", "1", "99999999999999999999", "1e308", "nan", "-inf", "0x10", "true", "null", "--help", "-rf", "--set", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xff\xfe", "%s%n", "../canary.txt\n", "CON", "a.toml", "x'; DROP TABLE trial; --", std::string(3000, 'A'), std::string(600, '[')};
    std::string all = one_of(words);
    for (int64_t more = random_.below(3); more > 0; --more) all += one_of(words);
    return all;
  }
  // As a client writes it: whole, escaped once, escaped twice, or with letters that some decoders read as a slash.
  std::string hostile() {
    const std::vector<std::string> raw = {"%2e%2e%2f", "%252e%252e%252f", "%c0%ae%c0%ae%c0%af", "%e0%80%af", "%00", "canary.txt%00.nii", "%0d%0aX-Injected:%20yes", "%uff0e", "..;", "%", "%2", "%zz", "+", "%2fetc%2fpasswd", "....//", "%5c..%5c", "%ff"};
    if (random_.below(3) == 0) return one_of(raw) + one_of(raw);
    const int64_t times = random_.below(3);
    std::string all = plain();
    for (int64_t i = 0; i < std::max<int64_t>(1, times); ++i) {
      std::string escaped;
      for (unsigned char c : all) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02x", c);
        const bool keep = std::isalnum(c) || c == '.' || c == '-' || (times == 0 && c > 0x20 && c < 0x7f && c != '#');
        escaped += keep ? std::string(1, char(c)) : std::string(hex);
      }
      all = escaped;
    }
    return all;
  }
  std::string garbage() {
    std::string all;
    for (int64_t i = random_.below(60); i > 0; --i) all += char(random_.below(256));
    return random_.below(2) ? all : "{\"toml\": " + all;
  }
  Value value(int depth) {
    switch (random_.below(depth > 0 ? 8 : 5)) {
      case 0: return Value(int64_t(random_.below(7)) - 2);
      case 1: return Value(1e300);
      case 2: return Value(random_.below(2) == 0);
      case 3: return Value();
      case 5: return Value(Value::List{value(depth - 1), value(depth - 1)});
      case 6: {
        Value v = Value::table();
        v[printable_of(plain())] = value(depth - 1), v["kind"] = value(0);
        return v;
      }
      case 7: return Value("out = '" + printable_of(plain()) + "'\ndata = '" + printable_of(plain()) + "'\n[run]\ndata = '" + page_.path("canary.txt") + "'\n[strategy]\nkind = 'sweep'\n");
      default: return Value(printable_of(plain()));
    }
  }
  static std::string printable_of(std::string text) {
    for (char& c : text)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return text;
  }

  const PageHost& page_;
  const std::string id_;
  Random random_;
};

TEST(PageAttacks, TwoHundredOnEveryRouteTellAndBreakNothing) {
  PageHost page;
  page.make_experiment("loo", 2).reset();
  page.make_volume("CANARY-PATIENT/v.nii.gz", {3, 4, 5});
  page.make_dataset("data/dataset.json", {page.study("CANARY-PATIENT/v.nii.gz"), page.path("outside/canary.txt"), page.study("link.nii.gz")});
  std::filesystem::create_symlink(page.path("outside/canary.txt"), page.study("link.nii.gz"));
  std::filesystem::create_directory_symlink(page.path("outside"), page.study("way-out"));
  page.start();
  const std::vector<std::string> ids = {page.items("/api/experiments", "experiments")[0].at("id").as_text(), page.items("/api/datasets", "datasets")[0].at("id").as_text(), page.items("/api/volumes", "volumes")[0].at("id").as_text()};
  const std::string folder = page.path("");
  int asked = 0;
  for (size_t r = 0; r < page.server().routes().routes().size(); ++r) {
    const Route& route = page.server().routes().routes()[r];
    if (route.answers == "text/event-stream") continue;    // never ends; its refusals are in page_security_test.cpp
    const std::string& id = route.path.find("volumes") != std::string::npos ? ids[2] : route.path.find("datasets") != std::string::npos ? ids[1] : ids[0];
    Attacker attacker(page, id, r);
    for (int i = 0; i < attacks_per_route; ++i) {
      const std::string target = attacker.target(route), body = route.method == "POST" ? attacker.body() : "";
      Answered answer = route.method == "POST" ? page.post(target, body) : page.get(target);
      const std::string told = route.method + " " + target + " " + body;
      const bool of_program = answer.status == 500 && answer.body.find("with exit code") != std::string::npos;   // /bin/false
      EXPECT_TRUE((answer.status >= 200 && answer.status < 500) || of_program) << answer.status << " " << told << " " << answer.body;
      EXPECT_EQ(answer.body.find("canary: nobody"), std::string::npos) << told;
      EXPECT_EQ(answer.body.find("root:x:"), std::string::npos) << told;
      if (body.find(folder) == std::string::npos && target.find("tomograd-page") == std::string::npos) {
        EXPECT_EQ(answer.body.find(folder), std::string::npos) << told << " " << answer.body;
      }
      EXPECT_FALSE(answer.headers.contains("x-injected")) << told;
      if (answer.headers["content-type"].starts_with("text/html")) {
        EXPECT_NE(answer.body.find("<title>the page"), std::string::npos) << told;
      }
      if (!answer.body.empty()) {
        EXPECT_EQ(answer.headers["x-content-type-options"], "nosniff") << told;
      }
      ++asked;
    }
  }
  EXPECT_GE(asked, 25 * attacks_per_route);
  EXPECT_EQ(page.get("/api/server").status, 200);
  EXPECT_EQ(read_text(system_env(), page.path("canary.txt")), PageHost::canary);
  EXPECT_EQ(read_text(system_env(), page.path("outside/canary.txt")), PageHost::canary);
  size_t outside = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(page.path("outside"))) ++outside;
  EXPECT_EQ(outside, 1u);
  EXPECT_EQ(page.notes().find("CANARY"), std::string::npos);
}

TEST(PageAttacks, TextsOfOthersAreTexts) {          // stored scripts: in names of files, experiments, labels, in notes and in what errors quote
  const std::vector<std::string> payloads = {"<script>alert(1)", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "';alert(1)", "{{7*7}}", "${7*7}", "javascript:alert(1)", "<!--", "]]>", "\xe2\x80\xa8" "alert(1)", "\xe2\x80\xae" "gpj.exe", "&lt;b&gt;", "<iframe srcdoc=x>", "\\u003cscript\\u003e"};
  PageHost page;
  page.make_experiment("loo", 1).reset();
  Dataset dataset;
  for (const auto& payload : payloads) {
    page.make_volume(payload + ".nii", {3, 4, 5});
    dataset.modalities.push_back(payload), dataset.labels.push_back({payload, {int64_t(dataset.modalities.size())}});
  }
  Case item;
  item.id = "P1-1", item.patient = payloads[1], item.geometry.size = {3, 4, 5}, item.images[payloads[0]] = page.study(payloads[0] + ".nii");
  dataset.cases.push_back(item);
  write_dataset(system_env(), dataset, page.study("dataset.json"));
  page.start();
  auto json = [&](const Answered& answer) {
    auto headers = answer.headers;
    EXPECT_EQ(headers["content-type"], "application/json") << answer.body;
    EXPECT_EQ(headers["x-content-type-options"], "nosniff");
    EXPECT_NE(headers["content-security-policy"].find("default-src 'none'"), std::string::npos) << headers["content-security-policy"];
    return answer.json();
  };
  std::vector<std::string> files;
  const Value volumes = json(page.get("/api/volumes"));
  for (const Value& volume : volumes.at("volumes").as_list()) files.push_back(volume.at("file").as_text());
  for (const auto& payload : payloads) EXPECT_NE(std::find(files.begin(), files.end(), payload + ".nii"), files.end()) << payload;
  const Value matrix = json(page.get("/api/datasets/" + page.items("/api/datasets", "datasets")[0].at("id").as_text()));
  EXPECT_EQ(matrix.at("modalities"), Value::list_of(payloads));
  EXPECT_EQ(matrix.at("cases").as_list()[0].at("patient"), Value(payloads[1]));
  const std::string experiment = "/api/experiments/" + page.items("/api/experiments", "experiments")[0].at("id").as_text();
  for (const auto& payload : payloads) {
    Value body = Value::table();
    body["text"] = payload;
    EXPECT_EQ(json(page.post(experiment + "/note", to_json(body, false))).at("notes").as_list().back().at("text"), Value(payload));
    Value network = Value::table();
    network["spec"]["kind"] = payload;
    EXPECT_EQ(page.post("/api/models/describe", to_json(network, false)).status, 422);
    json(page.post("/api/models/describe", to_json(network, false)));
  }
  EXPECT_NE(json(page.get(experiment + "/log")).at("events").as_list()[0].at("text"), Value(""));
}

// Sockets that listen at a port, as the kernel lists them: "0100007F" is 127.0.0.1.
std::vector<std::string> addresses_at(int port, const char* table) {
  std::ifstream lines(table);
  std::string line, number, local, remote, state;
  std::vector<std::string> found;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream(line) >> number >> local >> remote >> state;
    if (state == "0A" && std::strtol(local.substr(local.find(':') + 1).c_str(), nullptr, 16) == port) found.push_back(local.substr(0, local.find(':')));
  }
  return found;
}

TEST(PageAttacks, NothingButLoopbackIsBound) {
  PageHost page;
  page.start();
  EXPECT_EQ(addresses_at(page.server().port(), "/proc/net/tcp"), std::vector<std::string>{"0100007F"});
  EXPECT_EQ(addresses_at(page.server().port(), "/proc/net/tcp6"), std::vector<std::string>{});
}

std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream list(task.path() / "children");
    for (pid_t child; list >> child;) all.push_back(child);
  }
  return all;
}

TEST(PageAttacks, AnotherUserOfThisMachineGetsNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  PageHost at_port, at_socket;
  at_port.make_volume("v.nii.gz", {3, 4, 5});
  at_socket.options.socket = at_socket.path("page.sock");
  at_port.start(), at_socket.start();
  EXPECT_EQ(at_port.get("/api/volumes/" + at_port.items("/api/volumes", "volumes")[0].at("id").as_text()).status, 200);   // the decoder runs
  std::filesystem::permissions(at_socket.path(""), std::filesystem::perms(0755));
  const pid_t us = ::getpid();
  std::vector<pid_t> processes = children();
  ASSERT_FALSE(processes.empty());
  processes.push_back(us);
  std::string cmdlines;
  for (pid_t process : processes) {
    std::ifstream file(text("/proc/", process, "/cmdline"));
    cmdlines += std::string(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_EQ(cmdlines.find(at_port.server().token()), std::string::npos);
  const std::string request = "GET /api/server HTTP/1.1\r\nConnection: close\r\n" + at_port.host() + "\r\n", link = at_port.server().link();
  const int port = at_port.server().port();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {                              // counts what it got
    int got = 0;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(100);
    int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    at_socket.options.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    got += ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 1 : 0;
    for (pid_t process : processes) {
      for (const char* name : {"environ", "mem", "maps", "fd/3"}) got += ::open(text("/proc/", process, "/", name).c_str(), O_RDONLY) >= 0 ? 1 : 0;
      got += ::ptrace(PTRACE_ATTACH, process, nullptr, nullptr) == 0 ? 1 : 0;
    }
    got += ::open(at_port.study("v.nii.gz").c_str(), O_RDONLY) >= 0 ? 1 : 0;
    int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET, loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK), loopback.sin_port = htons(uint16_t(port));
    char start[13] = {};
    if (::connect(tcp, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) != 0 || ::send(tcp, request.data(), request.size(), MSG_NOSIGNAL) < 0 || ::recv(tcp, start, 12, MSG_WAITALL) != 12) got += 50;
    got += std::string(start) == "HTTP/1.1 401" ? 0 : 1;
    ::_exit(got);
  }
  ::close(ends[0]), ::close(ends[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tomograd
