#include "training/time_balance.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace tomograd {
namespace {

std::string whole_percent(double share) { return text(int64_t(std::lround(share * 100)), " %"); }

std::string seconds_text(double v) {
  char digits[32];
  std::snprintf(digits, sizeof digits, v < 0.0995 ? "%.2g ms" : "%.3g s", v < 0.0995 ? v * 1000 : v);
  return digits;
}

// Difference of two means, beyond twice its standard error.
bool differs(const EpochSpread& a, const EpochSpread& b) {
  return a.mean - b.mean > 2 * std::sqrt((a.deviation * a.deviation + b.deviation * b.deviation) / double(measured_epochs));
}

TimeFinding loading(const TimeBalance& b) {
  TimeFinding found{"loading", text("Loading bounds this run: the network waits for patches during ", whole_percent(b.wait_share.mean), " of a step. Making the patches of a step takes ", seconds_text(b.make), " of a thread, computing it takes ",
                                    seconds_text(b.without_loading.mean), ". "), {}};
  // So many threads make patches as fast as the network uses them, were a processor free for each.
  int64_t wanted = int64_t(std::ceil(1.1 * b.make / std::max(1e-9, b.without_loading.mean)));
  int64_t workers = std::min(std::max(wanted, b.workers + 1), b.processors);
  if (workers > b.workers) {
    found.settings.push_back(text("sampling.workers=", workers));
    found.explanation += text("More than the ", b.workers, b.workers == 1 ? " thread" : " threads", " of sampling.workers would make them faster. ");
  } else {
    found.explanation += text("All ", b.processors, " processors are in use, so more threads would not help: fewer or cheaper augmentations (augment.rotate and augment.scale cost most), or smaller patches. ");
  }
  if (b.decoded_share > 0.2) {
    found.explanation += text(whole_percent(b.decoded_share), " of the blocks that patches touch are decoded from the stores each time: a larger sampling.cache_megabytes keeps more of them, and a larger sampling.reads_per_case uses each more often.");
    found.settings.push_back(text("sampling.cache_megabytes=", 2 * b.cache_megabytes));
  }
  return found;
}

TimeFinding found_in(const TimeBalance& b) {
  if (b.wait_share.mean > noticeable && differs(b.wait_share, {})) return loading(b);
  if (b.training > 0 && b.reading > 0.5 * b.training)
    return {"reading", text("Reading bounds this run: the scans take ", seconds_text(b.reading), " to be read before the first step, the steps ", seconds_text(b.training), " after that. Block stores (`tomograd block`) are not read whole at the start, and preprocess.channels reads fewer files."), {}};
  if (b.workers > 0 && b.step.mean > (1 + noticeable) * b.without_loading.mean && differs(b.step, b.without_loading)) {
    TimeFinding found{"shared processors", text("Patches arrive in time, but making them takes processor time from the network: a step takes ", seconds_text(b.step.mean), ", and ", seconds_text(b.without_loading.mean), " without loading. "), {}};
    if (b.processors >= 8 * std::max<int64_t>(1, b.workers) && b.threads >= b.processors) {
      found.explanation += text("With ", b.processors - b.workers, " threads for the network, the ", b.workers, " that make patches have processors of their own.");
      found.settings.push_back(text("threads=", b.processors - b.workers));
    } else {
      found.explanation += "Cheaper augmentation gives it back (augment.rotate and augment.scale cost most), and so do more processors.";
    }
    return found;
  }
  if (b.without_loading.mean > 0 && b.update >= 0.25 * b.without_loading.mean)
    return {"update", text("Updating the weights takes ", whole_percent(b.update / b.without_loading.mean), " of a step: with more patches a step, fewer updates are made (optimizer.accumulate; doctor --largest-batch says how many patches fit)."), {}};
  TimeFinding found{"network", text("The network's arithmetic bounds this run: ", whole_percent(1 - b.wait_share.mean), " of a step is computing, ", whole_percent(b.wait_share.mean), " waiting for patches. Faster loading cannot help; "), {}};
  if (b.slow_precision) found.settings.push_back("precision=" + b.fastest_precision);
  if (b.threads < b.processors) found.settings.push_back(text("threads=", b.processors));
  found.explanation += found.settings.empty() ? "more or faster processors would, or a smaller network or patch." : text("--set ", found.settings.front(), " should.");
  return found;
}

}  // namespace

EpochSpread spread_over(const std::vector<double>& values) {
  EpochSpread spread;
  if (values.empty()) return spread;
  for (double v : values) spread.mean += v / double(values.size());
  double squares = 0;
  for (double v : values) squares += (v - spread.mean) * (v - spread.mean);
  if (values.size() > 1) spread.deviation = std::sqrt(squares / double(values.size() - 1));
  auto [least, most] = std::minmax_element(values.begin(), values.end());
  spread.least = *least, spread.most = *most;
  return spread;
}

TimeFinding where_time_goes(const TimeBalance& b) {
  TimeFinding found = found_in(b);
  if (b.without_loading.deviation > unsteady * b.without_loading.mean)
    found.explanation += text(" The same steps took between ", seconds_text(b.without_loading.least), " and ", seconds_text(b.without_loading.most), ", so something else uses this machine: measure again when it is idle.");
  return found;
}

}  // namespace tomograd
