// Paths with named fields: what every importer is made of.
//   {patient}/{scan}/{modality}_normalization      a field is one or more characters without '/', as few as fit
//   **/{case}_{modality:t1ce|t1|t2}                a field with a regular expression of its own (no '/' implied)
//   *  any characters but '/',  ?  one of them,  **  any characters,  "**/" also no folder at all
// The whole path must match; a field that comes twice must have the same text twice; a pattern that names no file ending
// matches any volume's (.nii, .nii.gz, .hdr, .hdr.gz, and .zarr of a block store's folder).
#pragma once

#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace tomograd {

class FilePattern {
 public:
  // Error(usage) quoting the pattern: an unknown field (known: case patient scan modality label roi), an open brace.
  explicit FilePattern(const std::string& pattern);

  const std::string& text() const { return pattern_; }
  bool has(const std::string& field) const;
  // Text of each field, or nothing when the path does not match.
  std::optional<std::map<std::string, std::string>> match(const std::string& path) const;

 private:
  std::string pattern_;
  std::regex regex_;
  std::vector<std::pair<std::string, size_t>> fields_;  // name, capture group
};

// Name patterns of --label, --roi and --modality: alternatives separated by '|'; one with * or ? is a glob over the file name
// without its ending, another is text that the name contains. Upper and lower case count the same.
bool name_matches(const std::string& pattern, const std::string& file_name);

// By the field's habits: words of the name (cut at '_', '-', '.', spaces and changes of case) such as label..., seg...,
// GT, GTV..., ...truth..., OT; and ...mask..., roi...
bool looks_like_label(const std::string& file_name);
bool looks_like_roi(const std::string& file_name);

// "a/b.nii.gz" -> "b"; endings that are none of a volume's stay.
std::string volume_stem(const std::string& path);
bool is_volume_name(const std::string& path);

// "T1_norm-a.x" -> {"T1", "norm", "a", "x"}
std::vector<std::string> name_tokens(const std::string& name);

// Shortest names that still tell the given names apart: tokens that all share at the front and at the back fall away, then
// everything behind the first token when first tokens differ. In the order of `names`.
std::vector<std::string> shortened(const std::vector<std::string>& names);

// a2 before a10.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace tomograd
