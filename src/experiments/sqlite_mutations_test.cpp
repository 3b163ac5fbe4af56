// 10,000 bytes and 1000 blocks of a store's file are changed, and it is cut at every page (research/reliability.md §9.A: A17): opened and used, each
// gives an error or works on, never a crash; the file is never deleted, and one that is refused is left as it was.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/env.h"
#include "base/error.h"
#include "base/random.h"
#include "experiments/sqlite_folder.h"
#include "experiments/store_suite.h"

namespace tomograd {
namespace {

class SqliteMutations : public ::testing::Test, protected StoreToys {
 protected:
  void SetUp() override {
    auto store = folder_.open(clock_);
    store->create(record(), planned(12));
    for (int n = 1; n <= 4; ++n) store->complete(*store->claim("w", text("claim ", n)), outcome(0.1 * n), text("end ", n));
    store->claim("w", "claim 5"), store->note(3, "a note");
    store.reset();
    good_ = read_text(system_env(), path_);
  }

  void look(const std::string& bytes) {
    std::filesystem::remove(path_ + "-journal");
    std::ofstream(path_, std::ios::trunc | std::ios::binary) << bytes;
    bool opened = false;
    try {
      auto store = open_sqlite_store(path_, clock_, {});
      opened = true, ++opened_;
      store->experiment(), store->trials(), store->counts(), store->events();
      if (auto claim = store->claim("a", "1")) store->heartbeat(*claim, 0.5), store->complete(*claim, outcome(1), "2");
    } catch (const Error& error) {
      ++refused_;
      ASSERT_FALSE(std::string(error.what()).empty());
    }
    ASSERT_EQ(system_env().kind(path_), FileKind::file);
    if (!opened) {
      ASSERT_TRUE(read_text(system_env(), path_) == bytes) << "a file that is refused was changed";
    }
  }

  ManualClock clock_;
  SqliteFolder folder_;
  const std::string& path_ = folder_.file();
  std::string good_;
  int64_t opened_ = 0, refused_ = 0;
};

TEST_F(SqliteMutations, OfSingleBytes) {
  Random random(1, "mutations");
  for (int i = 0; i < 10'000; ++i) {
    std::string bad = good_;
    const size_t at = size_t(random.below(int64_t(i % 4 == 0 ? 1024 : bad.size())));  // every fourth in the header and the schema
    bad[at] = char(uint8_t(bad[at]) ^ uint8_t(1 + random.below(255)));
    ASSERT_NO_FATAL_FAILURE(look(bad)) << "mutation " << i << " at byte " << at;
  }
  EXPECT_GT(opened_, 500);
  EXPECT_GT(refused_, 500);
}

TEST_F(SqliteMutations, OfBlocksAndOfTheLength) {
  Random random(2, "mutations");
  for (int i = 0; i < 1000; ++i) {
    std::string bad = good_;
    const size_t length = size_t(1) << (1 + random.below(12)), from = size_t(random.below(int64_t(bad.size() - length)));
    for (size_t k = from; k < from + length; ++k) bad[k] = i % 3 == 0 ? char(0) : i % 3 == 1 ? char(random.below(256)) : good_[(k + 4096) % good_.size()];
    ASSERT_NO_FATAL_FAILURE(look(bad)) << "block " << i << " of " << length << " from " << from;
  }
  for (size_t length = 0; length < good_.size(); length += 4096)
    for (size_t beyond : {size_t{0}, size_t{1}, size_t{2048}}) ASSERT_NO_FATAL_FAILURE(look(good_.substr(0, length + beyond))) << "cut at " << length + beyond;
  EXPECT_GT(refused_, 300);
}

}  // namespace
}  // namespace tomograd
