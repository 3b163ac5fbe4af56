#include "cli/catalogue_file.h"

#include "base/env.h"
#include "cli/share_file.h"
#include "spec/text_formats.h"

namespace tomograd {

InstanceCatalogue read_catalogue(const std::string& given) {
  const std::string path = given.empty() ? share_file("instances.toml") : given;
  return with_context(file_name(path), [&] { return catalogue_from(parse_toml(read_text(system_env(), path, int64_t{1} << 20), file_name(path))); });
}

}  // namespace tomograd
