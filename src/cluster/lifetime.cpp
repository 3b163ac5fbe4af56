#include "cluster/lifetime.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr double longest_wait_seconds = 1e6;     // what is later is waited for again

std::optional<double> given_seconds() {
  const char* raw = std::getenv("TOMOGRAD_LIFETIME_SECONDS");
  if (!raw || !*raw) return std::nullopt;
  char* end = nullptr;
  double seconds = std::strtod(raw, &end);
  if (*end != '\0' || !(seconds >= 0) || !std::isfinite(seconds)) fail_usage(text("TOMOGRAD_LIFETIME_SECONDS is '", raw, "'; expected seconds from 0 on"));
  return seconds;
}

}  // namespace

Lifetime::Lifetime(std::stop_token stop, bool no_end) : Lifetime(no_end ? std::nullopt : given_seconds(), std::move(stop), system_clock()) {}

Lifetime::Lifetime(std::optional<double> seconds, std::stop_token stop, Clock& clock) : clock_(clock), forward_(std::move(stop), [this] { source_.request_stop(); }) {
  piece_began_ = clock_.monotonic_seconds();
  if (!seconds) return;
  end_ = piece_began_ + *seconds;
  if (*seconds <= 0) source_.request_stop();
  timer_ = std::jthread([this, left = *seconds](std::stop_token ending) mutable {
    std::unique_lock lock(mutex_);
    for (; !ending.stop_requested() && left > 0; left = *end_ - clock_.monotonic_seconds())
      wake_.wait_for(lock, ending, std::chrono::duration<double>(std::min(left, longest_wait_seconds)), [] { return false; });
    if (!ending.stop_requested()) source_.request_stop();
  });
}

bool Lifetime::over() const { return end_ && clock_.monotonic_seconds() + longest_ >= *end_; }

void Lifetime::next_piece() {
  double now = clock_.monotonic_seconds();
  // The first piece has all that is done once before it.
  if (any_piece_) longest_ = std::max(longest_, now - piece_began_);
  any_piece_ = true, piece_began_ = now;
  if (over()) source_.request_stop();
}

}  // namespace tomograd
