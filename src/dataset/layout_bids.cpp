// BIDS 1.11: sub-X[/ses-Y]/<datatype>/sub-X[_ses-Y][_key-value...]_<suffix>.nii.gz, label maps in derivatives/<pipeline>
// as ..._dseg (names in a table beside) or ..._mask.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

struct BidsName {
  std::string subject, session, suffix;
  std::vector<std::pair<std::string, std::string>> entities;  // without sub and ses
  const std::string* entity(const std::string& key) const {
    for (const auto& [name, value] : entities)
      if (name == key) return &value;
    return nullptr;
  }
  std::string modality(bool short_form) const {
    std::string name;
    for (const auto& [key, value] : entities)
      if (!short_form || key == "ce") name += key + "-" + value + "_";
    return name + suffix;
  }
};

bool parse_bids(const std::string& path, BidsName& name) {
  std::string stem = volume_stem(path);
  std::istringstream parts(stem);
  std::string part;
  while (std::getline(parts, part, '_')) {
    size_t dash = part.find('-');
    if (dash == std::string::npos) name.suffix = part;
    else if (part.substr(0, dash) == "sub") name.subject = part.substr(dash + 1);
    else if (part.substr(0, dash) == "ses") name.session = part.substr(dash + 1);
    else name.entities.emplace_back(part.substr(0, dash), part.substr(dash + 1));
  }
  return !name.subject.empty() && !name.suffix.empty();
}

// "index<TAB>name" with any other columns, as the BIDS tables of discrete segmentations are.
std::vector<std::pair<std::string, std::vector<int64_t>>> read_segment_names(Env& env, const std::string& path) {
  std::vector<std::pair<std::string, std::vector<int64_t>>> labels;
  std::istringstream lines(read_text(env, path, 1 << 20));
  std::string line, cell;
  int index_column = -1, name_column = -1;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> cells;
    std::istringstream row(line);
    while (std::getline(row, cell, '\t')) cells.push_back(cell);
    if (index_column < 0) {
      for (size_t i = 0; i < cells.size(); ++i) {
        if (cells[i] == "index") index_column = int(i);
        if (cells[i] == "name") name_column = int(i);
      }
      if (index_column < 0 || name_column < 0) fail_input("'" + printable(path) + "' has no columns 'index' and 'name'");
      continue;
    }
    if (cells.size() <= size_t(std::max(index_column, name_column))) continue;
    const std::string& index = cells[size_t(index_column)];
    if (index.empty() || index.size() > 5 || index.find_first_not_of("0123456789") != std::string::npos)
      fail_input("'" + printable(path) + "' has the index '" + printable(index) + "', expected a number");
    if (std::stoll(index) > 0) labels.emplace_back(cells[size_t(name_column)], std::vector<int64_t>{std::stoll(index)});
  }
  return labels;
}

}  // namespace

Listing list_bids(Env& env, const Tree& tree, const ImportOptions& options) {
  Listing listing;
  listing.layout = "bids";
  std::map<std::string, std::set<std::string>> forms;  // short name -> full names
  std::vector<std::pair<FoundFile, BidsName>> images;
  size_t other_kinds = 0, derived = 0;
  for (const auto& path : tree.files) {
    BidsName name;
    if (!parse_bids(path, name)) continue;
    bool derivative = path.rfind("derivatives/", 0) == 0;
    if (path.rfind("sourcedata/", 0) == 0 || path.rfind("code/", 0) == 0) continue;
    FoundFile file{tree.path(path), Role::image, name.subject, name.session, "", -1};
    const std::string* desc = name.entity("desc");
    const std::string* of = name.entity("label");
    if (name.suffix == "dseg" || name.suffix == "mask") {
      bool brain = name.suffix == "mask" && ((desc && *desc == "brain") || (of && (*of == "brain" || *of == "ROI")));
      file.role = brain ? Role::roi : Role::label;
      const std::string& wanted = brain ? options.roi : options.label;
      if (wanted == "none" || (!wanted.empty() && !name_matches(wanted, path))) continue;
      listing.files.push_back(file);
      std::string table = file.path.substr(0, file.path.size() - (file_name(path).size() - volume_stem(path).size())) + ".tsv";
      if (file.role == Role::label && listing.labels.empty() && env.kind(table) == FileKind::file) listing.labels = read_segment_names(env, table);
      continue;
    }
    std::string folder = file_name(parent_path(path));
    if (derivative || name.suffix == "probseg") {
      ++derived;
    } else if (folder != "anat" && folder != "pet" && folder != "perf") {
      ++other_kinds;
    } else if (options.filter.empty() || path.find(options.filter) != std::string::npos) {
      forms[name.modality(true)].insert(name.modality(false));
      images.emplace_back(file, name);
    }
  }
  for (auto& [file, name] : images) {
    file.modality = name.modality(forms[name.modality(true)].size() == 1);
    listing.files.push_back(file);
  }
  if (images.empty()) fail_input(text("the BIDS folder has no image below anat/, pet/ or perf/; its volumes are: ", some_names(tree.files)));
  if (other_kinds > 0) listing.notes.push_back(text(other_kinds, " volumes outside anat/, pet/ and perf/ were left out"));
  if (derived > 0) listing.notes.push_back(text(derived, " derived images were left out"));
  return listing;
}

}  // namespace tomograd
