// Whatever operation fails while a file is published, readers see the old content or the new, and no temporary is left.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/error.h"
#include "support/fault_env.h"

namespace tomograd {
namespace {

TEST(EnvFaults, PublishedFilesAreOldOrNewWhateverFails) {
  char name[] = "/tmp/tomograd-faults-XXXXXX";
  std::string folder = mkdtemp(name), path = folder + "/spec.toml", before(5000, 'a'), after(9000, 'b');
  FaultEnv faulty(system_env());
  for (bool for_ever : {false, true}) {
    int64_t failures = 0;
    for (int64_t number = 0;; ++number) {
      publish_text(system_env(), path, before);
      faulty.fail_at(number, for_ever);
      bool threw = false;
      try {
        publish_text(faulty, path, after);
      } catch (const Error& error) {
        threw = true;
        EXPECT_EQ(error.kind(), ErrorKind::failure);
        EXPECT_NE(error.message().find("No space left"), std::string::npos);
      }
      std::string now = read_text(system_env(), path);
      EXPECT_TRUE(now == before || now == after) << "a mixture after operation " << number;
      if (!threw) { EXPECT_EQ(now, after) << "operation " << number << " failed unsaid"; }
      if (faulty.failed() == 0) break;
      ++failures;
      // A temporary can stay only where removing it was refused too.
      if (!for_ever) { EXPECT_EQ(system_env().list(folder).size(), 1u) << "operation " << number; }
      for (const auto& left : system_env().list(folder))
        if (left != "spec.toml") system_env().remove_file(join_path(folder, left));
    }
    EXPECT_GE(failures, 5) << "create, write, sync, close, rename and the directory's sync should each have failed once";
  }
  system_env().remove_tree(folder);
}

}  // namespace
}  // namespace tomograd
