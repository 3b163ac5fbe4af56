#include "cluster/sbatch_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/env.h"
#include "base/error.h"
#include "cluster/process.h"

namespace tomograd {
namespace {

Job tiles(int64_t elements) {
  Job job;
  job.uuid = "5e0f1d3a-7c52-4d1b-9a44-0b6f3c2e1d00";
  job.name = "predict";
  job.argv = {"/opt/tomograd/bin/tomograd", "worker", "--tiles", "{element}/{elements}", "--store", "/data/big volume.zarr"};
  job.folder = "/scratch/user/run 7", job.logs = "/scratch/user/run 7/logs";
  job.environment = {{"OMP_NUM_THREADS", "4"}};
  job.resources = {4, int64_t{6} << 30, 1, 7200, "gpu", ""};
  job.elements = elements;
  return job;
}

// The whole array as one text: what would be sent, chunk after chunk, with made-up ids.
std::string scripts(const Job& job, int64_t largest) {
  std::string all;
  auto chunks = plan_chunks(job, largest);
  for (size_t i = 0; i < chunks.size(); ++i) {
    ChunkLane lane = lane_of(int64_t(i), int64_t(chunks.size()), job.at_once);
    all += sbatch_text(job, chunks[i], lane, lane.after < 0 ? std::vector<std::string>{} : std::vector<std::string>{text(1000 + lane.after)});
  }
  return all;
}

// TOMOGRAD_RECORD=1 writes the file anew, for a change that is meant.
void expect_recorded(const std::string& name, const std::string& found) {
  std::string path = std::string(TOMOGRAD_SOURCE_DIR) + "/tests/golden/cluster/" + name + ".sbatch";
  if (std::getenv("TOMOGRAD_RECORD")) publish_text(system_env(), path, found);
  EXPECT_EQ(found, read_text(system_env(), path)) << name;
}

TEST(SbatchText, RecordedScripts) {
  Job one = tiles(1);
  one.name = "merge", one.argv = {"tomograd", "predict", "--merge"}, one.resources = {};
  one.after = {{{"17", "18"}, true}, {{"12"}, false}};
  one.notice_seconds = 0;                        // a program that knows nothing of USR1
  expect_recorded("merge_after_tiles", scripts(one, 1001));
  expect_recorded("thirty_tiles", scripts(tiles(30), 1001));
  Job many = tiles(2500);
  many.at_once = 2, many.stagger_seconds = 600;
  expect_recorded("three_chunks_two_lanes", scripts(many, 1001));
  Job retry = tiles(2500);
  retry.only = {3, 4, 5, 9, 1001, 2499};
  expect_recorded("retry_of_six", scripts(retry, 1001));
  Job odd = tiles(2);
  odd.argv = {"./my prog#1", "", "it's", "a\nb\r\n", "$HOME `x` \\ \"", "caf\xc3\xa9 \xff", "x{element}y{elements}z{elementary}"};
  odd.folder = "/tmp/50% \"odd\" #folder's", odd.logs = odd.folder;
  expect_recorded("odd_bytes", scripts(odd, 1001));
}

// bash itself is the judge: what it makes of the script must be what the job says, for every byte.
TEST(SbatchText, TheShellReadsBackEveryByte) {
  Job job = tiles(1);
  job.folder = "/tmp";
  job.argv = {"printf", "%s\\0"};
  std::string every;
  for (int c = 1; c < 256; ++c) {
    every += char(c);
    job.argv.push_back(std::string(1, char(c)));
    job.argv.push_back("7" + std::string(1, char(c)) + "7");   // an octal escape must not take in a digit that follows
  }
  job.argv.push_back(every), job.argv.push_back(""), job.argv.push_back("-n"), job.argv.push_back("~"), job.argv.push_back("a=~/b");
  std::string expected;
  for (size_t i = 2; i < job.argv.size(); ++i) expected += job.argv[i] + std::string(1, '\0');
  for (const char* locale : {"C", "C.UTF-8"}) {
    Command bash;
    bash.argv = {"bash", "-c", sbatch_text(job, plan_chunks(job, 10)[0], {}, {})};
    bash.environment = {std::string("LC_ALL=") + locale};
    CommandAnswer answer = run_command(bash);
    EXPECT_TRUE(answer.ok()) << answer.err;
    EXPECT_TRUE(answer.out == expected) << locale << ", " << answer.out.size() << " bytes instead of " << expected.size();
  }
}

TEST(SbatchText, NoLineEndsInTheScriptThatSbatchWouldRefuse) {
  Job job = tiles(1);
  job.argv.push_back("a\r\nb"), job.environment.emplace_back("X", "\r\n#SBATCH --partition=evil\n");
  std::string script = sbatch_text(job, plan_chunks(job, 10)[0], {}, {});
  EXPECT_EQ(script.find('\r'), std::string::npos);
  EXPECT_EQ(script.find("\n#SBATCH --partition=evil"), std::string::npos);
}

TEST(SbatchText, EnvironmentOfAnElement) {
  Job job = tiles(2500);
  job.folder = "/tmp", job.stagger_seconds = 600;
  job.argv = {"sh", "-c", "echo $TOMOGRAD_ELEMENT $TOMOGRAD_ELEMENTS $TOMOGRAD_JOB $TOMOGRAD_LIFETIME_SECONDS $OMP_NUM_THREADS {element}"};
  Command bash;
  bash.argv = {"bash", "-c", sbatch_text(job, plan_chunks(job, 1001).at(2), {}, {})};
  bash.environment = {"SLURM_ARRAY_TASK_ID=497"};
  EXPECT_EQ(run_command(bash).out, text("2499 2500 ", job.uuid, " ", lifetime_seconds(job, 2499), " 4 2499\n"));
}

TEST(SbatchText, LifetimesAreSpreadOverTheStagger) {
  Job job = tiles(1000);
  job.stagger_seconds = 600;
  std::map<int64_t, int> minutes;
  for (int64_t element = 0; element < 1000; ++element) {
    int64_t earlier = 7200 - 120 - lifetime_seconds(job, element);
    ASSERT_TRUE(earlier >= 0 && earlier < 600) << element;
    ++minutes[earlier / 60];
  }
  EXPECT_EQ(minutes.size(), 10u);
  for (auto [minute, elements] : minutes) EXPECT_NEAR(elements, 100, 5) << minute;   // three gap lengths at most: even to a few
}

TEST(SbatchText, ChunksHoldEachElementOnce) {
  for (int64_t elements : {1, 2, 1000, 1001, 1002, 10'000, 100'000}) {
    for (int64_t largest : {1, 7, 1001, 1'000'000}) {
      if (elements / largest > 20'000) continue;
      int64_t next = 0;
      for (const auto& chunk : plan_chunks(tiles(elements), largest)) {
        ASSERT_EQ(chunk.first, next);
        ASSERT_TRUE(chunk.count >= 1 && chunk.count <= largest);
        ASSERT_EQ(chunk.first, chunk.index * largest);
        next += chunk.count;
      }
      ASSERT_EQ(next, elements);
    }
  }
}

TEST(SbatchText, LanesKeepTheThrottle) {
  for (int64_t chunks : {1, 2, 3, 7, 100})
    for (int64_t at_once : {1, 2, 5, 7, 30, 1000}) {
      std::map<int64_t, int64_t> lanes;                          // first chunk of a lane -> its share
      for (int64_t position = 0; position < chunks; ++position) {
        ChunkLane lane = lane_of(position, chunks, at_once);
        int64_t first = position;
        while (lane_of(first, chunks, at_once).after >= 0) {
          ASSERT_LT(lane_of(first, chunks, at_once).after, first);
          first = lane_of(first, chunks, at_once).after;
        }
        auto [found, fresh] = lanes.emplace(first, lane.at_once);
        EXPECT_EQ(found->second, lane.at_once);
      }
      int64_t sum = 0;
      for (auto [first, share] : lanes) {
        EXPECT_GE(share, 1);
        sum += share;
      }
      EXPECT_EQ(sum, at_once);
    }
  EXPECT_EQ(lane_of(3, 9, 0).at_once, 0);
  EXPECT_EQ(lane_of(3, 9, 0).after, -1);
}

TEST(SbatchText, RefusesWhatASchedulerCannotTake) {
  auto refused = [](auto change, const char* part) {
    Job job = tiles(10);
    change(job);
    try {
      check_job(job);
      ADD_FAILURE() << "accepted; expected a refusal with: " << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
    }
  };
  check_job(tiles(10));
  refused([](Job& j) { j.uuid = ""; }, "uuid is ''");
  refused([](Job& j) { j.name = "a b"; }, "name is 'a b'");
  refused([](Job& j) { j.argv.clear(); }, "no command");
  refused([](Job& j) { j.argv[1] = std::string("a\0b", 3); }, "NUL byte after 'a'");
  refused([](Job& j) { j.folder = "x"; }, "'x' is not an absolute path");
  refused([](Job& j) { j.logs = "/a\nb"; }, "control character");
  refused([](Job& j) { j.logs = "/a\\b"; }, "backslash");
  refused([](Job& j) { j.environment = {{"A=B", "x"}}; }, "'A=B' is no name");
  refused([](Job& j) { j.environment = {{"9A", "x"}}; }, "'9A' is no name");
  refused([](Job& j) { j.elements = 0; }, "elements is 0");
  refused([](Job& j) { j.elements = most_elements + 1; }, "beyond any scheduler");
  refused([](Job& j) { j.resources.cpus = 0; }, "cpus is 0");
  refused([](Job& j) { j.resources.queue = "a\n#SBATCH"; }, "queue is");
  refused([](Job& j) { j.resources.seconds = 100; }, "time limit of 100 s leaves nothing after 120 s");
  refused([](Job& j) { j.only = {3, 3}; }, "element 3");
  refused([](Job& j) { j.only = {10}; }, "element 10");
  refused([](Job& j) { j.after = {{{"1 2"}, true}}; }, "'1 2' is no id");
}

TEST(SbatchText, UuidsDiffer) {
  std::string a = new_uuid(), b = new_uuid();
  EXPECT_NE(a, b);
  EXPECT_EQ(a.size(), 36u);
  EXPECT_EQ(a[14], '4');
}

}  // namespace
}  // namespace tomograd
