// States out of recorded answers of squeue, sacct and scontrol (22.05), and out of what is wrong or missing in them.
#include <gtest/gtest.h>

#include <optional>

#include "cluster/slurm_output.h"
#include "cluster/slurm_test_support.h"

namespace tomograd {
namespace {

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

std::string scontrol_line(const std::string& id, const std::string& array, const std::string& index, const std::string& state, const std::string& reason, const std::string& exit_code) {
  return "JobId=" + id + (array.empty() ? "" : " ArrayJobId=" + array + " ArrayTaskId=" + index) + " JobName=tiles-u-0 UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901757 Nice=0 Account=(null) QOS=(null) JobState=" + state +
         " Reason=" + reason + " Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=" + exit_code + " RunTime=00:00:03 TimeLimit=00:02:00 Command=/tmp/a b/JobState=FAILED WorkDir=/tmp Comment=tomograd/u/0\n";
}

TEST(SlurmOutput, ArrayIndices) {
  EXPECT_EQ(array_indices("5"), (Ranges{{5, 5}}));
  EXPECT_EQ(array_indices("[0-3,7,9-11%2]"), (Ranges{{0, 3}, {7, 7}, {9, 11}}));
  EXPECT_EQ(array_indices("1-9:4"), (Ranges{{1, 1}, {5, 5}, {9, 9}}));
  for (const char* bad : {"", "x", "3-1", "-1", "1,,2", "[1,3,...]", "0-99999999999", "1-5:0", "99999999999999999999", "1-"}) EXPECT_TRUE(array_indices(bad).empty()) << bad;
}

TEST(SlurmOutput, EveryStateWordOfTheManual) {
  for (auto [word, state] : {std::pair{"PENDING", JobState::pending}, {"RUNNING", JobState::running}, {"COMPLETING", JobState::running}, {"COMPLETED", JobState::complete}, {"FAILED", JobState::failed},
                             {"TIMEOUT", JobState::timed_out}, {"NODE_FAIL", JobState::node_failure}, {"BOOT_FAIL", JobState::node_failure}, {"PREEMPTED", JobState::preempted}, {"CANCELLED", JobState::cancelled},
                             {"CANCELLED by 1000", JobState::cancelled}, {"CANCELLED+", JobState::cancelled}, {"OUT_OF_MEMORY", JobState::failed}, {"REQUEUED", JobState::requeued}, {"SPECIAL_EXIT", JobState::requeued},
                             {"DEADLINE", JobState::timed_out}, {"SUSPENDED", JobState::running}, {"UNKNOWN", JobState::unknown}, {"", JobState::unknown}, {"A_WORD_OF_2031", JobState::unknown}})
    EXPECT_EQ(slurm_state(word), state) << word;
}

std::vector<std::string> shown(const std::vector<SlurmRecord>& records) {
  std::vector<std::string> result;
  for (const auto& record : records) {
    std::string line = record.job;
    for (auto [first, last] : record.indices) line += text(" ", first, "-", last);
    result.push_back(line + " " + job_state_name(record.state) + ": " + record.reason);
  }
  return result;
}
using Lines = std::vector<std::string>;

TEST(SlurmOutput, Squeue) {
  EXPECT_EQ(shown(parse_squeue("slurm: a message of the day\n41|3|RUNNING|None\n41|4|PENDING|BeginTime\n42|N/A|PENDING|DependencyNeverSatisfied\n41|N/A|\n|1|RUNNING|None\n43|7|PENDING|job requeued in held state\n44|x|RUNNING|None\n")),
            (Lines{"41 3-3 running: ", "41 4-4 requeued: BeginTime", "42 0-0 cancelled: DependencyNeverSatisfied", "43 7-7 requeued: job requeued in held state"}));
}

TEST(SlurmOutput, Sacct) {
  EXPECT_EQ(shown(parse_sacct("41_0|COMPLETED|0:0\n41_0.batch|COMPLETED|0:0\n41_1|FAILED|0:9\n41_2|FAILED|3:0\n41_3|OUT_OF_MEMORY|0:125\n41_[4-9%2]|PENDING|0:0\n42|CANCELLED by 1000|0:0\n")),
            (Lines{"41 0-0 complete: ", "41 1-1 failed: FAILED, killed by signal 9", "41 2-2 preempted: FAILED, exit code 3", "41 3-3 failed: OUT_OF_MEMORY", "41 4-9 pending: PENDING", "42 0-0 cancelled: CANCELLED by 1000"}));
}

TEST(SlurmOutput, ScontrolIsNotMisledByPaths) {
  EXPECT_EQ(shown(parse_scontrol_jobs(scontrol_line("45", "41", "4", "COMPLETED", "None", "0:0") + scontrol_line("46", "41", "5", "FAILED", "NonZeroExitCode", "1:0") + scontrol_line("47", "", "", "TIMEOUT", "TimeLimit", "0:15") + "\nJobState=FAILED\n")),
            (Lines{"41 4-4 complete: ", "41 5-5 failed: FAILED, NonZeroExitCode, exit code 1", "47 0-0 timed out: TIMEOUT, TimeLimit"}));
}

TEST(SlurmOutput, IdsAndLimits) {
  EXPECT_EQ(parse_job_id("123\n"), "123");
  EXPECT_EQ(parse_job_id("Welcome\n123;cluster\n"), "123");
  for (const char* none : {"", "\n", "Submitted batch job", "0", "-4", "12x"}) EXPECT_EQ(parse_job_id(none), "") << none;
  EXPECT_EQ(parse_max_array_size("A = 1\nMaxArraySize            = 1001\nMaxDBDMsgs = 7\n"), 1001);
  EXPECT_EQ(parse_max_array_size("nothing"), -1);
}

class SlurmStates : public FakeSlurm {
 protected:
  void SetUp() override {
    FakeSlurm::SetUp();
    Job tiles = job(6);
    submission_ = cluster_.emplace(slurm()).submit(tiles);
    id_ = submission_.chunks[0].id;
  }
  std::string line(int64_t index, const std::string& state, const std::string& reason = "None") { return text(id_, "|", index, "|", state, "|", reason, "\n"); }

  std::optional<Slurm> cluster_;
  Submission submission_;
  std::string id_;
};

TEST_F(SlurmStates, AbsenceIsNeverSuccess) {
  set("squeue.out", ""), set("sacct.out", ""), set("scontrol.out", "");
  ElementStates states = cluster_->states(submission_);
  EXPECT_EQ(states.count(JobState::unknown), 6);
  EXPECT_FALSE(states.all_ended(submission_));
}

TEST_F(SlurmStates, AJobWhoseIdWasALieIsUnknown) {
  set("lies", "lost\n");
  Submission lost = cluster_->submit(job(4));
  EXPECT_EQ(lost.chunks[0].id, "77");
  EXPECT_EQ(cluster_->states(lost).count(JobState::unknown), 4);
}

TEST_F(SlurmStates, AccountingCompletesWhatSqueueNoLongerKnows) {
  set("squeue.out", line(0, "RUNNING") + line(1, "PENDING", "BeginTime") + line(2, "COMPLETING") + "9999|0|RUNNING|None\n" + line(77, "RUNNING"));
  set("sacct.out", text(id_, "_0|FAILED|1:0\n", id_, "_3|COMPLETED|0:0\n", id_, "_4|RUNNING|0:0\n", id_, "_5|NODE_FAIL|0:0\n"));
  ElementStates states = cluster_->states(submission_);
  EXPECT_EQ(states.of[0], JobState::running);     // sacct tells of an earlier run
  EXPECT_EQ(states.of[1], JobState::requeued);
  EXPECT_EQ(states.of[2], JobState::running);
  EXPECT_EQ(states.of[3], JobState::complete);
  EXPECT_EQ(states.of[4], JobState::unknown);     // sacct is behind
  EXPECT_EQ(states.reasons.at(4), "sacct calls it running, squeue does not know it");
  EXPECT_EQ(states.of[5], JobState::node_failure);
  EXPECT_NE(get("calls").find("--starttime="), std::string::npos);   // else what ended before midnight is not told
}

TEST_F(SlurmStates, WithoutAccountingScontrolIsAskedAndWhatItForgetsIsRemembered) {
  set("squeue.out", line(0, "RUNNING"));
  set("scontrol.out", scontrol_line("1", id_, "1", "COMPLETED", "None", "0:0") + scontrol_line("2", id_, "2", "FAILED", "NonZeroExitCode", "0:9") + scontrol_line("3", id_, "3-4%1", "CANCELLED", "None", "0:0"));
  ElementStates states = cluster_->states(submission_);
  EXPECT_EQ(states.of, (std::vector<JobState>{JobState::running, JobState::complete, JobState::failed, JobState::cancelled, JobState::cancelled, JobState::unknown}));
  EXPECT_EQ(states.reasons.at(2), "FAILED, NonZeroExitCode, killed by signal 9");
  set("squeue.out", line(0, "RUNNING") + line(3, "RUNNING"));        // somebody has queued 3 again
  std::filesystem::remove(folder_ + "/fake/scontrol.out");           // and the rest is forgotten
  states = cluster_->states(submission_);
  EXPECT_EQ(states.of, (std::vector<JobState>{JobState::running, JobState::complete, JobState::failed, JobState::running, JobState::cancelled, JobState::unknown}));
  EXPECT_EQ(states.reasons.at(2), "FAILED, NonZeroExitCode, killed by signal 9");
  set("squeue.out", "");
  EXPECT_EQ(cluster_->states(submission_).of[3], JobState::unknown);  // it ended, and nobody says how
  EXPECT_EQ(calls("sacct"), 1);                   // once told that there is no accounting is enough
}

TEST_F(SlurmStates, ANodeThatFailsAndComesBackUnderTheSameId) {
  set("sacct.out", "");
  std::vector<JobState> seen;
  for (const auto& [word, reason] : std::vector<std::pair<std::string, std::string>>{{"RUNNING", "None"}, {"NODE_FAIL", "NodeDown"}, {"PENDING", "BeginTime"}, {"RUNNING", "None"}}) {
    set("squeue.out", line(0, word, reason));
    if (word == "NODE_FAIL") set("sacct.out", id_ + "_0|NODE_FAIL|0:0\n");
    seen.push_back(cluster_->states(submission_).of[0]);
  }
  set("squeue.out", ""), set("sacct.out", id_ + "_0|COMPLETED|0:0\n");
  seen.push_back(cluster_->states(submission_).of[0]);
  EXPECT_EQ(seen, (std::vector<JobState>{JobState::running, JobState::node_failure, JobState::requeued, JobState::running, JobState::complete}));
}

TEST_F(SlurmStates, CancelledBeforeItsFirstLine) {
  set("squeue.out", ""), set("sacct.out", id_ + "_[0-5%2]|CANCELLED by 1000|0:0\n");
  EXPECT_TRUE(cluster_->states(submission_).all_ended(submission_));
  EXPECT_EQ(cluster_->states(submission_).count(JobState::cancelled), 6);
}

TEST_F(SlurmStates, ElementsAreNamedOneByOne) {
  cluster_->requeue(submission_, 4), cluster_->release(submission_, 4);
  EXPECT_EQ(calls("scontrol requeue " + id_ + "_4"), 1);
  EXPECT_EQ(calls("scontrol update JobId=" + id_ + "_4 StartTime=now+2"), 1);
  EXPECT_EQ(calls("scontrol requeue " + id_ + "\n"), 0);
  EXPECT_THROW(cluster_->requeue(submission_, 6), Error);
  EXPECT_THROW(cluster_->requeue(submission_, -1), Error);
  cluster_->cancel(submission_);
  EXPECT_TRUE(accepted().empty());
}

TEST_F(SlurmStates, OnlyTheElementsOfARetryCount) {
  Job retry = job(6);
  retry.only = {1, 4};
  Submission some = cluster_->submit(retry);
  set("squeue.out", ""), set("sacct.out", text(some.chunks[0].id, "_1|COMPLETED|0:0\n", some.chunks[0].id, "_4|COMPLETED|0:0\n"));
  ElementStates states = cluster_->states(some);
  EXPECT_TRUE(states.all_ended(some));
  EXPECT_EQ(states.count(JobState::complete), 2);
  EXPECT_THROW(cluster_->requeue(some, 2), Error);
}

TEST_F(SlurmStates, AControllerThatDoesNotAnswerIsAnErrorNotAHang) {
  tools_.squeue = {"sh", "-c", "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1"};
  Slurm cluster = slurm();
  try {
    cluster.states(submission_);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failure);
    EXPECT_NE(error.message().find("no answer from Slurm after 5 attempts"), std::string::npos) << error.what();
  }
}

TEST_F(SlurmStates, TheRecordOfASubmissionReadsBackAndRefusesNonsense) {
  std::string path = folder_ + "/record.json";
  Job retry = job(6);
  retry.only = {1, 4};
  Submission written = cluster_->submit(retry);
  save_submission(system_env(), path, written);
  Submission read = load_submission(system_env(), path);
  EXPECT_EQ(read.only, written.only);
  EXPECT_EQ(read.ids(), written.ids());
  std::string good = read_text(system_env(), path);
  for (auto [from, to] : {std::pair{"tomograd.submission/1", "tomograd.submission/2"}, {"\"elements\": 6", "\"elements\": 999999999999"}, {"\"count\": 6", "\"count\": 7"}, {"\"first\": 0", "\"first\": -1"}, {"\"uuid\"", "\"uu\""}}) {
    std::string bad = good;
    size_t at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    publish_text(system_env(), path, bad.replace(at, std::string(from).size(), to));
    EXPECT_THROW(load_submission(system_env(), path), Error) << to;
  }
}

}  // namespace
}  // namespace tomograd
