// An experiment spec: TOML to fields and back, and the trials it plans (where they are few enough to be made a thousand
// times a second).
#include "fuzz/fuzz_target.h"
#include "search/space.h"
#include "search/trial_plan.h"
#include "spec/text_formats.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ExperimentSpec spec;
  if (!read_hostile(0, [&] { spec = spec_from<ExperimentSpec>(parse_toml(bytes_of(data, size), "x.toml")); })) return 0;
  read_hostile(0, [&] {
    std::string written = to_toml(spec_to_value(spec));
    expect(to_toml(spec_to_value(spec_from<ExperimentSpec>(parse_toml(written, "experiment.toml")))) == written, "written and read again, the spec is another one");
  }, "a spec that was read cannot be written and read again");
  read_hostile(0, [&] {
    if (spec.strategy.seeds * int64_t(variable_product(spec.variable).size()) > 200) return;
    plan_trials(spec, {{"T1", "T2", "FLAIR"}, {"p1", "p2", "p3", "p4"}, {}, 1});
  });
  return 0;
}
