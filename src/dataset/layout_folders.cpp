// Folders of patients, each with its scans in folders of their own or not: SRC/patient/files, SRC/patient/scan/files, and
// SRC/patient/modality/file. Roles come from names, modalities from what differs between the names of images.
#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

struct Entry {
  std::string path;                              // relative to the source
  std::vector<std::string> folders;
  Role role = Role::image;
  std::string patient, scan, stem;               // stem: path below the case, without the names of patient and scan
};

std::vector<std::string> folders_of(const std::string& path) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t slash; (slash = path.find('/', begin)) != std::string::npos; begin = slash + 1) parts.push_back(path.substr(begin, slash - begin));
  return parts;
}

Role role_of(const std::string& path, const ImportOptions& options) {
  std::string name = file_name(path);
  if (options.label != "none" && (options.label.empty() ? looks_like_label(name) : name_matches(options.label, name))) return Role::label;
  if (options.roi != "none" && (options.roi.empty() ? looks_like_roi(name) : name_matches(options.roi, name))) return Role::roi;
  return Role::image;
}

// Does the second folder level name scan events (each with its images and label), or modalities of one scan?
bool second_level_is_scan(const std::vector<Entry>& entries) {
  std::map<std::string, std::map<std::string, std::pair<int, int>>> groups;  // patient -> folder -> images, labels
  int labels = 0;
  for (const auto& entry : entries) {
    auto& group = groups[entry.folders.empty() ? "" : entry.folders[0]][entry.folders.size() < 2 ? "" : entry.folders[1]];
    if (entry.role == Role::image) ++group.first;
    if (entry.role == Role::label) ++group.second, ++labels;
  }
  bool several = false;
  for (const auto& [patient, scans] : groups)
    for (const auto& [scan, counts] : scans) {
      if (scan.empty() && counts.second > 0 && scans.size() > 1) return false;  // a label beside the folders
      if (scan.empty()) continue;
      if (labels > 0 ? counts.first > 0 && counts.second > 0 : counts.first > 1) several = true;
    }
  return several;
}

std::vector<std::string> without_leading(std::vector<std::string> tokens, const std::string& name) {
  if (name.empty()) return tokens;
  auto prefix = name_tokens(name);
  if (tokens.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), tokens.begin()))
    tokens.erase(tokens.begin(), tokens.begin() + std::ptrdiff_t(prefix.size()));
  return tokens;
}

std::string stem_of(const Entry& entry, size_t case_depth) {
  std::string stem;
  for (size_t i = case_depth; i < entry.folders.size(); ++i) stem += entry.folders[i] + "_";
  auto tokens = name_tokens(volume_stem(entry.path));
  for (const auto& name : {entry.patient, entry.scan}) tokens = without_leading(tokens, name);
  for (size_t i = 0; i < tokens.size(); ++i) stem += (i ? "_" : "") + tokens[i];
  return stem;
}

[[noreturn]] void fail_no_images(const std::vector<Entry>& entries, const ImportOptions& options) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.path);
  if (!options.filter.empty())
    fail_input(text("none of ", entries.size(), " files contains '", printable(options.filter),
                    "' and is an image; there are: ", some_names(names)),
               "--filter TEXT chooses images by a part of their path");
  fail_input(text("none of ", entries.size(), " files is an image; there are: ", some_names(names)),
             "--label, --roi and --modality NAME=PATTERN say which file is what");
}

// Of several label (or ROI) files of a case, those that pass the filter, where some do.
void prefer_filtered(std::vector<Entry>& entries, Role role, const std::string& filter) {
  if (filter.empty()) return;
  std::set<std::pair<std::string, std::string>> having;
  auto key = [](const Entry& e) { return std::make_pair(e.patient, e.scan); };
  auto passes = [&](const Entry& e) { return e.path.find(filter) != std::string::npos; };
  for (const auto& entry : entries)
    if (entry.role == role && passes(entry)) having.insert(key(entry));
  std::erase_if(entries, [&](const Entry& e) { return e.role == role && !passes(e) && having.contains(key(e)); });
}

void name_modalities(std::vector<Entry>& entries, Listing& listing, const Tree& tree, const ImportOptions& options) {
  std::vector<std::string> stems;
  std::map<std::string, std::set<std::string>> cases_of;
  std::set<std::string> cases;
  for (const auto& entry : entries)
    if (entry.role == Role::image) stems.push_back(entry.stem);
  auto names = shortened(stems);
  size_t next = 0, unmatched = 0;
  for (const auto& entry : entries) {
    FoundFile file{tree.path(entry.path), entry.role, entry.patient, entry.scan, "", -1};
    std::string found = entry.role == Role::image ? names[next++] : "";
    for (const auto& given : options.modalities) {
      size_t equal = given.find('=');
      if (entry.role != Role::image) break;
      found.clear();
      if (name_matches(given.substr(equal + 1), entry.path)) {
        found = given.substr(0, equal);
        break;
      }
    }
    if (entry.role == Role::image && found.empty()) {
      ++unmatched;
      continue;
    }
    file.modality = found;
    if (entry.role == Role::image) cases_of[found].insert(entry.patient + "/" + entry.scan);
    cases.insert(entry.patient + "/" + entry.scan);
    listing.files.push_back(std::move(file));
  }
  if (unmatched > 0) listing.notes.push_back(text(unmatched, " files match none of --modality and were left out"));
  bool nothing_in_common = options.modalities.empty() && cases.size() > 2 &&
                           std::all_of(cases_of.begin(), cases_of.end(), [](const auto& m) { return m.second.size() == 1; });
  if (!nothing_in_common) return;
  std::vector<std::string> paths;
  for (const auto& entry : entries) paths.push_back(entry.path);
  fail_input(text("file names of images have nothing in common between ", cases.size(),
                  " cases, so modalities cannot be told from them: ", some_names(paths)),
             "give --modality NAME=PATTERN for each, or --pattern '{patient}/{modality}_*'");
}

}  // namespace

Listing list_folders(const Tree& tree, const ImportOptions& options) {
  for (const auto& given : options.modalities)
    if (given.find('=') == std::string::npos || given.front() == '=')
      fail_usage("--modality '" + printable(given) + "' is not of the form NAME=PATTERN", "example: --modality T1w='*T1w*'");
  Listing listing;
  listing.layout = "folders";
  std::vector<Entry> entries;
  size_t left_out = 0;
  for (const auto& path : tree.files) {
    Entry entry;
    entry.path = path, entry.folders = folders_of(path), entry.role = role_of(path, options);
    entries.push_back(std::move(entry));
  }
  auto all = entries;
  std::erase_if(entries, [&](const Entry& e) {
    bool out = e.role == Role::image && !options.filter.empty() && e.path.find(options.filter) == std::string::npos;
    left_out += out;
    return out;
  });
  if (std::none_of(entries.begin(), entries.end(), [](const Entry& e) { return e.role == Role::image; })) fail_no_images(all, options);
  if (left_out > 0) listing.notes.push_back(text(left_out, " images do not contain '", printable(options.filter), "' and were left out"));

  // A single folder around everything is a wrapper when patients and scans still fit below it.
  std::string wrapper = entries.front().folders.empty() ? "" : entries.front().folders[0];
  bool wrapped = !wrapper.empty() && std::all_of(entries.begin(), entries.end(),
                                                 [&](const Entry& e) { return e.folders.size() > 2 && e.folders[0] == wrapper; });
  if (wrapped)
    for (auto& entry : entries) entry.folders.erase(entry.folders.begin());

  bool scans = second_level_is_scan(entries);
  std::string own_name = file_name(tree.root);
  for (auto& entry : entries) {
    size_t depth = std::min<size_t>(entry.folders.size(), scans ? 2 : 1);
    entry.patient = depth > 0 ? entry.folders[0] : own_name;
    entry.scan = depth > 1 ? entry.folders[1] : "";
    entry.stem = stem_of(entry, depth);
  }
  for (Role role : {Role::label, Role::roi}) prefer_filtered(entries, role, options.filter);
  name_modalities(entries, listing, tree, options);
  return listing;
}

}  // namespace tomograd
