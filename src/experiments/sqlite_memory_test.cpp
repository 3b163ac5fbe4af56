// Every allocation that a request makes fails in turn, once or from then on, SQLite's and our own (research/reliability.md §9.A: A10): the request
// says so, what was acknowledged is kept, and the same open store goes on when there is memory again.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <new>

#include "base/error.h"
#include "experiments/sqlite_folder.h"
#include "experiments/store_suite.h"

namespace tomograd {
namespace {

struct Scarcity {                                // of this thread, inside a request
  int64_t at = 0;                                // the allocation that fails, counted down; 0 = none
  bool for_ever = false, inside = false, struck = false;
};
thread_local Scarcity scarcity;

bool denied() {
  if (!scarcity.inside || scarcity.at == 0) return false;
  if (scarcity.at > 1) return --scarcity.at, false;
  if (!scarcity.for_ever) scarcity.at = 0;
  return scarcity.struck = true;
}

// The allocator below SQLite, which can be changed only while no file is open.
class ScarceSqliteMemory {
 public:
  ScarceSqliteMemory() {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system());
    sqlite3_mem_methods scarce = system();
    scarce.xMalloc = [](int n) { return denied() ? nullptr : system().xMalloc(n); };
    scarce.xRealloc = [](void* old, int n) { return denied() ? nullptr : system().xRealloc(old, n); };
    sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce);
    sqlite3_initialize();
  }
  ~ScarceSqliteMemory() {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_MALLOC, &system());
    sqlite3_initialize();
  }

 private:
  static sqlite3_mem_methods& system() {
    static sqlite3_mem_methods methods;
    return methods;
  }
};

class SqliteMemory : public ::testing::Test, protected StoreToys {
 protected:
  void TearDown() override { scarcity = {}; }

  std::unique_ptr<TrialStore> open() { return folder_.open(clock_); }
  template <class Request>
  static bool done(const Request& request) {
    scarcity.inside = true;
    bool well = false;
    try {
      request();
      well = true;
    } catch (const Error&) {
    } catch (const std::bad_alloc&) {
    }
    scarcity.inside = false;
    return well;
  }

  // Opens, creates, claims, completes, reads: each request until it is done, with memory again after it has failed once.
  void live(int64_t at, bool for_ever) {
    scarcity = {at, for_ever, false, false};
    auto ends = [](const auto& request) {
      if (done(request)) return;
      scarcity.at = 0;
      ASSERT_TRUE(done(request)) << "there is memory again";
    };
    const ExperimentRecord experiment = record();
    const std::vector<PlannedTrial> trials = planned(2);
    const TrialOutcome well = outcome(0.5);
    std::unique_ptr<TrialStore> store;
    ASSERT_NO_FATAL_FAILURE(ends([&] { store = open(); }));
    if (!done([&] { store->create(experiment, trials); })) {
      scarcity.at = 0;
      if (!store->experiment()) store->create(experiment, trials);
    }
    std::optional<Claim> claim;
    ASSERT_NO_FATAL_FAILURE(ends([&] { claim = store->claim("w", "claim"); }));
    ASSERT_TRUE(claim);
    ASSERT_EQ(claim->trial, 1);
    ASSERT_EQ(claim->settings, trials[0].settings);
    ASSERT_NO_FATAL_FAILURE(ends([&] { store->heartbeat(*claim, 0.5); }));
    ASSERT_NO_FATAL_FAILURE(ends([&] { store->complete(*claim, well, "end"); }));
    std::vector<TrialRecord> seen;
    ASSERT_NO_FATAL_FAILURE(ends([&] { seen = store->trials(); }));
    check(seen);
    scarcity.at = 0;
    store->note(0, "the same store goes on");
    store.reset();
    store = open();
    check(store->trials());
    ASSERT_EQ(notes_of(*store).size(), 1u);
  }
  static void check(const std::vector<TrialRecord>& seen) {
    ASSERT_EQ(seen.size(), 2u);
    ASSERT_EQ(seen[0].state, TrialState::complete);
    ASSERT_EQ(seen[0].metrics.at("dice").as_number(), 0.5);
    ASSERT_EQ(seen[0].attempts, 1);
    ASSERT_EQ(seen[1].state, TrialState::waiting);
    ASSERT_EQ(seen[1].settings.at("seed").as_integer(), 2);
    ASSERT_FALSE(seen[1].fingerprint.empty());
  }
  void each_allocation(bool for_ever) {
    int64_t at = 1, tried = 0;
    for (bool struck = true; struck; at += 1 + at / 100, ++tried) {
      folder_.clear();
      ASSERT_NO_FATAL_FAILURE(live(at, for_ever)) << "allocation " << at << (for_ever ? " and all after it fail" : " fails");
      struck = scarcity.struck;
    }
    EXPECT_GT(tried, 100) << "the shortage did not reach the store";
  }

  ManualClock clock_;
  SqliteFolder folder_;
};

TEST_F(SqliteMemory, AnyAllocationMayFailOnce) {
  ScarceSqliteMemory memory;
  each_allocation(false);
}

TEST_F(SqliteMemory, SoMayAllFromThenOn) {
  ScarceSqliteMemory memory;
  each_allocation(true);
}

}  // namespace

bool allocation_is_denied() { return denied(); }

}  // namespace tomograd

// Of the whole test program; other tests never ask for a shortage.
void* operator new(std::size_t n) {
  if (tomograd::allocation_is_denied()) throw std::bad_alloc();
  if (void* p = std::malloc(n > 0 ? n : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
