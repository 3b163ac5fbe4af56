#include "planning/cluster_configuration.h"

#include <gtest/gtest.h>

#include "planning/planning_test_files.h"

namespace tomograd {
namespace {

ClusterConfiguration cluster_for(PlanQuestion question, const std::string& type, bool spot) {
  question.types = {type};
  return cluster_of(make_plan(delivered_catalogue(), question), {0, spot}, delivered_catalogue());
}

bool has(const std::string& in, const std::string& what) { return in.find(what) != std::string::npos; }

TEST(ClusterConfiguration, NamesAreWhatCloudFormationTakes) {
  EXPECT_EQ(cluster_name("head-neck-288"), "head-neck-288");
  EXPECT_EQ(cluster_name("Kopf/Hals (288)"), "Kopf-Hals-288");
  EXPECT_EQ(cluster_name("3 tests"), "tomograd-3-tests");
  EXPECT_EQ(cluster_name(""), "tomograd");
  EXPECT_EQ(cluster_name("ä"), "tomograd");
  EXPECT_EQ(cluster_name(std::string(80, 'x')).size(), 60u);
}

TEST(ClusterConfiguration, YamlAndDrawingShowTheSameCluster) {
  ClusterConfiguration cluster = cluster_for(head_neck_question(), "g4dn.xlarge", true);
  std::string yaml = parallelcluster_yaml(cluster), svg = cluster_svg(cluster);
  EXPECT_TRUE(has(yaml, "CapacityType: SPOT") && has(svg, "spot, 0 to 6 nodes"));
  EXPECT_TRUE(has(yaml, "- InstanceType: g4dn.xlarge") && has(svg, ">g4dn.xlarge<"));
  EXPECT_TRUE(has(yaml, "MaxCount: 6"));
  EXPECT_TRUE(has(yaml, text("Size: ", cluster.shared_gigabytes)) && has(svg, text(cluster.shared_gigabytes, " GB, gp3")));
  EXPECT_FALSE(has(yaml, "FsxLustre") || has(svg, "Lustre"));
}

TEST(ClusterConfiguration, LargeDataComeThroughLustre) {
  PlanQuestion question = head_neck_question();
  question.dataset_bytes = 121e9;
  ClusterConfiguration cluster = cluster_for(question, "p4d.24xlarge", false);
  std::string yaml = parallelcluster_yaml(cluster), svg = cluster_svg(cluster);
  EXPECT_TRUE(has(yaml, "StorageCapacity: 1200") && has(yaml, "ImportPath: 's3://your-bucket/data'") && has(yaml, "CapacityType: ONDEMAND"));
  EXPECT_TRUE(has(svg, "FSx for Lustre") && has(svg, "8 x A100-40 each"));
}

TEST(ClusterConfiguration, TextsOfOthersAreQuoted) {
  ClusterConfiguration cluster = cluster_for(head_neck_question(), "g4dn.xlarge", false);
  cluster.key_name = "it's: mine", cluster.bucket = "<b>&";
  EXPECT_TRUE(has(parallelcluster_yaml(cluster), "KeyName: 'it''s: mine'"));
  EXPECT_TRUE(has(cluster_svg(cluster), "s3://&lt;b&gt;&amp;"));
}

TEST(ClusterConfiguration, AMachineOfOnesOwnIsNotStarted) {
  EXPECT_TRUE(has(error_text([] { cluster_for(head_neck_question(), "lab", false); }), "'lab'"));
}

}  // namespace
}  // namespace tomograd
