#include "spec/field.h"

#include <gtest/gtest.h>

#include "spec/experiment_spec.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::string message_of(const std::string& toml) {
  try {
    spec_from<RunSpec>(parse_toml(toml, "run.toml"));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST(Field, AbsentKeysKeepDefaultsAndPresentOnesAreRead) {
  RunSpec spec = spec_from<RunSpec>(parse_toml("seed = 7\n[sampling]\npatch = [9, 165, 165]\n[model]\nfactors = [[1,1,1],[1,3,3]]", "run.toml"));
  EXPECT_EQ(spec.seed, 7);
  EXPECT_EQ(spec.sampling.patch, (Extent{9, 165, 165}));
  EXPECT_EQ(spec.sampling.batch, RunSpec().sampling.batch);
  ASSERT_EQ(spec.model.factors.size(), 2u);
  EXPECT_EQ(spec.model.factors[1], (Extent{1, 3, 3}));
}

TEST(Field, OneNumberIsACubeAndOneValueAListOfOne) {
  RunSpec spec = spec_from<RunSpec>(parse_toml("[sampling]\npatch = 48\n[preprocess]\nleave_out = \"T2w\"", "run.toml"));
  EXPECT_EQ(spec.sampling.patch, cube(48));
  EXPECT_EQ(spec.preprocess.leave_out, std::vector<std::string>{"T2w"});
}

TEST(Field, UnknownKeyNamesTheNearest) {
  std::string message = message_of("[sampling]\npatch_size = 64");
  EXPECT_NE(message.find("sampling: unknown key 'patch_size'"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'patch'"), std::string::npos) << message;
}

TEST(Field, RangeErrorQuotesValueAndRange) {
  std::string message = message_of("[sampling]\nforeground = 1.5");
  EXPECT_NE(message.find("sampling: foreground: is 1.5, must be in [0, 1]"), std::string::npos) << message;
}

TEST(Field, WrongTypeAndWrongChoiceAreSaid) {
  EXPECT_NE(message_of("seed = \"one\"").find("seed: is text 'one', expected an integer"), std::string::npos);
  std::string message = message_of("[loss]\nkind = \"dise\"");
  EXPECT_NE(message.find("is 'dise', must be one of: dice_ce, dice"), std::string::npos) << message;
  EXPECT_NE(message_of("seed = nan").find("expected an integer"), std::string::npos);
  EXPECT_NE(message_of("[optimizer]\nlearning_rate = nan").find("nan"), std::string::npos);
}

TEST(Field, WrittenSpecReadsBackTheSame) {
  RunSpec spec;
  spec.data = "a \"quoted\"\\path";
  spec.optimizer.learning_rate = 0.1 + 0.2;
  spec.preprocess.channels = {"T1w", "ä"};
  spec.model.kind = "graph";
  spec.model.block.resize(2);
  spec.model.block[0].op = spec.model.block[1].op = "conv";
  spec.model.block[1].name = "second";
  std::string toml = to_toml(spec_to_value(spec));
  RunSpec again = spec_from<RunSpec>(parse_toml(toml, "spec.toml"));
  EXPECT_EQ(to_toml(spec_to_value(again)), toml);
  EXPECT_EQ(again.optimizer.learning_rate, spec.optimizer.learning_rate);
  EXPECT_EQ(again.data, spec.data);
  EXPECT_EQ(again.model.block[1].name, "second");
}

TEST(Field, EndlessNamesAreComparedWithNothing) {  // two names of 100 kB took half a minute
  std::string endless(100000, 'x');
  EXPECT_EQ(nearest_name(endless, {endless + "y", "x"}), "");
  EXPECT_EQ(nearest_name("patch_size", {endless, "patch"}), "patch");
  EXPECT_NE(message_of(endless + " = 1").find("unknown key 'xxx"), std::string::npos);
}

TEST(Field, EveryFieldHasASentence) {
  std::vector<FieldInfo> fields;
  RunSpec run;
  ExperimentSpec experiment;
  list_fields(run, "", fields);
  list_fields(experiment, "", fields);
  EXPECT_GT(fields.size(), 80u);
  for (const auto& field : fields) EXPECT_GE(field.sentence.size(), 6u) << field.path;
}

}  // namespace tomograd
