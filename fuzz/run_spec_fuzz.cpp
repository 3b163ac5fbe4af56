// A run spec: TOML to fields, and the fields written as spec.toml read as the same fields.
#include "fuzz/fuzz_target.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  RunSpec spec;
  if (!read_hostile(0, [&] { spec = spec_from<RunSpec>(parse_toml(bytes_of(data, size), "x.toml")); })) return 0;
  for (const BlockSpec& block : spec.model.block)
    if (block.op.empty()) return 0;              // refused when the network is built, before anything is written
  read_hostile(0, [&] {
    std::string written = to_toml(spec_to_value(spec));
    expect(to_toml(spec_to_value(spec_from<RunSpec>(parse_toml(written, "spec.toml")))) == written, "written and read again, the spec is another one");
  }, "a spec that was read cannot be written and read again");
  return 0;
}
