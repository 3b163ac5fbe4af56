#include "cluster/slurm_overview.h"

#include <signal.h>

#include "cluster/slurm_test_support.h"

namespace tomograd {
namespace {

// As Slurm 22.05 printed them; the second partition with graphics processors and a node that is down.
const std::string sinfo_lines =
    "main*|up|1:00:00|1/0/1/2|1/0/1/2|1000|(null)\n"
    "gpu|up|2-00:00:00|1/1/0/2|32/32/0/64|515000|gpu:a100:4(S:0-1)\n"
    "gpu|up|2-00:00:00|0/0/1/1|0/0/16/16|64000|gpu:v100:2,shard:8\n"
    "all|drain|infinite|2/1/2/5|33/32/17/82|1000|gpu\n";
const std::string squeue_lines =
    "1_[3,6,9%1]|main|PENDING|0:00|5:00|1|0|1|N/A|JobArrayTaskLimit|a|b\n"
    "3|main|PENDING|0:00|1:00:00|1|300M|1|2026-11-27T14:35:15|BeginTime|wrap\n"
    "1_0|main|RUNNING|0:02|UNLIMITED|8|4Gc|1|2026-11-27T13:35:16|None|a|b\n";
const std::string node_lines =
    "NodeName=n1 Arch=x86_64 CPUAlloc=1 CPUTot=1 OS=Linux 6.1 #1 SMP  RealMemory=1000 AllocMem=300 FreeMem=18037 State=ALLOCATED Partitions=main,all  BootTime=2026-11-27T13:28:08\n"
    "NodeName=n2 Arch=x86_64 CPUAlloc=0 CPUTot=1 RealMemory=1000 AllocMem=0 FreeMem=N/A State=DOWN Partitions=main,all  BootTime=None\n";

TEST(SlurmListing, TimesAreTheirs) {
  for (auto [word, seconds] : {std::pair{"0:02", 2}, {"5:00", 300}, {"1:00:00", 3600}, {"2-03:04:05", 183845}, {"UNLIMITED", -1}, {"infinite", -1}, {"NOT_SET", -1}, {"", -2}, {"5", -2}, {"5:0", -2}, {"1:60", -2}, {"x:00", -2}, {"-1:00", -2}, {"1-00", -2}, {"1-2:03", -2}, {"1:2:3:4", -2}, {"INVALID", -2}})
    EXPECT_EQ(slurm_seconds(word), seconds) << word;
}

TEST(SlurmListing, GraphicsProcessorsAreCounted) {
  for (auto [gres, count] : {std::pair{"(null)", 0}, {"gpu:4", 4}, {"gpu:a100:4(S:0-1,3),shard:8", 4}, {"gpu:a100:2,gpu:v100:1", 3}, {"gpu", 1}, {"gpu:a100", 1}, {"craynetwork:4", 0}, {"gpu:a100:x", -1}}) EXPECT_EQ(slurm_gpus(gres), count) << gres;
}

TEST(SlurmListing, PartitionsAreSumsOfTheirNodes) {
  auto [partitions, strange] = parse_partitions(sinfo_lines);
  ASSERT_EQ(partitions.size(), 3u);
  EXPECT_EQ(strange, 0);
  EXPECT_TRUE(partitions[0].usual);
  EXPECT_EQ(partitions[0].name, "main");
  EXPECT_EQ(partitions[0].memory_bytes, int64_t{2000} << 20);
  EXPECT_EQ(partitions[1].nodes, (SlurmShare{1, 1, 1, 3}));
  EXPECT_EQ(partitions[1].cpus, (SlurmShare{32, 32, 16, 80}));
  EXPECT_EQ(partitions[1].gpus, 2 * 4 + 2);
  EXPECT_EQ(partitions[1].memory_bytes, (int64_t{2 * 515000 + 64000}) << 20);
  EXPECT_EQ(partitions[1].limit_seconds, 172800);
  EXPECT_EQ(partitions[2].limit_seconds, -1);
  add_memory(partitions, parse_nodes(node_lines).records);
  EXPECT_EQ(partitions[0].memory_promised_bytes, int64_t{300} << 20);
  EXPECT_EQ(partitions[0].memory_free_bytes, int64_t{18037} << 20);
  EXPECT_EQ(partitions[1].memory_promised_bytes, -1);              // none of its nodes was told
}

TEST(SlurmListing, QueueSaysWhatWaitsAndWhy) {
  const auto [queue, strange] = parse_queued(squeue_lines);
  ASSERT_EQ(queue.size(), 3u);
  EXPECT_EQ(strange, 0);
  EXPECT_EQ(queue[0].id, "1_[3,6,9%1]");
  EXPECT_EQ(queue[0].array, "3,6,9%1");
  EXPECT_EQ(queue[0].name, "a|b");
  EXPECT_EQ(queue[0].reason, "JobArrayTaskLimit");
  EXPECT_EQ(queue[0].limit_seconds, 300);
  EXPECT_EQ(queue[1].starts, "2026-11-27T14:35:15");
  EXPECT_EQ(queue[1].memory_bytes, int64_t{300} << 20);
  EXPECT_EQ(queue[2].elapsed_seconds, 2);
  EXPECT_EQ(queue[2].limit_seconds, -1);
  EXPECT_EQ(queue[2].memory_bytes, int64_t{32} << 30);             // 4 GiB for each of eight processors
  EXPECT_EQ(queue[2].reason, "");
}

TEST(SlurmListing, WhatIsNotUnderstoodIsCountedAndNotGuessed) {
  for (const char* bad : {"main|up|1:00:00|1/0/1/3|1/0/1/2|1000|(null)", "main|up|soon|1/0/1/2|1/0/1/2|1000|(null)", "main|up|1:00:00|1/0/1/2|1/0/1/2|1000+|(null)", "main|up|1:00:00|1/0/1/2|1/0/1/2|-1|(null)", "|up|1:00:00|1/0/1/2|1/0/1/2|1000|", "a message of the day", "main|up|1:00:00|1/0/1/2|1/0/1/2|1000|(null)|more"}) {
    const auto found = parse_partitions(std::string(bad) + "\n\n");
    EXPECT_TRUE(found.records.empty() && found.strange == 1) << bad;
  }
  for (const char* bad : {"x|main|PENDING|0:00|5:00|1|0|1|N/A|None|n", "0|main|PENDING|0:00|5:00|1|0|1|N/A|None|n", "7|main|pending|0:00|5:00|1|0|1|N/A|None|n", "7|main|PENDING|0:00|5:00|one|0|1|N/A|None|n", "7|main|PENDING|0:00|5:00|1|much|1|N/A|None|n", "7|main|PENDING|0:00|5:00|1|0|1|soon|None|n", "7|main|PENDING"}) {
    const auto found = parse_queued(bad);
    EXPECT_TRUE(found.records.empty() && found.strange == 1) << bad;
  }
}

TEST_F(FakeSlurm, AnOverviewHoldsAllThree) {
  set("sinfo.out", sinfo_lines), set("squeue.out", squeue_lines + "slurm_load: warning\n"), set("nodes.out", node_lines);
  const SlurmOverview seen = look_at_slurm(tools_, 30);
  EXPECT_TRUE(seen.installed && seen.queue_known);
  EXPECT_EQ(seen.partitions.size(), 3u);
  EXPECT_EQ(seen.queue.size(), 3u);
  EXPECT_EQ(seen.partitions[0].memory_promised_bytes, int64_t{300} << 20);
  ASSERT_EQ(seen.troubles.size(), 1u);
  EXPECT_TRUE(seen.troubles[0].starts_with("1 line of '")) << seen.troubles[0];
  EXPECT_EQ(calls("squeue --noheader --me "), 1);
}

TEST_F(FakeSlurm, AnOverviewWithoutAnswersSaysSo) {
  const SlurmOverview down = look_at_slurm(tools_, 30);
  EXPECT_TRUE(down.installed);
  ASSERT_FALSE(down.troubles.empty());
  EXPECT_NE(down.troubles[0].find("Unable to contact slurm controller"), std::string::npos) << down.troubles[0];
  tools_.sinfo = {folder_ + "/no-sinfo"};
  const SlurmOverview none = look_at_slurm(tools_, 30);
  EXPECT_FALSE(none.installed);
  ASSERT_EQ(none.troubles.size(), 1u);
  EXPECT_NE(none.troubles[0].find("is not installed"), std::string::npos);
}

TEST_F(FakeSlurm, AnOverviewEndsWhatHangs) {
  set("sinfo.out", sinfo_lines), set("nodes.out", node_lines), set("hang", "squeue");
  const SlurmOverview seen = look_at_slurm(tools_, 0.5);
  EXPECT_EQ(seen.partitions.size(), 3u);
  EXPECT_FALSE(seen.queue_known);
  ASSERT_EQ(seen.troubles.size(), 1u);
  EXPECT_NE(seen.troubles[0].find("gave no answer within 0.5 s"), std::string::npos) << seen.troubles[0];
  const std::string hung = get("hanging");
  ASSERT_FALSE(hung.empty());
  EXPECT_EQ(::kill(pid_t(std::stol(hung)), 0), -1);                  // and was waited for
  std::stop_source stop;
  stop.request_stop();
  set("hang", "sinfo");
  EXPECT_TRUE(look_at_slurm(tools_, 30, stop.get_token()).partitions.empty());   // at once, not in 30 s
}

}  // namespace
}  // namespace tomograd
