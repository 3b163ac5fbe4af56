#include "experiments/run_terms.h"

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int64_t most_terms_bytes = 65536;

}  // namespace

void write_run_terms(Env& env, const std::string& folder, const RunTerms& terms) { publish_text(env, join_path(folder, run_terms_name), to_json(spec_to_value(terms)) + "\n"); }

std::optional<RunTerms> read_run_terms(Env& env, const std::string& folder) {
  const std::string path = join_path(folder, run_terms_name);
  try {
    if (env.kind(path) != FileKind::file) return std::nullopt;
    return spec_from<RunTerms>(parse_json(read_text(env, path, most_terms_bytes), run_terms_name));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<std::string> options_of(const RunTerms& terms) {
  std::vector<std::string> options;
  auto add = [&](const char* option, const std::string& value) { options.push_back(text(option, "=", value)); };  // one word: a value may begin with '-'
  if (terms.on != "local") add("--on", terms.on);
  if (terms.priced()) add("--price", number_text(terms.price_per_hour));
  else if (!terms.instance.empty()) add("--instance", terms.instance);
  if ((terms.priced() || !terms.instance.empty()) && terms.capped()) add("--budget", number_text(terms.budget));
  if (terms.trial_hours >= 0) add("--trial-hours", number_text(terms.trial_hours));
  if (!terms.between.empty()) add("--between", terms.between);
  if (terms.memory_bytes > 0) add("--max-memory", std::to_string(terms.memory_bytes));
  if (terms.on != "slurm") return options;
  if (!terms.queue.empty()) add("--queue", terms.queue);
  if (terms.gpus > 0) add("--gpus", std::to_string(terms.gpus));
  if (terms.cpus > 0) add("--cpus", std::to_string(terms.cpus));
  if (terms.hours > 0) add("--hours", number_text(terms.hours));
  if (!terms.listen.empty()) add("--listen", terms.listen);
  return options;
}

}  // namespace tomograd
