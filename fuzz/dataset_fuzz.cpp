// dataset.json: read, written, read again.
#include "dataset/dataset.h"
#include "fuzz/fuzz_target.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  MemoryEnv env;
  env.put("/d/dataset.json", bytes_of(data, size));
  Dataset dataset;
  if (!read_hostile(0, [&] { dataset = read_dataset(env, "/d/dataset.json"); })) return 0;
  read_hostile(0, [&] {
    write_dataset(env, dataset, "/d/one.json");
    write_dataset(env, read_dataset(env, "/d/one.json"), "/d/two.json");
    expect(env.content("/d/one.json") == env.content("/d/two.json"), "written and read again, the dataset is another one");
  }, "a dataset that was read cannot be written and read again");
  read_hostile(0, [&] {
    make_split(dataset, {}, dataset.cases.empty() ? std::vector<std::string>{} : std::vector<std::string>{dataset.cases[0].patient}, 0.3, 1);
  });
  return 0;
}
