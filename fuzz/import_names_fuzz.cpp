// Folders of scans whose names are hostile: the first byte chooses the layout, every further line is the path of a file. As a
// file system would, names longer than 255 bytes, "." and ".." are not taken.
#include <sstream>

#include "base/parallel.h"
#include "dataset/import.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/tiny_scan.h"

using namespace tomograd;

namespace {

bool is_path(const std::string& line) {
  if (line.empty() || line.size() > 3000 || line.find('\0') != std::string::npos) return false;
  std::istringstream parts(line);
  for (std::string part; std::getline(parts, part, '/');)
    if (part.empty() || part.size() > 255 || part == "." || part == "..") return false;
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  constexpr const char* layouts[] = {"auto", "folders", "bids", "brats", "hecktor", "hntsmrg"};
  MemoryEnv env;
  std::istringstream lines(bytes_of(data + 1, size - 1));
  int files = 0;
  for (std::string line; std::getline(lines, line) && files < 64;)
    if (is_path(line)) env.put("/d/" + line, tiny_scan()), ++files;
  ImportOptions options;
  options.layout = layouts[data[0] % 6];
  if (data[0] & 64) options.label = "none";
  if (data[0] & 128) options.pseudonyms = true;
  static ThreadPool pool(1);
  read_hostile(8 * small_budget, [&] { import_dataset(env, "/d", options, pool); });
  return 0;
}
