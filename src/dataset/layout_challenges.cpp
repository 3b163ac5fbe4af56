// Layouts that file names give away, each a few patterns: BraTS (2020 to 2025), HECKTOR (2022 to 2026), HNTS-MRG 2024, and
// the patterns a user gives.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

std::vector<FilePattern> compiled(const std::vector<std::string>& patterns) {
  std::vector<FilePattern> result;
  for (const auto& pattern : patterns) result.emplace_back(pattern);
  return result;
}

bool excluded(const ImportOptions& options, Role role, const std::string& path) {
  if (role == Role::image && !options.filter.empty()) return path.find(options.filter) == std::string::npos;
  return (role == Role::label && options.label == "none") || (role == Role::roi && options.roi == "none");
}

}  // namespace

Listing list_by_patterns(const Tree& tree, const std::vector<FilePattern>& patterns, const ImportOptions& options) {
  Listing listing;
  listing.layout = "pattern";
  std::vector<std::string> unmatched;
  for (const auto& path : tree.files) {
    bool matched = false;
    for (const auto& pattern : patterns) {
      auto fields = pattern.match(path);
      if (!fields) continue;
      matched = true;
      FoundFile file;
      file.path = tree.path(path);
      file.role = pattern.has("label") ? Role::label : pattern.has("roi") ? Role::roi : Role::image;
      if (excluded(options, file.role, path)) break;
      file.patient = fields->contains("patient") ? (*fields)["patient"] : (*fields)["case"];
      file.scan = fields->contains("scan") ? (*fields)["scan"] : fields->contains("patient") ? (*fields)["case"] : "";
      if (file.patient.empty())
        fail_usage("the pattern '" + printable(pattern.text()) + "' names no patient", "it needs a field {patient} or {case}");
      if (file.role == Role::image) file.modality = pattern.has("modality") ? (*fields)["modality"] : "image";
      listing.files.push_back(std::move(file));
      break;
    }
    if (!matched) unmatched.push_back(path);
  }
  if (listing.files.empty()) {
    std::string asked;
    for (const auto& pattern : patterns) asked += (asked.empty() ? "'" : ", '") + printable(pattern.text()) + "'";
    fail_input(text("none of ", tree.files.size(), " files matches ", asked, "; there are: ", some_names(tree.files)),
               "a pattern matches the whole path below the source, such as '{patient}/{scan}/{modality}'");
  }
  if (!unmatched.empty()) listing.notes.push_back(text(unmatched.size(), " files match no pattern and were left out: ", some_names(unmatched, 3)));
  return listing;
}

// Label values changed over the years: 1, 2, 4 until 2021, 1, 2, 3 since 2023; names are given where the numbers cannot clash.
Listing list_brats(const Tree& tree, const ImportOptions& options) {
  static const auto patterns = compiled({
      "**/{patient:BraTS[^/]*?}-{scan:[0-9]{3}}-{modality:t1n|t1c|t2w|t2f}",
      "**/{patient:BraTS[^/]*?}-{scan:[0-9]{3}}-{label:seg}",
      "**/{patient}-{modality:t1n|t1c|t2w|t2f}",
      "**/{patient}-{label:seg}",
      "**/{patient}_{modality:t1ce|t1|t2|flair}",
      "**/{patient}_{label:seg}",
  });
  Listing listing = list_by_patterns(tree, patterns, options);
  listing.layout = "brats";
  bool old = std::any_of(listing.files.begin(), listing.files.end(), [](const FoundFile& f) { return f.modality == "flair"; });
  listing.modalities = old ? std::vector<std::string>{"t1", "t1ce", "t2", "flair"} : std::vector<std::string>{"t1n", "t1c", "t2w", "t2f"};
  listing.labels = {{"NCR", {1}}, {"ED", {2}}, {"ET", {old ? 4 : 3}}};
  return listing;
}

Listing list_hecktor(const Tree& tree, const ImportOptions& options) {
  static const auto patterns = compiled({
      "**/{patient:(?:(?!__)[^/])+}__{modality:CT|PT}",
      "**/{patient:(?:(?!__)[^/])+}{label:}",
  });
  Listing listing = list_by_patterns(tree, patterns, options);
  listing.layout = "hecktor";
  listing.modalities = {"CT", "PT"};
  listing.labels = {{"GTVp", {1}}, {"GTVn", {2}}};
  return listing;
}

Listing list_hntsmrg(const Tree& tree, const ImportOptions& options) {
  static const auto patterns = compiled({
      "**/{patient}/{scan:preRT|midRT}/{patient}_{scan}_{modality:T2}",
      "**/{patient}/{scan:preRT|midRT}/{patient}_{scan}_{label:mask}",
  });
  Listing listing = list_by_patterns(tree, patterns, options);
  listing.layout = "hntsmrg";
  listing.labels = {{"GTVp", {1}}, {"GTVn", {2}}};
  return listing;
}

}  // namespace tomograd
