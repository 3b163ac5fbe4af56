#include "cli/run_argument.h"

#include "base/env.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {

RunSpec read_run_argument(const std::string& path, const std::vector<std::string>& settings) {
  Value table = parse_toml(read_text(system_env(), path, int64_t{1} << 20), file_name(path));
  bool set_by_hand = false;
  for (const auto& setting : settings) {
    apply_setting(table, setting);
    set_by_hand |= setting.rfind("data=", 0) == 0;
  }
  RunSpec spec = with_context(file_name(path), [&] { return spec_from<RunSpec>(table); });
  if (!set_by_hand && !spec.data.empty()) spec.data = join_path(parent_path(path), spec.data);
  return spec;
}

}  // namespace tomograd
