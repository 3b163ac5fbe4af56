#include "planning/instance_catalogue.h"

#include <gtest/gtest.h>

#include "planning/planning_test_files.h"

namespace tomograd {
namespace {

const std::string small = R"(
format = "tomograd.instances/1"
date = "2026-11-22"
region = "here"
[[device]]
name = "T4"
[[instance]]
type = "a.large"
device = "T4"
on_demand_per_hour = 0.5
)";

std::string refusal(const std::string& toml) {
  return error_text([&] { catalogue_from(parse_toml(toml, "t")); });
}

std::string replaced(std::string in, const std::string& from, const std::string& to) { return in.replace(in.find(from), from.size(), to); }

TEST(InstanceCatalogue, TheDeliveredOneHasWhatTheStudyUsedAndWhatCameAfter) {
  InstanceCatalogue catalogue = delivered_catalogue();
  EXPECT_EQ(catalogue.find("g4dn.4xlarge").on_demand_per_hour, 1.204);
  EXPECT_EQ(catalogue.find("p3.2xlarge").spot_per_hour, (std::vector<double>{0.37, 0.43}));
  EXPECT_EQ(catalogue.find("g4dn.metal").region, "us-east-2");
  EXPECT_EQ(catalogue.find("g4dn.xlarge").region, "us-east-1");
  for (const char* type : {"g5.xlarge", "g6e.12xlarge", "p4d.24xlarge", "p5.48xlarge", "c7i.8xlarge", "lab"}) EXPECT_GT(catalogue.device_of(catalogue.find(type)).f32_teraflops, 0) << type;
  EXPECT_TRUE(catalogue.device_of(catalogue.find("c7i.8xlarge")).cpu);
}

TEST(InstanceCatalogue, TakesTheFilesRegionWhereATypeHasNone) { EXPECT_EQ(catalogue_from(parse_toml(small, "t")).find("a.large").region, "here"); }

TEST(InstanceCatalogue, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal(small + "price = 3\n").find("price"), std::string::npos);
  EXPECT_NE(refusal(replaced(small, "instances/1", "instances/2")).find("tomograd.instances/2"), std::string::npos);
  EXPECT_NE(refusal(replaced(small, "2026-11-22", "yesterday")).find("'yesterday'"), std::string::npos);
  EXPECT_NE(refusal(replaced(small, "device = \"T4\"", "device = \"T5\"")).find("'T5'"), std::string::npos);
  EXPECT_NE(refusal(replaced(small, "0.5", "-0.5")).find("-0.5"), std::string::npos);
}

TEST(InstanceCatalogue, RefusesDoublesAndTurnedRanges) {
  EXPECT_NE(refusal(small + "[[instance]]\ntype = \"a.large\"\ndevice = \"T4\"\n").find("'a.large' is there twice"), std::string::npos);
  EXPECT_NE(refusal(small + "[[device]]\nname = \"T4\"\n").find("'T4' is there twice"), std::string::npos);
  EXPECT_NE(refusal(small + "spot_per_hour = [0.4, 0.2]\n").find("smaller one first"), std::string::npos);
  EXPECT_NE(refusal(small + "spot_per_hour = [0.4]\n").find("expected 2"), std::string::npos);
}

TEST(InstanceCatalogue, AnUnknownTypeIsAnsweredWithTheNearest) {
  std::string said = error_text([] { delivered_catalogue().find("g4dn.xlarg"); });
  EXPECT_NE(said.find("did you mean 'g4dn.xlarge'?"), std::string::npos);
}

TEST(InstanceCatalogue, MoneyIsWrittenWithCentsWhileTheyMatter) {
  InstanceCatalogue catalogue;
  EXPECT_EQ(money_text(catalogue, 605.95), "606 $");
  EXPECT_EQ(money_text(catalogue, 4.321), "4.32 $");
  EXPECT_EQ(money_text(catalogue, 99.999), "100 $");
}

}  // namespace
}  // namespace tomograd
