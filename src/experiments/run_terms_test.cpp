#include "experiments/run_terms.h"

#include <gtest/gtest.h>

#include "base/scratch_folder.h"

namespace tomograd {
namespace {

TEST(RunTerms, AreReadAsTheyWereWritten) {
  ScratchFolder folder("terms");
  EXPECT_FALSE(read_run_terms(system_env(), folder.path()));
  RunTerms terms;
  terms.on = "slurm", terms.price_per_hour = 1.006, terms.currency = "$", terms.budget = 900, terms.trial_hours = 40, terms.queue = "gpu", terms.gpus = 1, terms.hours = 12, terms.memory_bytes = int64_t{5} << 30, terms.listen = "10.0.0.1";
  write_run_terms(system_env(), folder.path(), terms);
  EXPECT_EQ(read_run_terms(system_env(), folder.path()), terms);
  EXPECT_EQ(options_of(terms), (std::vector<std::string>{"--on=slurm", "--price=1.006", "--budget=900.0", "--trial-hours=40.0", "--max-memory=5368709120", "--queue=gpu", "--gpus=1", "--hours=12.0", "--listen=10.0.0.1"}));
  for (const char* bad : {"", "{", "[]", R"({"format": "tomograd.run_terms/9"})", R"({"price_per_hour": "much"})", R"({"price_per_hour": -7})"}) {
    publish_text(system_env(), join_path(folder.path(), run_terms_name), bad);
    EXPECT_FALSE(read_run_terms(system_env(), folder.path())) << bad;
  }
}

TEST(RunTerms, OfThisMachineNameNothingOfACluster) {
  RunTerms terms;
  EXPECT_TRUE(options_of(terms).empty());
  terms.between = "19:00-07:00", terms.budget = 5;       // a cap without a price would mean nothing
  EXPECT_EQ(options_of(terms), (std::vector<std::string>{"--between=19:00-07:00"}));
  terms.instance = "g5.xlarge";                          // its price is looked up by who runs it
  EXPECT_EQ(options_of(terms), (std::vector<std::string>{"--instance=g5.xlarge", "--budget=5.0", "--between=19:00-07:00"}));
  terms.price_per_hour = 0;
  EXPECT_EQ(options_of(terms), (std::vector<std::string>{"--price=0.0", "--budget=5.0", "--between=19:00-07:00"}));
}

}  // namespace
}  // namespace tomograd
