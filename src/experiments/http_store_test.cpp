// The protocol between a store's client and its server, without a network in between; with one: src/server/store_server_test.cpp.
#include "experiments/http_store.h"

#include "base/error.h"
#include "experiments/sqlite_host.h"

namespace tomograd {
namespace {

// Every third request is lost on its way, and of the rest every second answer. Those that tell how many leases ran out are spared:
// asked twice they truly tell another number.
class LossyHost : public StoreHost {
 public:
  LossyHost() : store_(file_.open()) {}
  std::unique_ptr<TrialStore> open() override {
    std::lock_guard lock(mutex_);
    clocks_.push_back(std::make_unique<ManualClock>());
    return open_carried_store(
        [this](const std::string& method, const std::string& body) -> StoreAnswer {
          bool spared = method == "sweep" || method == "release";
          int64_t number = ++requests_;
          if (!spared && number % 3 == 0) return {0, {}, "lost"};
          StoreAnswer answer = answer_store_request(*store_, method, body);
          if (!spared && number % 3 == 1 && answer.status == 200) return {0, {}, "lost after it was given"};
          return answer;
        },
        "lossy", *clocks_.back(), 60);
  }
  void advance(double seconds) override { file_.advance(seconds); }

 private:
  SqliteHost file_;
  std::unique_ptr<TrialStore> store_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ManualClock>> clocks_;
  std::atomic<int64_t> requests_ = 0;
};

TEST(HttpStore, ErrorsKeepTheirKindAndWords) {
  for (ErrorKind kind : {ErrorKind::input, ErrorKind::usage, ErrorKind::failure, ErrorKind::budget, ErrorKind::stopped, ErrorKind::conflict}) {
    Error sent(kind, "what \"went\" wrong", "what to do");
    sent.add_context("claim");
    try {
      throw_answered_error(error_answer(sent));
    } catch (const Error& got) {
      EXPECT_EQ(got.kind(), kind);
      EXPECT_STREQ(got.what(), sent.what());
    }
  }
}

TEST(HttpStore, ForeignAnswersAreSaidNotBelieved) {
  for (const char* body : {"<html>", "{}", "{\"error\":3}", "{\"error\":{\"message\":[]}}", ""}) {
    ManualClock clock;
    auto store = open_carried_store([&](auto&, auto&) { return StoreAnswer{404, body, {}}; }, "http://x", clock, 60);
    EXPECT_THROW(store->counts(), Error) << body;
    auto fine = open_carried_store([&](auto&, auto&) { return StoreAnswer{200, body, {}}; }, "http://x", clock, 60);
    EXPECT_THROW(fine->counts(), Error) << body;
  }
}

TEST(HttpStore, AServerThatIsGoneIsSaidAfterPatience) {
  ManualClock clock;
  int64_t asked = 0;
  auto store = open_carried_store([&](auto&, auto&) { return ++asked, StoreAnswer{asked % 2 ? 0 : 503, {}, "connection refused"}; }, "http://x:1", clock, 60);
  double begun = clock.monotonic_seconds();
  try {
    store->counts();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failure);
    EXPECT_NE(std::string(error.what()).find("does not answer"), std::string::npos);
  }
  EXPECT_NEAR(clock.monotonic_seconds() - begun, 60, 0.01);
  EXPECT_LT(asked, 60);
  EXPECT_GT(asked, 20);
}

INSTANTIATE_TEST_SUITE_P(Lossy, StoreSuite, ::testing::Values(StoreKind{"Carried", [] { return std::make_unique<LossyHost>(); }}), store_kind_name);

}  // namespace
}  // namespace tomograd
