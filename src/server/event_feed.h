// Server-sent events (HTML standard §9.2): what has changed since a client last heard. Every client remembers what it was told; the stores
// are looked at when a client is due, so nothing happens while nobody listens, and once a second however many do.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/http_listener.h"
#include "spec/value.h"

namespace tomograd {

struct PageParts;

class EventFeed {
 public:
  explicit EventFeed(PageParts& parts) : parts_(parts) {}
  std::shared_ptr<EventStream> listen();         // null: too many listen already
  int listeners() const { return listeners_; }

 private:
  class Stream;
  std::map<std::string, Value> summaries();      // of all experiments, at most half a second old

  PageParts& parts_;
  std::atomic<int> listeners_{0};
  std::mutex mutex_;
  double summed_at_ = -1e9;
  std::map<std::string, Value> summaries_;
};

}  // namespace tomograd
