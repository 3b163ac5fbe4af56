// TrialStore that another host serves over HTTP: for workers of a cluster whose user has no database server. The store's
// owner keeps the file, the time and the fencing; this side only asks, and asks again when no answer came.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "experiments/http_store_protocol.h"

namespace tomograd {

struct HttpStoreOptions {
  std::string token;
  double patience_seconds = 60;                  // how long a server that does not answer is asked again, in every call
  double timeout_seconds = 60;                   // of one request
};

// address: http://host:port or https://host:port, a path in front of /store included. Nothing is asked yet. Error(input)
// where libcurl is not built in.
std::unique_ptr<TrialStore> open_http_store(const std::string& address, Clock& clock, const HttpStoreOptions& options = {});

// One request, carried over: method (without prefix) and JSON body to the answer; status 0 when none came, never an exception.
using StoreTransport = std::function<StoreAnswer(const std::string& method, const std::string& body)>;
StoreTransport curl_transport(const std::string& address, const std::string& token, double timeout_seconds);

std::unique_ptr<TrialStore> open_carried_store(StoreTransport transport, std::string name, Clock& clock, double patience_seconds);

}  // namespace tomograd
