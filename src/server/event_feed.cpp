#include "server/event_feed.h"

#include "server/page_routes.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int most_listeners = 32;
constexpr double fresh_seconds = 0.5;

std::string event_text(const char* name, const Value& data) { return std::string("event: ") + name + "\ndata: " + to_json(data, false) + "\n\n"; }

Value only_id(const std::string& id) {
  Value v = Value::table();
  v["id"] = id;
  return v;
}

}  // namespace

class EventFeed::Stream : public EventStream {
 public:
  explicit Stream(EventFeed& feed) : feed_(feed) {}
  ~Stream() override { --feed_.listeners_; }

  std::string next() override {
    std::string out;
    if (!greeted_) out = "retry: 2000\n" + event_text("hello", hello()), greeted_ = true;
    const auto now = feed_.summaries();
    for (const auto& [id, summary] : now) {
      auto told = told_.find(id);
      if (told != told_.end() && told->second == summary) continue;
      told_[id] = summary;
      out += event_text("experiment", summary);
    }
    for (auto told = told_.begin(); told != told_.end();) {
      if (now.contains(told->first)) ++told;
      else out += event_text("experiment_gone", only_id(told->first)), told = told_.erase(told);
    }
    return out + jobs() + datasets();
  }

 private:
  Value hello() const {
    Value v = Value::table();
    v["version"] = feed_.parts_.options.version, v["read_only"] = feed_.parts_.options.read_only;
    return v;
  }

  std::string jobs() {
    const int64_t changes = feed_.parts_.runs.changes();
    if (changes == job_changes_) return "";
    job_changes_ = changes;
    std::string out;
    for (const Value& job : feed_.parts_.runs.jobs()) {
      Value state = job.at("state");
      if (auto told = job_states_.find(job.at("job").as_integer()); told != job_states_.end() && told->second == state) continue;
      job_states_[job.at("job").as_integer()] = state;
      out += event_text("job", job);
    }
    return out;
  }

  std::string datasets() {
    const std::string version = feed_.parts_.data.version();
    if (version == data_version_) return "";
    const bool first = data_version_.empty();
    data_version_ = version;
    return first ? "" : event_text("datasets", Value::table());
  }

  EventFeed& feed_;
  bool greeted_ = false;
  int64_t job_changes_ = 0;
  std::map<std::string, Value> told_;
  std::map<int64_t, Value> job_states_;
  std::string data_version_;
};

std::shared_ptr<EventStream> EventFeed::listen() {
  if (++listeners_ > most_listeners) {
    --listeners_;
    return nullptr;
  }
  return std::make_shared<Stream>(*this);
}

std::map<std::string, Value> EventFeed::summaries() {
  std::lock_guard lock(mutex_);
  const double now = parts_.clock.monotonic_seconds();
  if (now - summed_at_ < fresh_seconds) return summaries_;
  summaries_.clear();
  for (const auto& one : parts_.experiments.all()) summaries_[one->id()] = one->summary();
  summed_at_ = parts_.clock.monotonic_seconds();
  return summaries_;
}

}  // namespace tomograd
