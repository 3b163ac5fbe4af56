// Serves the store of one experiment to workers elsewhere (experiments/http_store.h). The owner of the store runs it: its
// clock counts the leases and its disk keeps what was acknowledged.
#pragma once

#include <memory>
#include <string>

#include "experiments/trial_store.h"
#include "server/http_listener.h"

namespace tomograd {

std::string new_store_token();                   // 256 random bits

class StoreServer {
 public:
  StoreServer() = default;
  ~StoreServer() { stop(); }

  // Listens and returns the port. Every request must carry the token, also on loopback: any user of the host reaches that.
  // Error(usage) for a token of less than 16 characters, Error(input) when the port cannot be had.
  int start(int port, const std::string& token, TrialStore& store) {
    ListenerOptions options;
    options.port = port;
    return start(options, token, store);
  }
  int start(const ListenerOptions& options, const std::string& token, TrialStore& store);
  void stop();                                   // requests that are being carried out end first

 private:
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace tomograd
