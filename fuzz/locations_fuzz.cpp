// The CSV of patch centres. Every location that is accepted lies inside its case.
#include "fuzz/fuzz_target.h"
#include "sampling/locations.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  MemoryEnv env;
  env.put("/x.csv", bytes_of(data, size));
  std::vector<PreparedCase> cases(3);
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i].id = std::string(1, char('a' + i));
    cases[i].geometry.size = {4, 5, 6};
  }
  cases[1].original.size = {8, 5, 6}, cases[1].original.affine[2][2] = 0.5;
  cases[2].original.size = {4, 5, 6}, cases[2].geometry.affine[0][0] = -1, cases[2].geometry.affine[0][3] = 5;
  int64_t others = 0;
  read_hostile(0, [&] {
    for (const Location& at : read_locations(env, "/x.csv", cases, &others))
      expect(Box{{0, 0, 0}, cases[size_t(at.case_index)].geometry.size}.contains(at.centre), "a location outside its case");
  });
  return 0;
}
