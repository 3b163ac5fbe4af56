#include "dataset/file_pattern.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/env.h"
#include "base/error.h"
#include "dataset/printable.h"
#include "spec/field.h"

namespace tomograd {
namespace {

const std::vector<std::string> known_fields = {"case", "patient", "scan", "modality", "label", "roi"};
const std::vector<std::string> endings = {".nii.gz", ".nii", ".hdr.gz", ".hdr", ".zarr"};

char lower(char c) { return char(std::tolower(static_cast<unsigned char>(c))); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

std::string lowered(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), lower);
  return s;
}

size_t groups_in(const std::string& regex) {  // capturing groups: "(" that is neither escaped, nor in a class, nor "(?"
  size_t count = 0;
  bool in_class = false;
  for (size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == '\\') ++i;
    else if (regex[i] == '[') in_class = true;
    else if (regex[i] == ']') in_class = false;
    else if (regex[i] == '(' && !in_class && (i + 1 >= regex.size() || regex[i + 1] != '?')) ++count;
  }
  return count;
}

size_t closing_brace(const std::string& pattern, size_t open) {  // braces may nest: {scan:\d{3}}
  int depth = 0;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == '}' && --depth == 0) return i;
  }
  return std::string::npos;
}

bool glob_matches(const char* glob, const char* name) {
  if (*glob == 0) return *name == 0;
  if (*glob == '*') return glob_matches(glob + 1, name) || (*name && glob_matches(glob, name + 1));
  return *name && (*glob == '?' || lower(*glob) == lower(*name)) && glob_matches(glob + 1, name + 1);
}

// Words: tokens cut again where the case changes ("OTMultiClass" -> OT, Multi, Class).
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  for (const auto& token : name_tokens(name)) {
    std::string word;
    for (size_t i = 0; i < token.size(); ++i) {
      bool begins = i > 0 && is_upper(token[i]) && (!is_upper(token[i - 1]) || (i + 1 < token.size() && is_lower(token[i + 1])));
      if (begins && !word.empty()) words.push_back(word), word.clear();
      word += token[i];
    }
    words.push_back(word);
  }
  return words;
}

}  // namespace

FilePattern::FilePattern(const std::string& pattern) : pattern_(pattern) {
  std::string regex;
  size_t group = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '{') {
      size_t end = closing_brace(pattern, i);
      if (end == std::string::npos) fail_usage("the pattern '" + printable(pattern) + "' has a '{' without its '}'");
      std::string inside = pattern.substr(i + 1, end - i - 1);
      size_t colon = inside.find(':');
      std::string name = inside.substr(0, colon), own = colon == std::string::npos ? "[^/]+?" : inside.substr(colon + 1);
      if (std::find(known_fields.begin(), known_fields.end(), name) == known_fields.end())
        fail_usage("the pattern '" + printable(pattern) + "' has the field '" + printable(name) + "'",
                   "known fields: case, patient, scan, modality, label, roi");
      auto before = std::find_if(fields_.begin(), fields_.end(), [&](const auto& field) { return field.first == name; });
      if (before != fields_.end() && colon == std::string::npos) {
        regex += "(?:\\" + std::to_string(before->second) + ")";
      } else {
        fields_.emplace_back(name, ++group);
        group += groups_in(own);
        regex += "(" + own + ")";
      }
      i = end;
    } else if (pattern.compare(i, 3, "**/") == 0) {
      regex += "(?:.*/)?", i += 2;
    } else if (pattern.compare(i, 2, "**") == 0) {
      regex += ".*", i += 1;
    } else if (c == '*') {
      regex += "[^/]*";
    } else if (c == '?') {
      regex += "[^/]";
    } else {
      if (std::string("\\^$.|()[]+}").find(c) != std::string::npos) regex += '\\';
      regex += c;
    }
  }
  bool has_ending = std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) {
    return pattern.size() >= ending.size() && pattern.compare(pattern.size() - ending.size(), ending.size(), ending) == 0;
  });
  if (!has_ending && (pattern.empty() || pattern.back() != '*')) regex += "(?:\\.nii|\\.nii\\.gz|\\.hdr|\\.hdr\\.gz|\\.zarr)";
  try {
    regex_ = std::regex(regex, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    fail_usage("the pattern '" + printable(pattern) + "' holds a regular expression that is not valid: " + error.what());
  }
}

bool FilePattern::has(const std::string& field) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const auto& f) { return f.first == field; });
}

std::optional<std::map<std::string, std::string>> FilePattern::match(const std::string& path) const {
  std::smatch found;
  if (!std::regex_match(path, found, regex_)) return {};
  std::map<std::string, std::string> fields;
  for (const auto& [name, group] : fields_) {
    auto [at, fresh] = fields.emplace(name, found[group].str());
    if (!fresh && at->second != found[group].str()) return {};
  }
  return fields;
}

bool name_matches(const std::string& pattern, const std::string& name) {
  std::string stem = volume_stem(name);
  size_t begin = 0;
  while (begin <= pattern.size()) {
    size_t end = std::min(pattern.find('|', begin), pattern.size());
    std::string one = pattern.substr(begin, end - begin);
    begin = end + 1;
    if (one.empty()) continue;
    if (one.find_first_of("*?") != std::string::npos) {
      if (glob_matches(one.c_str(), stem.c_str()) || glob_matches(one.c_str(), file_name(name).c_str())) return true;
    } else if (lowered(file_name(name)).find(lowered(one)) != std::string::npos) {
      return true;
    }
  }
  return false;
}

bool looks_like_label(const std::string& name) {
  static const std::regex habit("label.*|d?seg.*|gt(v.*|[0-9]*)|.*truth.*");
  auto words = words_of(volume_stem(name));
  return std::any_of(words.begin(), words.end(), [](const std::string& word) { return word == "OT" || std::regex_match(lowered(word), habit); });
}

bool looks_like_roi(const std::string& name) {
  static const std::regex habit(".*mask.*|roi.*");
  auto words = words_of(volume_stem(name));
  return std::any_of(words.begin(), words.end(), [](const std::string& word) { return std::regex_match(lowered(word), habit); });
}

std::string volume_stem(const std::string& path) {
  std::string name = file_name(path), small = lowered(name);
  for (const auto& ending : endings)
    if (small.size() > ending.size() && small.compare(small.size() - ending.size(), ending.size(), ending) == 0)
      return name.substr(0, name.size() - ending.size());
  return name;
}

bool is_volume_name(const std::string& path) { return volume_stem(path) != file_name(path); }

std::vector<std::string> name_tokens(const std::string& name) {
  std::vector<std::string> tokens;
  std::string token;
  for (char c : name) {
    if (std::string("_-./ ").find(c) == std::string::npos) token += c;
    else if (!token.empty()) tokens.push_back(token), token.clear();
  }
  if (!token.empty()) tokens.push_back(token);
  if (tokens.empty()) tokens.push_back(name);
  return tokens;
}

std::vector<std::string> shortened(const std::vector<std::string>& names) {
  std::set<std::vector<std::string>> distinct;
  for (const auto& name : names) distinct.insert(name_tokens(name));
  if (distinct.empty()) return {};
  size_t front = 0, back = 0, shortest = SIZE_MAX;
  for (const auto& tokens : distinct) shortest = std::min(shortest, tokens.size());
  const auto& one = *distinct.begin();
  auto all_share = [&](auto&& token_of) {
    return std::all_of(distinct.begin(), distinct.end(), [&](const auto& tokens) { return token_of(tokens) == token_of(one); });
  };
  if (distinct.size() > 1) {
    while (front + 1 < shortest && all_share([&](const auto& t) { return t[front]; })) ++front;
    while (front + back + 1 < shortest && all_share([&](const auto& t) { return t[t.size() - 1 - back]; })) ++back;
  }
  std::set<std::string> firsts;
  for (const auto& tokens : distinct) firsts.insert(tokens[front]);
  bool first_is_enough = firsts.size() == distinct.size();
  std::vector<std::string> result;
  for (const auto& name : names) {
    auto tokens = name_tokens(name);
    std::string joined = tokens[front];
    for (size_t i = front + 1; i + back < tokens.size() && !first_is_enough; ++i) joined += "_" + tokens[i];
    result.push_back(joined);
  }
  return result;
}

bool natural_less(const std::string& a, const std::string& b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      size_t i0 = a.find_first_not_of('0', i), j0 = b.find_first_not_of('0', j);
      size_t i1 = std::min(a.find_first_not_of("0123456789", i), a.size()), j1 = std::min(b.find_first_not_of("0123456789", j), b.size());
      i0 = std::min(i0, i1), j0 = std::min(j0, j1);
      if (i1 - i0 != j1 - j0) return i1 - i0 < j1 - j0;
      if (int order = a.compare(i0, i1 - i0, b, j0, j1 - j0)) return order < 0;
      i = i1, j = j1;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i, ++j;
    }
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;
}

}  // namespace tomograd
