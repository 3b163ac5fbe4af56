#include "base/s3_listing.h"

#include <charconv>
#include <string_view>

#include "base/error.h"

namespace tomograd {
namespace {

void add_code_point(std::string& into, uint32_t code) {
  if (code < 0x80) into += char(code);
  else if (code < 0x800) into += char(0xC0 | code >> 6), into += char(0x80 | (code & 63));
  else if (code < 0x10000) into += char(0xE0 | code >> 12), into += char(0x80 | (code >> 6 & 63)), into += char(0x80 | (code & 63));
  else into += char(0xF0 | code >> 18), into += char(0x80 | (code >> 12 & 63)), into += char(0x80 | (code >> 6 & 63)), into += char(0x80 | (code & 63));
}

std::string unescaped(std::string_view text) {
  static constexpr std::pair<std::string_view, char> named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    constexpr size_t longest = 12;               // "&#x10FFFF;" and some zeros
    size_t length = text[at] == '&' ? text.substr(at, longest).find(';') : std::string_view::npos;
    if (length == std::string_view::npos) {
      plain += text[at];
      continue;
    }
    std::string_view name = text.substr(at + 1, length - 1);
    bool known = false;
    for (auto [entity, sign] : named)
      if (name == entity) plain += sign, known = true;
    if (name.starts_with('#')) {
      bool hexadecimal = name.starts_with("#x");
      std::string_view digits = name.substr(hexadecimal ? 2 : 1);
      uint32_t code = 0;
      auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
      if (error == std::errc{} && stop == digits.data() + digits.size() && code <= 0x10FFFF) add_code_point(plain, code), known = true;
    }
    if (known) at += length;
    else plain += '&';
  }
  return plain;
}

// The content of the first element of this name in `xml` from `at` on; `at` moves behind it. False when there is none.
bool next_element(std::string_view xml, std::string_view name, size_t& at, std::string_view& content) {
  std::string open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
  size_t begin = xml.find(open, at);
  if (begin == std::string_view::npos) return false;
  begin += open.size();
  size_t end = xml.find(close, begin);
  if (end == std::string_view::npos) return false;
  content = xml.substr(begin, end - begin);
  at = end + close.size();
  return true;
}

std::string text_in(std::string_view xml, std::string_view name) {
  size_t at = 0;
  std::string_view content;
  return next_element(xml, name, at, content) ? unescaped(content) : "";
}

}  // namespace

S3Listing parse_s3_listing(const std::string& xml) {
  if (xml.find("<ListBucketResult") == std::string::npos || xml.find("</ListBucketResult>") == std::string::npos) fail_input("the answer to a listing is no ListBucketResult", "is the address that of an S3 server?");
  S3Listing listing;
  size_t at = 0;
  for (std::string_view entry; next_element(xml, "Contents", at, entry);) {
    S3Listing::Object object{text_in(entry, "Key"), text_in(entry, "ETag"), -1};
    std::string size = text_in(entry, "Size");
    auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.bytes);
    if (error != std::errc{} || end != size.data() + size.size() || object.bytes < 0) fail_input(text("a listing says that '", object.key, "' has '", size, "' bytes"));
    listing.objects.push_back(std::move(object));
  }
  at = 0;
  for (std::string_view entry; next_element(xml, "CommonPrefixes", at, entry);) listing.prefixes.push_back(text_in(entry, "Prefix"));
  if (text_in(xml, "IsTruncated") == "true") {
    listing.next = text_in(xml, "NextContinuationToken");
    if (listing.next.empty()) fail_input("a listing is cut short and names no page that follows");
  }
  return listing;
}

std::string s3_refusal(const std::string& xml) {
  constexpr size_t longest_code = 64, longest_message = 300;
  std::string code = text_in(xml, "Code").substr(0, longest_code), message = text_in(xml, "Message").substr(0, longest_message);
  return message.empty() ? code : code + ": " + message;
}

}  // namespace tomograd
