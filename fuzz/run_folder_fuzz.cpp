// What a run left behind and --resume reads: spec.toml and manifest.json (even first byte), metrics.jsonl and timing.jsonl (odd).
#include "fuzz/fuzz_target.h"
#include "training/metrics_log.h"
#include "training/run_folder.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  MemoryEnv env;
  std::string content = bytes_of(data + 1, size - 1);
  if (data[0] & 1) {
    env.put("/run/metrics.jsonl", content);
    env.put("/run/timing.jsonl", content);
    read_hostile(0, [&] {
      MetricsLog log(env, "/run", 3);
      log.metrics(4, {{"loss", 0.5}});
    });
  } else {
    env.put("/run/spec.toml", content);
    env.put("/run/manifest.json", content);
    read_hostile(0, [&] { find_run(env, "/run", true); });
    read_hostile(0, [&] { read_manifest(env, "/run"); });
  }
  return 0;
}
