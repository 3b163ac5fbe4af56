// TOML to a tree of values and back: what is written from a tree reads as the same tree.
#include "fuzz/fuzz_target.h"
#include "spec/text_formats.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Value value;
  std::string content = bytes_of(data, size);
  if (!read_hostile(0, [&] { value = parse_toml(content, "x.toml"); })) return 0;
  std::string written;
  read_hostile(0, [&] {
    written = to_toml(value);
    expect(to_toml(parse_toml(written, "written.toml")) == written, "written and read again, the TOML is another one");
    to_json(value);
  }, "TOML that was read cannot be written and read again");
  read_hostile(0, [&] {
    if (content.size() < 4096) apply_setting(value, content);
  });
  return 0;
}
