#include "inference/exact_msd.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "inference/msd_test_subject.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

using Subject = MsdSubject;
constexpr int64_t classes = Subject::classes;

UseLogits into(std::vector<float>& all, Extent volume) {
  return [&all, volume](const Box& box, const float* logits) {
    for (int64_t k = 0; k < classes; ++k)
      for (int64_t z = 0; z < box.size.z; ++z)
        for (int64_t y = 0; y < box.size.y; ++y)
          for (int64_t x = 0; x < box.size.x; ++x) all[size_t(((k * volume.z + box.begin.z + z) * volume.y + box.begin.y + y) * volume.x + box.begin.x + x)] = *logits++;
  };
}

// All groups, one after the other.
void run_exact(const std::string& scratch, const ExactPlan& plan, const Subject& subject, std::vector<float>& tiled, ThreadPool& pool, std::stop_token stop = {}, const std::function<void(int64_t, int64_t)>& progress = {}) {
  ExactMsd exact(system_env(), scratch, plan, subject.network, subject.head, pool);
  exact.prepare();
  for (int64_t group = 0; group < plan.groups(); ++group) exact.run_group(group, {}, subject.read(), into(tiled, subject.volume), {}, stop, progress);
}

TEST(ExactMsd, NoBitDiffersFromTheUntiledResult) {
  ThreadPool pool(2);
  for (Extent size : {Extent{37, 29, 41}, Extent{50, 23, 31}, Extent{19, 45, 33}}) {
    Subject subject(size, {1, 2, 3, 4, 5, 6, 7, 8});
    std::vector<float> whole = subject.untiled();
    for (Extent core : {cube(16), Extent{13, 20, 17}, Extent{8, 11, 40}}) {
      ExactPlan plan = plan_exact(subject.network, size, core, classes, 0);
      EXPECT_GT(plan.groups(), 1);
      EXPECT_LE(plan.arithmetic, 2.5);
      TemporaryFolder folder;
      std::vector<float> tiled(whole.size(), NAN);
      run_exact(folder.path() + "/scratch", plan, subject, tiled, pool);
      ASSERT_EQ(whole, tiled) << to_string(size) << " in cores of " << to_string(plan.core) << ", " << plan.groups() << " groups";
    }
  }
}

TEST(ExactMsd, WidthAndGroupsOfOneLayerToo) {
  Subject subject({21, 18, 25}, {1, 3, 2, 5, 4, 1}, 2);
  std::vector<float> whole = subject.untiled(), tiled(whole.size(), NAN);
  ExactPlan plan = plan_exact(subject.network, subject.volume, cube(7), classes, 0, 1.0);
  EXPECT_EQ(plan.groups(), 3);
  EXPECT_DOUBLE_EQ(plan.arithmetic, 1.0);
  TemporaryFolder folder;
  ThreadPool pool(1);
  run_exact(folder.path() + "/scratch", plan, subject, tiled, pool);
  EXPECT_EQ(whole, tiled);
}

TEST(ExactMsd, ZeroBordersToo) {
  Subject subject({25, 31, 22}, {1, 2, 3, 4, 5});
  subject.reflect = false;
  ExactPlan plan = plan_exact(subject.network, subject.volume, cube(12), classes, 0);
  plan.reflect = false;
  std::vector<float> whole = subject.untiled(), tiled(whole.size(), NAN);
  TemporaryFolder folder;
  ThreadPool pool(2);
  run_exact(folder.path() + "/scratch", plan, subject, tiled, pool);
  EXPECT_EQ(whole, tiled);
}

TEST(ExactMsd, MemoryStaysBelowAQuarterOfTheStack) {
  Subject subject({97, 83, 101}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  int64_t limit = subject.network.channels() * subject.volume.voxels() * 4 / 4;
  ExactPlan plan = plan_exact(subject.network, subject.volume, cube(18), classes, limit);
  EXPECT_LE(plan.peak_bytes, limit);
  std::vector<float> whole = subject.untiled(), tiled(whole.size(), NAN);
  TemporaryFolder folder;
  ThreadPool pool(2);
  set_memory_budget(counted_bytes() + plan.peak_bytes + exact_io_bytes(plan.core, 2));  // a buffer more than was promised throws
  run_exact(folder.path() + "/scratch", plan, subject, tiled, pool);
  set_memory_budget(0);
  EXPECT_EQ(whole, tiled);
}

TEST(ExactMsd, GoesOnWhereItWasStopped) {
  Subject subject({30, 20, 26}, {1, 2, 3, 4, 5, 6});
  ExactPlan plan = plan_exact(subject.network, subject.volume, cube(11), classes, 0, 1.6);
  ASSERT_GT(plan.groups(), 1);
  std::vector<float> whole = subject.untiled(), tiled(whole.size(), NAN);
  TemporaryFolder folder;
  ThreadPool pool(1);
  std::stop_source source;
  std::string scratch = folder.path() + "/scratch";
  auto stop_at = [&](int64_t done, int64_t) { if (done == 7) source.request_stop(); };
  EXPECT_THROW(run_exact(scratch, plan, subject, tiled, pool, source.get_token(), stop_at), Error);
  int64_t again = 0;
  ExactMsd exact(system_env(), scratch, plan, subject.network, subject.head, pool);
  for (int64_t tile = 0; tile < 8; ++tile) again += exact.run_tile(0, tile, subject.read(), into(tiled, subject.volume));
  EXPECT_EQ(again, 1);                           // seven were there
  run_exact(scratch, plan, subject, tiled, pool);
  EXPECT_EQ(whole, tiled);
  subject.weight[0][0] += 1;
  try {
    run_exact(scratch, plan, subject, tiled, pool);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("another network"), std::string::npos) << error.message();
  }
}

// Each group by three workers in any order, the plan's groups read back from numbers: the stages of an array.
TEST(ExactMsd, StagesOfSeveralWorkers) {
  Subject subject({33, 41, 29}, {1, 2, 3, 4, 5, 6, 7});
  ExactPlan chosen = plan_exact(subject.network, subject.volume, {16, 13, 24}, classes, 0), plan = exact_plan_of(subject.network, subject.volume, chosen.core, classes, chosen.ends);
  EXPECT_EQ(plan.scratch_bytes, chosen.scratch_bytes);
  EXPECT_EQ(plan.peak_bytes, chosen.peak_bytes);
  EXPECT_EQ(exact_chunk(plan.core), (Extent{16, 13, 24}));
  ASSERT_GT(plan.groups(), 1);
  std::vector<float> whole = subject.untiled(), tiled(whole.size(), NAN);
  TemporaryFolder folder;
  ThreadPool pool(2);
  for (int64_t group = 0; group < plan.groups(); ++group)
    for (int64_t worker : {2, 0, 1}) {
      ExactMsd exact(system_env(), folder.path() + "/scratch", plan, subject.network, subject.head, pool);
      exact.prepare();
      exact.run_group(group, {worker, 3}, subject.read(), into(tiled, subject.volume));
    }
  EXPECT_EQ(whole, tiled);
  // Stages out of order: the missing map is named.
  ExactMsd early(system_env(), folder.path() + "/other", plan, subject.network, subject.head, pool);
  early.prepare();
  try {
    early.run_tile(1, 0, subject.read(), into(tiled, subject.volume));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("maps/0"), std::string::npos) << error.what();
  }
  EXPECT_THROW(exact_plan_of(subject.network, subject.volume, chosen.core, classes, {3, 3, 7}), Error);
  EXPECT_THROW(exact_plan_of(subject.network, subject.volume, chosen.core, classes, {3, 6}), Error);
}

TEST(ExactMsd, ABudgetThatIsTooSmallNamesATileThatFits) {
  Subject subject({61, 53, 67}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  try {
    plan_exact(subject.network, subject.volume, cube(48), classes, int64_t{8} << 20);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::budget);
    EXPECT_NE(error.hint().find("smaller tile, such as"), std::string::npos) << error.hint();
  }
}

}  // namespace
}  // namespace tomograd
