// The host that owns an experiment's store and serves it to workers elsewhere, and how these find it: FOLDER/owner.json holds
// the address and the token, readable by its user alone. An owner that is started again has another port and writes the file
// anew, so a worker that gets no answer looks there before it asks again.
#pragma once

#include <memory>
#include <string>

#include "experiments/trial_store.h"
#include "server/store_server.h"

namespace tomograd {

struct OwnerOptions {
  std::string listen = "127.0.0.1";              // address of this host at which workers reach it
  int port = 0;                                  // 0 = any free one
};

class StoreOwner {                               // serves while it lives
 public:
  StoreOwner(TrialStore& store, const std::string& folder, const OwnerOptions& options);
  ~StoreOwner();
  StoreOwner(const StoreOwner&) = delete;
  const std::string& address() const { return address_; }

 private:
  std::string folder_, address_;
  StoreServer server_;
};

// The store that the owner of this experiment serves; an owner that is gone is waited for, this long in every call.
// Error(input) when the folder has no owner.json.
std::unique_ptr<TrialStore> open_served_experiment(const std::string& folder, double patience_seconds);

}  // namespace tomograd
