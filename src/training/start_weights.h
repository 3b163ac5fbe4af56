// --init-from MODEL: the weights a run starts from, what of them fits, and what the run's manifest says about it.
#pragma once

#include <string>

#include "base/env.h"
#include "nn/transfer.h"
#include "spec/value.h"

namespace tomograd {

class StartWeights {
 public:
  // `recorded` is "init_from" of the manifest of a run that is resumed, nullptr = it began from drawn weights. Error(usage)
  // when such a run began from other weights than those of `model`; "" takes the recorded ones.
  StartWeights(Env& env, const std::string& model, const Value* recorded, bool resumed);

  bool given() const { return !model_.empty(); }
  // Channels are matched by modality name and classes by label name; info() says what was taken and what starts afresh.
  // Error(input) when nothing fits.
  void load_into(Network& network, const NetworkNames& names);
  const Value& record() const { return record_; }  // model, digest, and what was taken; nothing without a model

 private:
  Env& env_;
  std::string model_;
  Value record_;
};

}  // namespace tomograd
