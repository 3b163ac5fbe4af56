#include "planning/trial_memory.h"

#include <gtest/gtest.h>

#include "arch/graph.h"
#include "planning/planning_test_files.h"

namespace tomograd {
namespace {

TrialNetwork network() { return head_neck_question().network; }

TEST(TrialMemory, AddsUpWeightsMomentsAndActivations) {
  TrialNetwork of = network();
  TrialMemory memory = trial_memory(of);
  ModelSpec model = of.run.model;
  model.patch = of.run.sampling.patch;
  Graph graph = build_graph(model);
  EXPECT_EQ(memory.parameters, parameter_count(graph));
  EXPECT_EQ(memory.weight_bytes, 4 * 3 * memory.parameters);  // weights, gradients, momentum
  EXPECT_EQ(memory.activation_bytes, activation_bytes(graph, {9, 165, 165}, 1, 4, true));
  EXPECT_GT(memory.gpu_bytes, memory.weight_bytes + memory.activation_bytes);
  of.run.optimizer.kind = "adamw", of.run.optimizer.average = 0.99;
  EXPECT_EQ(trial_memory(of).weight_bytes, 4 * 5 * memory.parameters);
}

TEST(TrialMemory, HalfPrecisionAndFewerCasesTakeLess) {
  TrialNetwork of = network();
  TrialMemory whole = trial_memory(of);
  of.run.precision = "bf16";
  EXPECT_LT(trial_memory(of).gpu_bytes, whole.gpu_bytes);
  of.cases = 0;
  EXPECT_EQ(whole.host_bytes - trial_memory(of).host_bytes, int64_t(36 * 2.4e6 * (4 * 7 + 3)));
}

TEST(TrialMemory, TheStudysPatchFitsItsT4) {
  TrialNetwork of = network();
  InstanceCatalogue catalogue = delivered_catalogue();
  const InstanceSpec& t4 = catalogue.find("g4dn.xlarge");
  MemoryFit fit = memory_fit(of, trial_memory(of), t4, catalogue.device_of(t4));
  EXPECT_TRUE(fit.fits()) << fit.device_bytes << " " << fit.host_bytes;
  EXPECT_EQ(fit.device_has, int64_t{16} << 30);
  EXPECT_EQ(fit.change, "");
}

TEST(TrialMemory, SaysWhichSettingWouldFitAndThatOneDoes) {
  TrialNetwork of = network();
  InstanceCatalogue catalogue = delivered_catalogue();
  const InstanceSpec& t4 = catalogue.find("g4dn.4xlarge");
  const DeviceSpec& device = catalogue.device_of(t4);
  of.run.sampling.batch = 24;
  MemoryFit fit = memory_fit(of, trial_memory(of), t4, device);
  ASSERT_FALSE(fit.fits());
  ASSERT_EQ(fit.change.rfind("sampling.batch = ", 0), 0u) << fit.change;
  of.run.sampling.batch = std::stoll(fit.change.substr(17));
  EXPECT_TRUE(memory_fit(of, trial_memory(of), t4, device).fits());

  of.run.sampling.batch = 1, of.run.sampling.patch = {160, 320, 320};
  fit = memory_fit(of, trial_memory(of), t4, device);
  ASSERT_FALSE(fit.fits());
  ASSERT_EQ(fit.change.rfind("sampling.patch = [", 0), 0u) << fit.change;
  Value patch = parse_toml("patch = " + fit.change.substr(17, fit.change.find(']') - 16), "t").at("patch");
  for (int axis = 0; axis < 3; ++axis) of.run.sampling.patch[axis] = patch.as_list()[size_t(axis)].as_integer();
  EXPECT_TRUE(memory_fit(of, trial_memory(of), t4, device).fits());
}

TEST(TrialMemory, TheHostHoldsATrialForEachDevice) {
  TrialNetwork of = network();
  of.voxels_per_case = 3e7;                      // 33 GB of images in each trial
  InstanceCatalogue catalogue = delivered_catalogue();
  TrialMemory memory = trial_memory(of);
  const InstanceSpec &one = catalogue.find("g4dn.4xlarge"), &four = catalogue.find("g4dn.12xlarge"), &none = catalogue.find("g4dn.xlarge");
  EXPECT_TRUE(memory_fit(of, memory, one, catalogue.device_of(one)).fits());
  EXPECT_EQ(memory_fit(of, memory, four, catalogue.device_of(four)).host_bytes, 4 * memory.host_bytes);
  MemoryFit fit = memory_fit(of, memory, none, catalogue.device_of(none));
  EXPECT_FALSE(fit.fits());
  EXPECT_NE(fit.change.find("block stores"), std::string::npos);
}

}  // namespace
}  // namespace tomograd
