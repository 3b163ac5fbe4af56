#include "cli/verb.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <iostream>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::atomic<int> signals_seen{0};
void note_signal(int) { signals_seen = 1; }

}  // namespace

void Output::result(const std::string& kind, Value object) const {
  if (!json) return;
  Value full = Value::table();
  full["format"] = "tomograd." + kind + "/1";
  for (auto& [key, value] : object.as_table()) full[key] = value;
  std::cout << to_json(full) << std::endl;
}

void Output::line(const std::string& text) const {
  if (!json) std::cout << text << "\n" << std::flush;
}

Talk Output::talk(std::stop_token stop) const {
  Talk talk;
  talk.stop = stop;
  talk.say = [](const std::string& line) { std::cerr << line << "\n"; };
  if (isatty(STDERR_FILENO)) {
    auto last = std::make_shared<double>(-1e9);
    talk.progress = [last](double share, double seconds_left, const std::string& what) {
      double now = system_clock().monotonic_seconds();
      if (now - *last < 0.2 && share < 1) return;
      *last = now;
      int filled = int(std::lround(share * 20));
      std::string bar;
      for (int i = 0; i < 20; ++i) bar += i < filled ? "█" : "░";
      std::cerr << "\r\033[K" << bar << " " << int(share * 100) << " %  " << what << (seconds_left > 0 ? "  " + duration_text(seconds_left) + " to go" : "") << (share >= 1 ? "\n" : "") << std::flush;
    };
  }
  return talk;
}

std::stop_token stop_on_signals() {
  static std::stop_source source;
  static std::jthread watcher([](std::stop_token ending) {
    while (!ending.stop_requested()) {
      if (signals_seen) source.request_stop();
      system_clock().sleep_seconds(0.05);
    }
  });
  struct sigaction action {};
  action.sa_handler = note_signal;  // the handler only sets a flag; work stops at a step boundary
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return source.get_token();
}

void stop_on_notice() {
  struct sigaction notice {};
  notice.sa_handler = [](int) { ::raise(SIGTERM); };
  ::sigaction(SIGUSR1, &notice, nullptr);
}

void add_compute_options(CLI::App& verb, ComputeOptions& options) {
  verb.add_option("--device", options.device, "auto, cpu, cuda:N, or several to split a network over in training: cuda:N,M or cpu,cpu")->capture_default_str();
  verb.add_option("--threads", options.threads, "threads; 0 = all the machine has")->check(CLI::Range(0, 1024))->capture_default_str();
  verb.add_option("--precision", options.precision, "number format of the network's compute")->check(CLI::IsMember({"auto", "f32", "bf16", "f16"}))->capture_default_str();
  verb.add_option("--seed", options.seed, "seed of everything random; -1 = as the spec says")->capture_default_str();
  verb.add_option_function<std::string>("--max-memory", [&options](const std::string& raw) { options.max_memory_bytes = parse_bytes(raw); }, "most memory to use, such as 900MB or 2GiB");
}

std::optional<double> parse_quantity(const std::string& raw, const Units& units) {
  size_t used = 0;
  double number = 0;
  try {
    number = std::stod(raw, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  std::string unit = raw.substr(used);
  while (!unit.empty() && unit.front() == ' ') unit.erase(0, 1);
  for (const auto& [name, factor] : units)
    if (used > 0 && unit == name && std::isfinite(number) && number > 0) return number * factor;
  return std::nullopt;
}

int64_t parse_bytes(const std::string& raw) {
  if (auto bytes = parse_quantity(raw, {{"", 1}, {"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}})) return int64_t(*bytes);
  fail_usage(text("'", raw, "' is no amount of memory"), "examples: 900MB, 2GiB, 1000000");
}

bool is_nifti_volume(const std::string& name) { return name.ends_with(".nii") || name.ends_with(".nii.gz"); }

std::string duration_text(double seconds) {
  int64_t s = int64_t(std::ceil(seconds));
  if (s < 60) return text(s, " s");
  if (s < 3600) return s % 60 ? text(s / 60, " min ", s % 60, " s") : text(s / 60, " min");
  if (s < 48 * 3600) return text(s / 3600, " h ", s % 3600 / 60, " min");
  return text(s / 86400, " d ", s % 86400 / 3600, " h");
}

std::optional<int> cuda_number(const std::string& device) {
  if (device == "cuda") return 0;
  if (device.size() == 6 && device.rfind("cuda:", 0) == 0 && device[5] >= '0' && device[5] <= '9') return device[5] - '0';
  return std::nullopt;
}

}  // namespace tomograd
