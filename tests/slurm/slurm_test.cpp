// Against a real Slurm, whose configuration TOMOGRAD_SLURM_CONF names (scripts/test_slurm.sh starts a private one with arrays
// of 8 at most and no accounting).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/error.h"
#include "cluster/sbatch_text.h"
#include "cluster/slurm.h"

namespace tomograd {
namespace {

class RealSlurm : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* conf = std::getenv("TOMOGRAD_SLURM_CONF");
    if (!conf) GTEST_SKIP() << "no SLURM: TOMOGRAD_SLURM_CONF is not set (make test-slurm)";
    tools_.environment = {std::string("SLURM_CONF=") + conf};
    char name[] = "/tmp/tomograd_real_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  Slurm slurm() { return Slurm(system_env(), system_clock(), tools_); }
  Job job(const std::string& script, int64_t elements) const {
    Job result;
    result.uuid = new_uuid(), result.name = "real", result.argv = {"sh", "-c", script}, result.folder = folder_, result.logs = folder_ + "/logs", result.elements = elements;
    result.resources.seconds = 300;
    return result;
  }
  ElementStates finish(Slurm& cluster, const Submission& submission) {
    double began = system_clock().monotonic_seconds();
    ElementStates states = watch(cluster, submission, system_clock(), 0.2, {}, [&](const ElementStates&) { return system_clock().monotonic_seconds() - began < 90; });
    EXPECT_TRUE(states.all_ended(submission)) << "not done within 90 s";
    return states;
  }

  SlurmTools tools_;
  std::string folder_;
};

TEST_F(RealSlurm, FoldersAndArgumentsWithOddBytes) {
  Job odd = job("", 2);
  odd.folder = folder_ + "/50% \"odd\" #folder's ;x", odd.logs = odd.folder + "/lo gs";
  std::filesystem::create_directories(odd.folder);
  odd.argv = {"sh", "-c", "printf %s \"$1\" > bytes-$TOMOGRAD_ELEMENT; printf %s \"$A\" >> bytes-$TOMOGRAD_ELEMENT; echo logged", "sh", "a\r\nb'\\\" $HOME \xff \x01{element}"};
  odd.environment = {{"A", "\r\n#SBATCH --partition=none\n"}};
  Slurm cluster = slurm();
  Submission submission = cluster.submit(odd);
  EXPECT_EQ(finish(cluster, submission).count(JobState::complete), 2);
  for (int64_t element = 0; element < 2; ++element) {
    EXPECT_EQ(read_text(system_env(), text(odd.folder, "/bytes-", element)), text("a\r\nb'\\\" $HOME \xff \x01", element, "\r\n#SBATCH --partition=none\n"));
    EXPECT_EQ(read_text(system_env(), text(odd.logs, "/real-", submission.chunks[0].id, "_", element, ".log")), "logged\n");
  }
}

TEST_F(RealSlurm, ChunksWithOffsetsAndAMergeAfterThem) {
  Job tiles = job("echo $TOMOGRAD_ELEMENT >> ran-$TOMOGRAD_ELEMENT", 19);
  tiles.at_once = 2;
  Slurm cluster = slurm();
  Submission submission = cluster.submit(tiles);
  EXPECT_EQ(submission.chunks.size(), 3u);
  Job merge = job("cat ran-* | sort -n | tr '\\n' ' ' > merged", 1);
  merge.after = {{submission.ids(), true}};
  Submission merged = cluster.submit(merge);
  EXPECT_EQ(finish(cluster, merged).count(JobState::complete), 1);
  EXPECT_EQ(cluster.states(submission).count(JobState::complete), 19);
  EXPECT_EQ(read_text(system_env(), folder_ + "/merged"), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 ");
}

TEST_F(RealSlurm, FailuresAreToldApartAndCancelWhatWaitsForThem) {
  Job mixed = job("case $TOMOGRAD_ELEMENT in 0) exit 0 ;; 1) exit 5 ;; 2) exit 3 ;; 3) kill -9 $$ ;; esac", 4);
  Slurm cluster = slurm();
  Submission submission = cluster.submit(mixed);
  Job never = job("echo wrong > wrong", 1), always = job("echo right > right", 1);
  never.after = {{submission.ids(), true}}, always.after = {{submission.ids(), false}};
  Submission cancelled = cluster.submit(never), cleaned = cluster.submit(always);
  ElementStates states = finish(cluster, submission);
  EXPECT_EQ(states.of, (std::vector<JobState>{JobState::complete, JobState::failed, JobState::preempted, JobState::failed}));
  EXPECT_NE(states.reasons[1].find("exit code 5"), std::string::npos) << states.reasons[1];
  EXPECT_NE(states.reasons[3].find("signal 9"), std::string::npos) << states.reasons[3];
  EXPECT_EQ(finish(cluster, cleaned).of[0], JobState::complete);
  EXPECT_EQ(finish(cluster, cancelled).of[0], JobState::cancelled);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/wrong"));
}

TEST_F(RealSlurm, ARetryRunsItsElementsAlone) {
  Job some = job("echo $TOMOGRAD_ELEMENT >> ran-$TOMOGRAD_ELEMENT", 20);
  some.only = {1, 2, 17};
  Slurm cluster = slurm();
  Submission submission = cluster.submit(some);
  EXPECT_EQ(submission.chunks.size(), 2u);
  EXPECT_EQ(finish(cluster, submission).count(JobState::complete), 3);
  int64_t files = 0;
  for (const auto& name : system_env().list(folder_)) files += name.rfind("ran-", 0) == 0;
  EXPECT_EQ(files, 3);
  EXPECT_EQ(read_text(system_env(), folder_ + "/ran-17"), "17\n");
}

TEST_F(RealSlurm, AJobWhoseAnswerWasLostIsFoundByItsUuid) {
  Job tiles = job("echo once >> ran-$TOMOGRAD_ELEMENT", 10);
  SlurmTools honest = tools_;
  tools_.sbatch = {"sh", "-c", "sbatch \"$@\" >/dev/null; echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1", "sbatch"};
  Submission submission = slurm().submit(tiles);
  tools_ = honest;
  Slurm cluster = slurm();
  EXPECT_EQ(finish(cluster, submission).count(JobState::complete), 10);
  Submission torn = submission;                   // and after everything has ended, with a record that lacks it
  for (auto& chunk : torn.chunks) chunk.id = "";
  save_submission(system_env(), Slurm::record_path(tiles), torn);
  EXPECT_EQ(slurm().submit(tiles).ids(), submission.ids());
  for (int64_t element = 0; element < 10; ++element) EXPECT_EQ(read_text(system_env(), text(folder_, "/ran-", element)), "once\n");
}

TEST_F(RealSlurm, RequeueTouchesOneElementAndTheWorkerHearsOfIt) {
  Job tiles = job("echo run; trap 'echo term; exit 3' TERM; [ -f stop ] && exit 0; while :; do sleep 0.1; [ -f stop ] && exit 0; done", 2);
  Slurm cluster = slurm();
  Submission submission = cluster.submit(tiles);
  bool asked = false, released = false;
  double began = system_clock().monotonic_seconds();
  watch(cluster, submission, system_clock(), 0.2, {}, [&](const ElementStates& now) {
    if (now.count(JobState::running) == 2 && !asked) {
      system_clock().sleep_seconds(0.5);          // the shell sets its trap
      asked = true, cluster.requeue(submission, 1);
    } else if (asked && !released && now.of[1] == JobState::requeued) {
      released = true, cluster.release(submission, 1);
    } else if (asked && now.of[1] == JobState::running) {
      std::string log = read_text(system_env(), text(folder_, "/logs/real-", submission.chunks[0].id, "_1.log"));
      if (log.find("run", 4) != std::string::npos) publish_text(system_env(), folder_ + "/stop", "now");
    }
    return system_clock().monotonic_seconds() - began < 60;
  });
  EXPECT_EQ(finish(cluster, submission).count(JobState::complete), 2);
  std::string first = read_text(system_env(), text(folder_, "/logs/real-", submission.chunks[0].id, "_0.log")), second = read_text(system_env(), text(folder_, "/logs/real-", submission.chunks[0].id, "_1.log"));
  EXPECT_EQ(first, "run\n");
  EXPECT_EQ(second.rfind("run\n", 0), 0u);
  EXPECT_NE(second.find("term\n"), std::string::npos) << second;     // TERM reached the worker itself
  EXPECT_NE(second.find("run\n", 4), std::string::npos) << second;
}

TEST_F(RealSlurm, NoticeOfTheTimeLimitReachesTheWorkerWhichAsksForAnotherTurn) {
  Job slow = job("", 2);
  slow.argv = {"bash", "-c", "[ ! -f again-$TOMOGRAD_ELEMENT ] || exit 0; trap 'touch again-$TOMOGRAD_ELEMENT; scontrol requeue ${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID; exit 3' USR1; while :; do sleep 0.1; done"};
  slow.resources.seconds = 60, slow.notice_seconds = 57;             // as early as Slurm allows: it looks every few seconds
  Slurm cluster = slurm();
  Submission submission = cluster.submit(slow);
  std::vector<bool> released(2);
  double began = system_clock().monotonic_seconds();
  ElementStates states = watch(cluster, submission, system_clock(), 0.2, {}, [&](const ElementStates& now) {
    for (int64_t element = 0; element < 2; ++element)
      if (now.of[size_t(element)] == JobState::requeued && !released[size_t(element)]) released[size_t(element)] = true, cluster.release(submission, element);
    return system_clock().monotonic_seconds() - began < 120;
  });
  EXPECT_EQ(states.count(JobState::complete), 2);
  EXPECT_TRUE(released[0] && released[1]);
}

TEST_F(RealSlurm, AMissingFolderIsAFailureNotARunSomewhereElse) {
  Job lost = job("echo wrong > /tmp/tomograd-ran-elsewhere-$TOMOGRAD_JOB", 1);
  lost.folder = folder_ + "/missing";
  Slurm cluster = slurm();
  EXPECT_EQ(finish(cluster, cluster.submit(lost)).of[0], JobState::failed);
  EXPECT_FALSE(std::filesystem::exists("/tmp/tomograd-ran-elsewhere-" + lost.uuid));
}

TEST_F(RealSlurm, CancelAndRefusal) {
  Slurm cluster = slurm();
  Submission submission = cluster.submit(job("sleep 60", 4));
  cluster.cancel(submission);
  EXPECT_EQ(finish(cluster, submission).count(JobState::cancelled), 4);
  cluster.cancel(submission);                     // once more is fine
  Job wrong = job("true", 2);
  wrong.resources.queue = "no-such-queue";
  try {
    cluster.submit(wrong);
    ADD_FAILURE() << "the queue does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("partition"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tomograd
