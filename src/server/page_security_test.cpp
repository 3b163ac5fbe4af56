// Attacks on a running server, most of them named after what has happened to others (research/reliability.md §5.2, §9.E).
#include "server/page_test_host.h"

#include <sys/stat.h>


namespace tomograd {
namespace {

std::string filled(const std::string& path) {    // a route with something for its {places}
  std::string out;
  for (size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '{') {
      out += path[at];
      continue;
    }
    at = path.find('}', at), out += "1";
  }
  return out;
}

constexpr const char* json_type = "Content-Type: application/json\r\n";

TEST(PageSecurity, EveryRouteRefusesWhoHasNoTokenOrComesFromElsewhere) {
  PageHost page;
  page.make_experiment("loo");
  page.start();
  ASSERT_GT(page.server().routes().routes().size(), 25u);
  const std::string token = page.server().token();
  auto status = [&](const Route& route, const std::string& headers) { return page.ask(route.method, filled(route.path), headers + json_type, route.method == "POST" ? "{}" : "").status; };
  for (const auto& route : page.server().routes().routes()) {
    SCOPED_TRACE(route.method + " " + route.path);
    for (const std::string& wrong : {std::string(), std::string("Authorization: Bearer x\r\n"), "Authorization: Bearer " + token.substr(1) + "\r\n", "Authorization: Bearer " + token + "x\r\n", "Authorization: Basic " + token + "\r\n",
                                     "Cookie: tomograd_1=" + token + "\r\n", text("Cookie: tomograd_", page.server().port(), "=", token.substr(1), "\r\n"), page.bearer() + page.bearer()})
      EXPECT_EQ(status(route, page.host() + page.origin() + wrong), 401) << wrong;
    EXPECT_EQ(status(route, page.host() + page.bearer() + "Origin: http://evil.example\r\n"), 403);
    EXPECT_EQ(status(route, page.host() + page.cookie() + "Origin: null\r\n"), 403);
    EXPECT_EQ(status(route, page.host() + page.cookie() + page.origin() + "Sec-Fetch-Site: cross-site\r\n"), 403);
    EXPECT_EQ(status(route, "Host: evil.example\r\n" + page.bearer()), 421);
  }
  for (const char* target : {"/", "/index.html", "/assets/app-1a2b.js", "/nothing", "/api/nothing"}) EXPECT_EQ(page.ask("GET", target, page.host()).status, 401) << target;
}

TEST(PageSecurity, TheLinkWorksOnceAndLeavesACookieThatScriptsCannotRead) {
  PageHost page;
  std::string next;
  page.options.on_new_link = [&](const std::string& link) { next = link; };
  page.start();
  const std::string link = page.server().link(), target = link.substr(link.find("/?"));
  EXPECT_EQ(page.ask("GET", target, "Host: evil.example\r\n").status, 421);   // and is not used up
  EXPECT_EQ(page.ask("GET", target.substr(0, target.size() - 1), page.host()).status, 401);
  Answered first = page.ask("GET", target, page.host());
  ASSERT_EQ(first.status, 303);
  EXPECT_EQ(first.headers["location"], "/");
  const std::string cookie = first.headers["set-cookie"];
  for (const char* word : {"HttpOnly", "SameSite=Strict", "Path=/"}) EXPECT_NE(cookie.find(word), std::string::npos) << cookie;
  EXPECT_EQ(cookie.find(target.substr(target.find('=') + 1)), std::string::npos) << "the link's token is not the cookie's";
  EXPECT_EQ(page.ask("GET", target, page.host()).status, 401);
  EXPECT_NE(next, link);
  EXPECT_EQ(page.ask("GET", next.substr(next.find("/?")), page.host()).status, 303);
  Answered index = page.ask("GET", "/", page.host() + "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n");
  EXPECT_EQ(index.status, 200);
  EXPECT_NE(index.body.find("the page"), std::string::npos);
  EXPECT_NE(index.headers["content-security-policy"].find("default-src 'self'"), std::string::npos);
  EXPECT_NE(index.headers["content-security-policy"].find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(index.headers["x-content-type-options"], "nosniff");
  EXPECT_EQ(index.headers["referrer-policy"], "no-referrer");
  EXPECT_FALSE(index.headers.contains("access-control-allow-origin"));
}

TEST(PageSecurity, OnlyTheNamesOfThisMachineAreHosts) {   // DNS rebinding
  PageHost page;
  page.start();
  auto status = [&](const std::string& host) { return page.ask("GET", "/api/server", host + page.bearer()).status; };
  for (const char* good : {"127.0.0.1", "localhost", "LocalHost:80", "[::1]:9", "127.0.0.1:65535"}) EXPECT_EQ(status(text("Host: ", good, "\r\n")), 200) << good;
  for (const char* bad : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "127.1", "0.0.0.0", "2130706433", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:123456", "127.0.0.1@evil.example", "[::1", "::1", "localhost.",
                          "127.0.0.1 evil.example"})
    EXPECT_EQ(status(text("Host: ", bad, "\r\n")), 421) << bad;
  EXPECT_EQ(status(""), 421);
  EXPECT_EQ(status("Host: 127.0.0.1\r\nHost: evil.example\r\n"), 421);
  EXPECT_EQ(page.ask("GET", text("http://127.0.0.1:", page.server().port(), "/api/server"), page.host() + page.bearer()).status, 400);
}

TEST(PageSecurity, FormsOfOtherSitesChangeNothing) {       // CSRF
  PageHost page;
  auto store = page.make_experiment("loo", 1);
  page.start();
  const std::string id = page.get("/api/experiments").json().at("experiments").as_list()[0].at("id").as_text(), stop = "/api/experiments/" + id + "/stop";
  const std::string form = "Content-Type: application/x-www-form-urlencoded\r\n", plain = "Content-Type: text/plain\r\n", json = json_type;
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + page.origin() + form, "a=b").status, 415);
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + page.origin() + plain, "{}").status, 415);
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + page.origin(), "{}").status, 415);
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + json, "{}").status, 403);   // a browser would say where it comes from
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + json + "Origin: http://127.0.0.1\r\n", "{}").status, 403);
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + json + text("Origin: https://127.0.0.1:", page.server().port(), "\r\n"), "{}").status, 403);
  EXPECT_EQ(page.ask("GET", stop, page.host() + page.cookie()).status, 405);
  EXPECT_EQ(page.ask("PUT", stop, page.host() + page.cookie() + page.origin() + json, "").status, 405);
  EXPECT_FALSE(store->stop_requested());
  EXPECT_EQ(page.ask("POST", stop, page.host() + page.cookie() + page.origin() + json, "{}").status, 200);
  EXPECT_TRUE(store->stop_requested());
}

TEST(PageSecurity, ReadOnlyRefusesAllThatChanges) {
  PageHost page;
  auto store = page.make_experiment("loo", 1);
  page.options.read_only = true;
  page.start();
  int changing = 0;
  for (const auto& route : page.server().routes().routes()) {
    if (!route.changes) continue;
    ++changing;
    EXPECT_EQ(page.post(filled(route.path), "{}").status, 403) << route.path;
  }
  EXPECT_GE(changing, 7);
  const std::string id = page.get("/api/experiments").json().at("experiments").as_list()[0].at("id").as_text();
  EXPECT_EQ(page.post("/api/experiments/" + id + "/stop", "{}").status, 403);
  EXPECT_FALSE(store->stop_requested());
  EXPECT_EQ(page.post("/api/models/describe", R"({"spec": {"kind": "unet"}, "patch": [32, 32, 32]})").status, 200);
}

TEST(PageSecurity, NoPathLeadsOutOfTheFolders) {
  PageHost page;
  page.make_experiment("loo", 1);
  page.make_volume("T1.nii.gz", {3, 4, 5});
  std::filesystem::create_symlink("/etc", page.path("page/etc"));
  std::filesystem::create_symlink("../../outside", page.path("page/assets/out"));
  std::filesystem::create_symlink(page.path("outside/canary.txt"), page.path("page/link.txt"));
  page.start();
  std::vector<std::string> attacks = {"/../canary.txt", "/..%2fcanary.txt", "/%2e%2e/canary.txt", "/%2e%2e%2fcanary.txt", "/%252e%252e%252fcanary.txt", "/..%255ccanary.txt", "/..\\canary.txt", "/..%5ccanary.txt", "/%c0%ae%c0%ae/canary.txt",
                                      "/%e0%80%ae%e0%80%ae/canary.txt", "/....//canary.txt", "/./../canary.txt", "//canary.txt", "///etc/passwd", "/etc/passwd", "/etc/hostname", "/assets/../../canary.txt", "/assets/out/canary.txt", "/link.txt",
                                      "/canary.txt%00.html", "/index.html%00", "/%00", "/proc/self/root/etc/passwd", "/%2fetc%2fpasswd", "/..;/canary.txt", "/assets/%2e%2e/%2e%2e/canary.txt", "/canary.txt", "/.htaccess", "/CANARY.TXT", "/index.html/",
                                      "/" + std::string(4096, 'a') + ".txt", "/%", "/%2", "/%zz", "/a?b=%", "/a#b", "/?token=a&token=b"};
  for (const std::string& prefix : {std::string(), std::string("/api/volumes"), std::string("/api/experiments"), std::string("/api/datasets"), std::string("/api/schema")})
    for (const auto& attack : attacks)
      for (const char* end : {"", "/nifti", "/plane?axis=z"}) {
        Answered answer = page.get(prefix + attack + (prefix.empty() ? "" : end));
        EXPECT_EQ(answer.body.find("canary: nobody"), std::string::npos) << prefix << attack;
        EXPECT_EQ(answer.body.find("root:x:"), std::string::npos) << prefix << attack;
        bool view_of_page = answer.status == 200 && answer.body.find("<title>the page") != std::string::npos;
        EXPECT_TRUE(answer.status == 404 || answer.status == 400 || answer.status == 405 || view_of_page) << prefix << attack << " " << answer.status;
      }
}

TEST(PageSecurity, LinksOutOfAServedFolderAreNotFollowed) {
  PageHost page;
  page.make_volume("inside.nii.gz", {3, 4, 5});
  std::filesystem::rename(page.study("inside.nii.gz"), page.path("outside/secret.nii.gz"));
  page.make_volume("inside.nii.gz", {3, 4, 5});
  std::filesystem::create_symlink("../outside/secret.nii.gz", page.study("link.nii.gz"));
  std::filesystem::create_directory_symlink(page.path("outside"), page.study("folder"));
  page.make_dataset("data/dataset.json", {page.study("inside.nii.gz"), page.study("link.nii.gz"), page.path("outside/secret.nii.gz"), page.study("folder/secret.nii.gz"), "/dev/zero"});
  std::filesystem::create_directories(page.path("outside/hidden"));
  { auto hidden = page.make_experiment("hidden"); }
  std::filesystem::rename(page.study("hidden"), page.path("outside/hidden/loo"));
  std::filesystem::create_directory_symlink(page.path("outside/hidden/loo"), page.study("linked-experiment"));
  page.start();
  EXPECT_EQ(page.get("/api/experiments").json().at("experiments").as_list().size(), 0u);
  Value list = page.get("/api/datasets").json().at("datasets");
  ASSERT_EQ(list.as_list().size(), 1u);
  Value cases = page.get("/api/datasets/" + list.as_list()[0].at("id").as_text() + "?grids=1").json().at("cases");
  std::vector<std::string> states;
  for (const Value& item : cases.as_list()) states.push_back(item.at("images").as_list()[0].at("state").as_text());
  EXPECT_EQ(states, (std::vector<std::string>{"present", "unreadable", "outside", "unreadable", "outside"}));
  for (const Value& volume : page.items("/api/volumes", "volumes")) {
    Answered answer = page.get("/api/volumes/" + volume.at("id").as_text() + "/nifti");
    EXPECT_EQ(answer.status, volume.at("file") == Value("inside.nii.gz") ? 200 : 404) << volume.at("file").as_text();
  }
}

TEST(PageSecurity, WhatIsTooLargeOrTooSlowIsEnded) {
  PageHost page;
  page.options.most_body_bytes = 1000, page.options.request_seconds = 0.3;
  page.start();
  EXPECT_EQ(page.post("/api/models/describe", std::string(2000, ' ')).status, 413);
  const std::string head = "POST /api/models/describe HTTP/1.1\r\nConnection: close\r\n" + page.host() + page.bearer() + json_type;
  EXPECT_EQ(page.raw(head + "Content-Length: 4294967296\r\n\r\n").status, 413);
  EXPECT_EQ(page.raw(head + "Content-Length: -2\r\n\r\n").status, 400);
  EXPECT_EQ(page.raw(head + "Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}").status, 400);
  EXPECT_EQ(page.raw(head + "Transfer-Encoding: chunked\r\n\r\n" + "800\r\n" + std::string(2048, ' ') + "\r\n0\r\n\r\n").status, 413);
  EXPECT_EQ(page.raw(head + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n").status, 400);
  EXPECT_EQ(page.raw(head + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n").status, 400);   // which of them counts?
  EXPECT_EQ(page.raw(head + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}").status, 415);
  EXPECT_EQ(page.raw("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n").status, 431);
  std::string many;
  for (int i = 0; i < 3000; ++i) many += text("X-", i, ": y\r\n");
  EXPECT_EQ(page.raw("GET / HTTP/1.1\r\n" + many + "\r\n").status, 431);
  EXPECT_EQ(page.raw("nonsense\r\n\r\n").status, 400);
  EXPECT_EQ(page.raw(head + "Content-Length: 20\r\n\r\n{\"a\"").status, 0);   // the rest never comes
  // Clients that hold connections open keep nobody else out.
  std::vector<int> idle;
  for (int i = 0; i < 60; ++i) idle.push_back(connected(page.server().port())), send_bytes(idle.back(), "GET /api");
  EXPECT_EQ(page.get("/api/server").status, 200);
  for (int socket : idle) {
    received(socket);                            // each is closed by the server
    ::close(socket);
  }
  EXPECT_EQ(page.post("/api/models/describe", std::string(900, '[')).status, 422);
  EXPECT_EQ(page.post("/api/models/describe", "[]").status, 400);
}

TEST(PageSecurity, NothingOfPatientsIsInLogsNorWhereFoldersLie) {
  PageHost page;
  page.make_volume("MILLER-ANNA/T1.nii.gz", {3, 4, 5});
  page.write("study/MILLER-ANNA/broken.nii.gz", "no gzip");
  page.make_dataset("data/dataset.json", {page.study("MILLER-ANNA/T1.nii.gz"), page.study("MILLER-ANNA/broken.nii.gz")});
  page.start();
  const std::string folder = page.path("");
  for (const Value& volume : page.items("/api/volumes", "volumes"))
    for (const char* end : {"", "/range", "/nifti", "/plane?axis=z", "/plane?axis=q"}) {
      Answered answer = page.get("/api/volumes/" + volume.at("id").as_text() + end);
      EXPECT_EQ(answer.body.find(folder), std::string::npos) << answer.body;
    }
  page.get("/api/MILLER-ANNA");
  page.get("/MILLER-ANNA?patient=MILLER-ANNA");
  EXPECT_EQ(page.notes().find("MILLER"), std::string::npos) << page.notes();
  EXPECT_NE(page.notes().find("/api/volumes/{id}/plane"), std::string::npos);
}

TEST(PageSecurity, ASocketIsThisUsersAlone) {
  PageHost page;
  page.options.socket = page.path("page.sock");
  page.start();
  struct stat facts {};
  ASSERT_EQ(::stat(page.options.socket.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  auto ask = [&](const std::string& headers) {
    int socket = connected(page.options.socket);
    send_bytes(socket, "GET /api/server HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n" + headers + "\r\n");
    std::string all = received(socket);
    ::close(socket);
    return taken_apart(all).status;
  };
  EXPECT_EQ(ask(""), 401);
  EXPECT_EQ(ask(page.bearer()), 200);
  EXPECT_THROW(PageServer(page.options, system_clock()), Error);   // somebody listens there
  PageOptions file = page.options;
  file.socket = page.path("canary.txt");
  EXPECT_THROW(PageServer(file, system_clock()), Error);
  EXPECT_EQ(read_text(system_env(), page.path("canary.txt")), PageHost::canary);
}

}  // namespace
}  // namespace tomograd
