#include "base/remote_address.h"

#include <algorithm>

#include "base/error.h"

namespace tomograd {
namespace {

void add_encoded(std::string& into, char c) {
  into += '%';
  into += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
  into += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
}

bool is_one_of(char c, std::string_view signs) { return signs.find(c) != std::string_view::npos; }
bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Of http addresses a person has encoded what needs it; a name joined to one may still hold what no request line can.
std::string fit_for_request(std::string_view given) {
  std::string fit;
  for (char c : given)
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F || is_one_of(c, "\"<>\\^`{|}")) add_encoded(fit, c);
    else fit += c;
  return fit;
}

}  // namespace

bool is_http_address(std::string_view path) { return path.starts_with("http://") || path.starts_with("https://"); }
bool is_remote(std::string_view path) { return path.starts_with("s3://") || is_http_address(path); }

std::string percent_encoded(std::string_view text, bool keep_slashes) {
  std::string encoded;
  for (char c : text)
    if (is_letter_or_digit(c) || is_one_of(c, "-._~") || (keep_slashes && c == '/')) encoded += c;
    else add_encoded(encoded, c);
  return encoded;
}

RemoteAddress parse_remote_address(const std::string& path) {
  bool s3 = path.starts_with("s3://");
  size_t host = path.find("://") + 3, slash = std::min(path.find_first_of(s3 ? "/" : "/?#", host), path.size());
  std::string name = path.substr(host, slash - host);
  if (size_t at = name.rfind('@'); at != std::string::npos) fail_input("the address of '" + name.substr(at + 1) + "' holds a user or a password; addresses are shown and logged, and may hold none");
  RemoteAddress address;
  if (s3) {
    bool fine = name.size() >= 3 && name.size() <= 63 && is_letter_or_digit(name[0]) && std::all_of(name.begin(), name.end(), [](char c) { return is_letter_or_digit(c) || is_one_of(c, "-._"); });
    if (!fine) fail_input(text("'", path, "' names the bucket '", name, "'; s3://BUCKET/KEY is expected, the bucket of 3 to 63 letters, digits, '-', '.' and '_'"));
    address.bucket = name, address.key = slash < path.size() ? path.substr(slash + 1) : "";
    while (address.key.ends_with('/')) address.key.pop_back();
    return address;
  }
  std::string shown = path.substr(0, path.find_first_of("?#"));
  if (shown.size() < path.size() && path[shown.size()] == '?')
    fail_input("'" + shown + "' goes on with a query; addresses are shown and logged, and a signed one would be no secret any more", "give an address without a query, or s3:// and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY in the environment");
  if (name.empty()) fail_input(text("'", shown, "' names no host; http://HOST/PATH is expected"));
  address.url = fit_for_request(shown);
  while (address.url.ends_with('/') && address.url.size() > slash + 1) address.url.pop_back();
  if (slash >= shown.size()) address.url += '/';
  return address;
}

}  // namespace tomograd
