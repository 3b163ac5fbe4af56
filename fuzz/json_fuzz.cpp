// JSON to a tree of values and back.
#include "fuzz/fuzz_target.h"
#include "spec/text_formats.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Value value;
  if (!read_hostile(0, [&] { value = parse_json(bytes_of(data, size), "x.json"); })) return 0;
  read_hostile(0, [&] {
    std::string written = to_json(value, false);
    expect(to_json(parse_json(written, "written.json"), false) == written, "written and read again, the JSON is another one");
  }, "JSON that was read cannot be written and read again");
  return 0;
}
