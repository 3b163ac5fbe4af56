#include "base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace tomograd {

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Digest::Digest() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) fail_failure("SHA-256 is not available in the crypto library");
}

Digest::~Digest() = default;

void Digest::add(const void* data, int64_t bytes) { EVP_DigestUpdate(state_->context, data, size_t(bytes)); }

std::string Digest::finish_raw() {
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_DigestFinal_ex(state_->context, raw, &length);
  return {reinterpret_cast<const char*>(raw), length};
}

std::string Digest::finish() { return "sha256:" + hexadecimal(finish_raw()); }

std::string hexadecimal(std::string_view raw) {
  std::string result;
  for (char c : raw) {
    result += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    result += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return result;
}

std::string digest_of(std::string_view content) {
  Digest digest;
  digest.add(content.data(), int64_t(content.size()));
  return digest.finish();
}

std::string digest_of_file(Env& env, const std::string& path) {
  auto file = env.open_input(path);
  Digest digest;
  std::vector<char> piece(size_t{1} << 20);
  for (int64_t offset = 0; offset < file->size();) {
    int64_t bytes = std::min<int64_t>(int64_t(piece.size()), file->size() - offset);
    file->read_at(offset, piece.data(), bytes);
    digest.add(piece.data(), bytes);
    offset += bytes;
  }
  return digest.finish();
}

}  // namespace tomograd
