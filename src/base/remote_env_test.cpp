#include "base/remote_env.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "support/http_server.h"

namespace tomograd {
namespace {

std::string content_of(size_t bytes) {
  std::string content(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) content[i] = char(i * 2654435761u >> 13);
  return content;
}

class CountedClock : public ManualClock {        // waits cost nothing and are added up
 public:
  void sleep_seconds(double seconds) override { waits.push_back(seconds), ManualClock::sleep_seconds(seconds); }
  std::vector<double> waits;
};

class RemoteEnvTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef TOMOGRAD_CURL
    GTEST_SKIP() << "built without libcurl";
#endif
    options_.block_bytes = 1000, options_.cache_bytes = 10000, options_.whole_bytes = 20000, options_.piece_bytes = 7000;
  }
  std::string read(Env& env, const std::string& path, int64_t offset, int64_t bytes) {
    std::string into(size_t(bytes), '\0');
    env.open_input(path)->read_at(offset, into.data(), bytes);
    return into;
  }
  // The Error that opening and reading `path` ends with.
  std::pair<ErrorKind, std::string> trouble(Env& env, const std::string& path, int64_t bytes = 1) {
    try {
      read(env, path, 0, bytes);
    } catch (const Error& error) {
      return {error.kind(), error.what()};
    }
    return {ErrorKind::stopped, "nothing"};
  }
  RemoteOptions options_;
  CountedClock clock_;
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(RemoteEnvTest, ReadsAnyRangeAndFetchesNoBlockTwice) {
  std::string content = content_of(23456);
  HttpServer server([&](const ServedRequest& request) { return serve_file(request, content); });
  RemoteEnv env(options_, clock_);
  auto file = env.open_input(server.url("/f"));
  EXPECT_EQ(file->size(), 23456);
  for (auto [offset, bytes] : {std::pair<int64_t, int64_t>{0, 1}, {999, 2}, {0, 999}, {23455, 1}, {22999, 457}, {1500, 0}, {500, 23456 - 500}, {0, 23456}, {3001, 1000}}) {
    std::string into(size_t(bytes), '\0');
    file->read_at(offset, into.data(), bytes);
    EXPECT_EQ(into, content.substr(size_t(offset), size_t(bytes))) << offset << " " << bytes;
    EXPECT_LE(env.cached_bytes(), options_.cache_bytes);
  }
  int64_t before = server.requests();
  for (int64_t i = 0; i < 450; ++i) EXPECT_EQ(read(env, server.url("/f"), 22999 + i, 1)[0], content[size_t(22999 + i)]);
  EXPECT_EQ(server.requests(), before);          // its last blocks are there already
  EXPECT_EQ(server.connections(), 1);
  char byte;
  EXPECT_THROW(file->read_at(23456, &byte, 1), Error);
  EXPECT_THROW(file->read_at(-1, &byte, 1), Error);
}

TEST_F(RemoteEnvTest, SmallFilesTakeOneRequestAndAreAskedForAgainAfterAWhile) {
  std::string content = "{}";
  HttpServer server([&](const ServedRequest& request) { return serve_file(request, content, "\"" + content + "\""); });
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read_text(env, server.url("/zarr.json")), "{}");
  EXPECT_EQ(read_text(env, server.url("/zarr.json")), "{}");
  EXPECT_EQ(env.kind(server.url("/zarr.json")), FileKind::file);
  EXPECT_EQ(server.requests(), 1);
  content = "{\"new\": 1}";
  clock_.advance(31);
  EXPECT_EQ(read_text(env, server.url("/zarr.json")), content);
  content = "";
  clock_.advance(31);
  EXPECT_EQ(read_text(env, server.url("/zarr.json")), "");
}

TEST_F(RemoteEnvTest, TellsWhatIsMissingDeniedAndThere) {
  HttpServer server([&](const ServedRequest& request) {
    int status = request.target == "/gone" ? 404 : request.target == "/denied" ? 403 : request.target == "/who" ? 401 : 0;
    return status ? ServedAnswer{status, "words", {}} : serve_file(request, "12345");
  });
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(env.kind(server.url("/gone")), FileKind::missing);
  EXPECT_EQ(env.kind(server.url("/denied")), FileKind::other);
  EXPECT_EQ(env.kind(server.url("/there")), FileKind::file);
  EXPECT_EQ(env.file_size(server.url("/there")), 5);
  EXPECT_EQ(env.open_if_there(server.url("/gone")), nullptr);
  EXPECT_EQ(env.open_if_there(server.url("/there"))->size(), 5);
  EXPECT_THROW(env.open_if_there(server.url("/denied")), Error);  // not taken for missing: what is not read is no background
  for (auto [path, status] : {std::pair{"/gone", "404"}, {"/denied", "403"}, {"/who", "401"}}) {
    auto [kind, said] = trouble(env, server.url(path));
    EXPECT_EQ(kind, ErrorKind::input);
    EXPECT_TRUE(says(said, server.url(path)) && says(said, std::string("HTTP ") + status)) << said;
  }
  EXPECT_TRUE(clock_.waits.empty());
}

TEST_F(RemoteEnvTest, RepeatsWhatPasses) {
  std::string content = content_of(5000);
  HttpServer server([&](const ServedRequest& request) {
    ServedAnswer answer = serve_file(request, content);
    switch (request.number) {
      case 0: return ServedAnswer{500, "", {}};
      case 1: return ServedAnswer{429, "", {"Retry-After: 7"}};
      case 3: answer.promised = int64_t(answer.body.size()), answer.body.resize(answer.body.size() / 2), answer.close = true; return answer;  // cut short
      case 4: return ServedAnswer{0, "", {}};    // the connection is closed
      case 5: answer.body.resize(answer.body.size() - 1); return answer;  // shorter than its own Content-Range
      default: return answer;
    }
  });
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read(env, server.url("/f"), 1000, 4000), content.substr(1000));
  EXPECT_GE(server.requests(), 7);
  ASSERT_GE(clock_.waits.size(), 5u);
  EXPECT_GE(clock_.waits[0], options_.first_wait_seconds / 2);
  EXPECT_LE(clock_.waits[0], options_.first_wait_seconds);
  EXPECT_EQ(clock_.waits[1], 7);
}

TEST_F(RemoteEnvTest, GivesUpAfterSomeAttemptsWithGrowingWaits) {
  options_.attempts = 9;
  HttpServer server([&](const ServedRequest&) { return ServedAnswer{503, "", {}}; });
  RemoteEnv env(options_, clock_);
  auto [kind, said] = trouble(env, server.url("/f"));
  EXPECT_EQ(kind, ErrorKind::failure);
  EXPECT_TRUE(says(said, "HTTP 503, after 9 attempts")) << said;
  EXPECT_EQ(server.requests(), 9);
  ASSERT_EQ(clock_.waits.size(), 8u);
  double wait = options_.first_wait_seconds;
  for (double waited : clock_.waits) {
    EXPECT_TRUE(waited >= wait / 2 && waited <= wait) << waited << " of " << wait;
    wait = std::min(2 * wait, options_.longest_wait_seconds);
  }
}

TEST_F(RemoteEnvTest, ASlowAnswerIsAskedForAgain) {
  options_.timeout_seconds = 0.2;
  HttpServer server([&](const ServedRequest& request) {
    ServedAnswer answer = serve_file(request, "late");
    answer.hang = request.number == 0;
    return answer;
  });
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read_text(env, server.url("/f")), "late");
  EXPECT_GE(server.requests(), 2);
}

TEST_F(RemoteEnvTest, NobodyListensIsSaid) {
  std::string url;
  {
    HttpServer server([](const ServedRequest&) { return ServedAnswer{}; });
    url = server.url("/f");
  }
  RemoteEnv env(options_, clock_);
  auto [kind, said] = trouble(env, url);
  EXPECT_EQ(kind, ErrorKind::failure);
  EXPECT_TRUE(says(said, "connect") && says(said, url)) << said;
}

TEST_F(RemoteEnvTest, FollowsRedirectsOnTheWebOnly) {
  std::string base;
  HttpServer server([&](const ServedRequest& request) {
    auto to = [](const std::string& where) { return ServedAnswer{302, "moved", {"Location: " + where}}; };
    if (request.target == "/old") return to(base + "/new");
    if (request.target == "/round") return to("/round");
    if (request.target == "/local") return to("file:///etc/passwd");
    return serve_file(request, "found");
  });
  base = server.url();
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read_text(env, server.url("/old")), "found");
  for (const char* path : {"/round", "/local"}) {
    auto [kind, said] = trouble(env, server.url(path));
    EXPECT_EQ(kind, ErrorKind::input) << said;
    EXPECT_TRUE(says(said, server.url(path))) << said;
  }
}

TEST_F(RemoteEnvTest, ServersWithoutRangesGiveFilesUpToALimit) {
  std::string content = content_of(12345);
  HttpServer server([&](const ServedRequest& request) {
    ServedAnswer answer;
    answer.body = request.target == "/large" ? content_of(20001) : content;
    return answer;
  });
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(env.kind(server.url("/f")), FileKind::file);
  auto file = env.open_input(server.url("/f"));
  int64_t before = server.requests();
  for (int64_t offset : {0, 1, 999, 12000}) {
    std::string into(345, '\0');
    file->read_at(offset, into.data(), 345);
    EXPECT_EQ(into, content.substr(size_t(offset), 345));
  }
  EXPECT_EQ(server.requests(), before);
  auto [kind, said] = trouble(env, server.url("/large"));
  EXPECT_EQ(kind, ErrorKind::input);
  EXPECT_TRUE(says(said, "knows no ranges") && says(said, "20001") && says(said, "20.0 kB")) << said;
}

TEST_F(RemoteEnvTest, AFileThatChangesIsNotPutTogetherFromTwo) {
  std::string content = content_of(9000), etag = "\"1\"";
  HttpServer server([&](const ServedRequest& request) { return serve_file(request, content, etag); });
  RemoteEnv env(options_, clock_);
  auto file = env.open_input(server.url("/f"));
  char byte;
  file->read_at(2500, &byte, 1);
  etag = "\"2\"";
  file->read_at(2501, &byte, 1);                 // in memory
  EXPECT_THROW(file->read_at(8000, &byte, 1), Error);
  content = content_of(9001), etag = "\"1\"";
  try {
    file->read_at(8000, &byte, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(says(error.what(), "changed while it was read")) << error.what();
  }
  EXPECT_EQ(env.open_input(server.url("/f"))->size(), 9001);
}

TEST_F(RemoteEnvTest, ServersWithoutVersionsAreNotTakenAtTheirOldWord) {
  std::string content = content_of(5000);
  HttpServer server([&](const ServedRequest& request) {
    ServedAnswer answer = serve_file(request, content);
    answer.headers.erase(answer.headers.begin());  // its ETag
    return answer;
  });
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read(env, server.url("/f"), 4500, 10), content.substr(4500, 10));
  content[4500] = char(content[4500] + 1);       // as long as before
  clock_.advance(31);
  EXPECT_EQ(read(env, server.url("/f"), 4500, 10), content.substr(4500, 10));
}

TEST_F(RemoteEnvTest, WritesNothingAndListsNoHttpServer) {
  RemoteEnv env(options_, clock_);
  for (const auto& write : std::vector<std::function<void(const std::string&)>>{
           [&](auto& p) { env.create_file(p, false); }, [&](auto& p) { env.append_file(p); }, [&](auto& p) { env.make_directories(p); }, [&](auto& p) { env.rename("/x", p); },
           [&](auto& p) { env.remove_file(p); }, [&](auto& p) { env.remove_tree(p); }, [&](auto& p) { env.sync_directory(p); }, [&](auto& p) { env.truncate(p, 0); }, [&](auto& p) { env.free_bytes(p); }})
    for (const std::string& path : {std::string("s3://bucket/x"), std::string("http://127.0.0.1:1/x")}) {
      try {
        write(path);
        ADD_FAILURE() << path;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input);
        EXPECT_TRUE(says(error.what(), path) && says(error.what(), "read only")) << error.what();
      }
    }
  EXPECT_THROW(env.list("http://127.0.0.1:1/x"), Error);
  EXPECT_THROW(publish_text(system_env(), "s3://bucket/x", "y"), Error);
  EXPECT_EQ(env.requests(), 0);
}

TEST_F(RemoteEnvTest, EncodedAnswersAreRefused) {
  HttpServer server([](const ServedRequest& request) {
    ServedAnswer answer = serve_file(request, "\x1f\x8b");
    answer.headers.push_back("Content-Encoding: gzip");
    return answer;
  });
  RemoteEnv env(options_, clock_);
  EXPECT_TRUE(says(trouble(env, server.url("/f")).second, "Content-Encoding: gzip"));
}

TEST_F(RemoteEnvTest, ManyThreadsReadOneFile) {
  std::string content = content_of(50000);
  HttpServer server([&](const ServedRequest& request) { return serve_file(request, content); });
  RemoteEnv env(options_, clock_);
  auto file = env.open_input(server.url("/f"));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 40; ++i) {
        int64_t offset = (i * 7919 + t * 1237) % 45000, bytes = 1 + (i * 613 + t * 97) % 3000;
        std::string into(size_t(bytes), '\0');
        file->read_at(offset, into.data(), bytes);
        wrong += into != content.substr(size_t(offset), size_t(bytes));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(server.connections(), 7);            // one a thread, kept
  EXPECT_LE(env.cached_bytes(), options_.cache_bytes);
}

}  // namespace
}  // namespace tomograd
