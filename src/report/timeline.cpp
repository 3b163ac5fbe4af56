#include "report/timeline.h"

#include <algorithm>
#include <map>
#include <set>

namespace tomograd {
namespace {

bool ends_attempt(const std::string& kind) { return kind == "complete" || kind == "failed" || kind == "preempted" || kind == "lost" || kind == "pruned" || kind == "cancelled"; }

void count(Timeline& timeline, const AttemptSpan& span) {
  double seconds = span.end - span.begin;
  timeline.busy_seconds += seconds;
  if (span.outcome == "complete") ++timeline.complete;
  else if (span.outcome == "failed") ++timeline.failed, timeline.lost_seconds += seconds;
  else if (span.outcome == "preempted") ++timeline.preempted;
  else if (span.outcome == "pruned") ++timeline.pruned;
  else if (span.outcome == "cancelled") ++timeline.cancelled;
  else if (span.outcome == "lost") ++timeline.lost, timeline.lost_seconds += seconds;
  else ++timeline.running;
}

}  // namespace

Timeline make_timeline(const std::vector<StoreEvent>& events, const std::vector<TrialRecord>& trials, int64_t now) {
  Timeline timeline;
  auto first = std::find_if(events.begin(), events.end(), [](const StoreEvent& e) { return e.kind == "claimed"; });
  if (first == events.end()) return timeline;
  timeline.start = first->at;
  int64_t last = first->at;
  for (const auto& event : events) last = std::max(last, event.at);
  auto seconds = [&](int64_t at) { return std::max(0.0, double(at - timeline.start) / 1000); };  // a clock may have been set back

  std::set<int64_t> abandoned;
  for (const auto& trial : trials)
    if (trial.abandoned) abandoned.insert(trial.number);
  std::map<std::string, size_t> rows;
  std::map<std::pair<int64_t, int64_t>, std::pair<size_t, size_t>> open;   // (trial, attempt) -> row, index
  for (const auto& event : events) {
    if (event.kind == "claimed") {
      auto [at, fresh] = rows.try_emplace(event.text, timeline.workers.size());
      if (fresh) timeline.workers.push_back({event.text, {}, 0, 0});
      WorkerRow& row = timeline.workers[at->second];
      open[{event.trial, event.attempt}] = {at->second, row.attempts.size()};
      double until = seconds(now > last && !abandoned.contains(event.trial) ? now : last);
      row.attempts.push_back({event.trial, event.attempt, seconds(event.at), until, "running", ""});
    } else if (ends_attempt(event.kind)) {
      auto found = open.find({event.trial, event.attempt});
      if (found == open.end()) continue;
      AttemptSpan& span = timeline.workers[found->second.first].attempts[found->second.second];
      span.end = std::max(span.begin, seconds(event.at)), span.outcome = event.kind, span.reason = event.text;
      open.erase(found);
    } else if (event.kind == "stop" || event.kind == "resume" || event.kind == "retry") {
      if (event.at >= timeline.start) timeline.marks.push_back({event.kind, event.trial, seconds(event.at)});
    }
  }
  for (auto& row : timeline.workers) {
    double free_since = row.attempts.front().begin;
    for (const auto& span : row.attempts) {
      row.busy_seconds += span.end - span.begin;
      row.waited_seconds += std::max(0.0, span.begin - free_since);
      free_since = std::max(free_since, span.end);
      timeline.seconds = std::max(timeline.seconds, span.end);
      count(timeline, span);
    }
  }
  return timeline;
}

std::vector<Pause> pauses(const Timeline& timeline, double share) {
  std::vector<Pause> spans, found;
  for (const auto& row : timeline.workers)
    for (const auto& span : row.attempts) spans.push_back({span.begin, span.end});
  std::sort(spans.begin(), spans.end(), [](const Pause& a, const Pause& b) { return a.begin < b.begin; });
  double until = 0, idle = 0;
  for (const auto& span : spans) {
    if (span.begin > until) found.push_back({until, span.begin}), idle += span.begin - until;
    until = std::max(until, span.end);
  }
  double at_work = timeline.seconds - idle;
  std::erase_if(found, [&](const Pause& pause) { return pause.end - pause.begin <= share * std::max(at_work, share * timeline.seconds); });
  return found;
}

}  // namespace tomograd
