// SHA-256, as manifests, checkpoints and tiles record it: "sha256:" and 64 hexadecimal digits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"

namespace tomograd {

class Digest {
 public:
  Digest();
  ~Digest();
  void add(const void* data, int64_t bytes);
  std::string finish();      // once
  std::string finish_raw();  // instead: the 32 bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hexadecimal(std::string_view raw);  // two small digits a byte
std::string digest_of(std::string_view content);
std::string digest_of_file(Env& env, const std::string& path);

}  // namespace tomograd
