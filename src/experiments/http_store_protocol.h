// What a store's client and its server say to each other: POST /store/1/METHOD with a JSON table of arguments; the answer is
// {"result": ...} with status 200, or {"error": {kind, message, hint, context}} with the status that fits the kind. Requests
// that change something may be sent again (trial_store.h), so a client that got no answer asks once more.
#pragma once

#include <string>

#include "base/error.h"
#include "experiments/trial_store.h"

namespace tomograd {

constexpr const char* store_path_prefix = "/store/1/";

struct StoreAnswer {
  int status = 0;                                // of HTTP; 0 = none came
  std::string body;
  std::string trouble;                           // why none came
};

// Carries out one request on the store. Never throws: errors travel in the answer.
StoreAnswer answer_store_request(TrialStore& store, const std::string& method, const std::string& body);

StoreAnswer error_answer(const Error& error);
[[noreturn]] void throw_answered_error(const StoreAnswer& answer);  // the error as it was thrown on the other side

}  // namespace tomograd
