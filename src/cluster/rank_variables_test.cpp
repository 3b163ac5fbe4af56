#include "cluster/rank_variables.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace tomograd {
namespace {

RankVariables of(const std::map<std::string, std::string>& variables) {
  return rank_variables([&](const char* name) {
    auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

const std::map<std::string, std::string> a_step = {{"SLURM_PROCID", "5"}, {"SLURM_STEP_NUM_TASKS", "6"}, {"SLURM_LOCALID", "1"}, {"SLURM_STEP_TASKS_PER_NODE", "4,2"}, {"SLURM_NODEID", "1"},
                                                 {"SLURM_STEP_NUM_NODES", "2"}, {"SLURM_STEP_NODELIST", "gpu[07-08]"}, {"SLURM_JOB_ID", "1000"}, {"SLURM_STEP_ID", "2"}};

TEST(RankVariables, NothingIsOneRank) {
  EXPECT_FALSE(of({}).place.split());
  EXPECT_FALSE(of({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}).place.split());  // a batch script, not a step
  EXPECT_FALSE(of({{"RANK", "3"}}).place.split());
}

TEST(RankVariables, AStepOfSlurmMeetsAtItsFirstNode) {
  RankPlace place = of(a_step).place;
  EXPECT_EQ(place.rank, 5);
  EXPECT_EQ(place.ranks, 6);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.local_ranks, 2);
  EXPECT_EQ(place.host, "gpu07");
  EXPECT_EQ(place.port, 20000 + 31002 % 10000);
  EXPECT_FALSE(place.serves);
  auto one_node = a_step;
  one_node["SLURM_STEP_NUM_NODES"] = "1", one_node["SLURM_PROCID"] = "0";
  EXPECT_EQ(of(one_node).place.host, "127.0.0.1");
  EXPECT_TRUE(of(one_node).place.serves);
  auto trial = a_step;
  trial["TOMOGRAD_TRIAL_OUT"] = "/somewhere";
  EXPECT_FALSE(of(trial).place.split());
}

TEST(RankVariables, TorchrunGoesFirstAndMayServeTheStore) {
  auto both = a_step;
  both.insert({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "29511"}});
  RankPlace place = of(both).place;
  EXPECT_EQ(place.rank, 0);
  EXPECT_EQ(place.ranks, 2);
  EXPECT_EQ(place.host, "10.0.0.1");
  EXPECT_EQ(place.port, 29511);
  EXPECT_TRUE(place.serves);
  both["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  EXPECT_FALSE(of(both).place.serves);
}

TEST(RankVariables, WhatCannotBeRightIsSaid) {
  EXPECT_THROW(of({{"RANK", "2"}, {"WORLD_SIZE", "2"}}), Error);
  EXPECT_THROW(of({{"RANK", "one"}, {"WORLD_SIZE", "2"}}), Error);
  EXPECT_EQ(of({{"RANK", "1"}, {"WORLD_SIZE", "2"}}).place.host, "");
}

TEST(RankVariables, ListsOfSlurm) {
  EXPECT_EQ(first_host("a"), "a");
  EXPECT_EQ(first_host("a1,b[2-3]"), "a1");
  EXPECT_EQ(first_host("n[001-004,9],z"), "n001");
  EXPECT_EQ(first_host("r[2,5]-x,z"), "r2-x");
  EXPECT_EQ(first_host(""), "");
  EXPECT_EQ(tasks_of_node("3(x2),1", 0), 3);
  EXPECT_EQ(tasks_of_node("3(x2),1", 1), 3);
  EXPECT_EQ(tasks_of_node("3(x2),1", 2), 1);
  EXPECT_EQ(tasks_of_node("", 0), 0);
}

}  // namespace
}  // namespace tomograd
