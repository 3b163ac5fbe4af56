// Which layout a source has: what is certain first (files that describe themselves), then names, then plain folders.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"
#include "spec/text_formats.h"
#include "volume/zarr_metadata.h"

namespace tomograd {
namespace {

constexpr int deepest = 16;

bool ends_with(const std::string& s, const std::string& end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

void walk(Env& env, const std::string& root, const std::string& below, int depth, Tree& tree) {
  if (depth > deepest) fail_input(text("folders below '", printable(root), "' are nested deeper than ", deepest, " (a link that leads back?)"));
  for (const auto& name : env.list(join_path(root, below))) {
    if (name.empty() || name[0] == '.') continue;
    std::string relative = below.empty() ? name : below + "/" + name;
    FileKind kind = env.kind(join_path(root, relative));
    if (kind == FileKind::directory && ends_with(name, ".zarr")) tree.files.push_back(relative);
    else if (kind == FileKind::directory) walk(env, root, relative, depth + 1, tree);
    else if (kind == FileKind::file) (is_volume_name(name) ? tree.files : tree.others).push_back(relative);
  }
}

bool any_match(const Tree& tree, const std::string& pattern) {
  FilePattern compiled(pattern);
  return std::any_of(tree.files.begin(), tree.files.end(), [&](const std::string& path) { return compiled.match(path).has_value(); });
}

std::string find_other(const Tree& tree, const std::string& name) {
  return std::find(tree.others.begin(), tree.others.end(), name) == tree.others.end() ? "" : tree.path(name);
}

std::string deepmedic_list(Env& env, const Tree& tree) {  // the one config or table in the top folder that lists channels
  std::vector<std::string> found;
  for (const auto& path : tree.others) {
    if (path.find('/') != std::string::npos) continue;
    if (!ends_with(path, ".cfg") && !ends_with(path, ".csv")) continue;
    if (env.file_size(tree.path(path)) > (1 << 20)) continue;
    std::string content = read_text(env, tree.path(path));
    if (content.find("channelsTraining") != std::string::npos || content.rfind("channel_", 0) == 0 ||
        content.find(",channel_") != std::string::npos || content.find("channels = [") != std::string::npos)
      found.push_back(path);
  }
  if (found.size() > 1) fail_input(text("several DeepMedic lists are there: ", some_names(found)), "give one of them as the source");
  return found.empty() ? "" : tree.path(found[0]);
}

bool is_ours(Env& env, const std::string& path) {
  Value json = parse_json(read_text(env, path), file_name(path));
  const Value* format = json.find("format");
  return format && format->is_text() && format->as_text().rfind("tomograd.", 0) == 0;
}

Listing list_described(Env& env, const std::string& path, const ImportOptions& options, const Tree* tree) {
  return with_context("reading '" + printable(file_name(path)) + "'", [&] {
    Value json = parse_json(read_text(env, path), file_name(path));
    if (is_ours(env, path)) fail_input("it is a file of tomograd already", "use it as it is: `tomograd info`, data = \"...\" in a run");
    bool lists = json.find("training") != nullptr || json.find("validation") != nullptr || json.find("testing") != nullptr;
    bool nnunet = json.find("channel_names") || json.find("file_ending") || json.find("dataset") || (!lists && json.find("modality"));
    if (options.layout == "nnunet" || (options.layout == "auto" && nnunet)) {
      Tree own;
      if (!tree) own = scan_tree(env, parent_path(absolute_path(path))), tree = &own;
      return list_nnunet(env, *tree, json, options);
    }
    if (lists || options.layout == "decathlon" || options.layout == "monai") return list_json(env, path, json, options);
    fail_input("it describes no dataset we know", "expected channel_names (nnU-Net), or lists training, validation, test (Decathlon, MONAI)");
  });
}

Listing list_converted(Env& env, const std::string& source, ImportOptions options) {
  if (options.dicom_folder.empty()) fail_usage("'" + printable(source) + "' holds DICOM; a folder for the converted files is needed");
  convert_dicom(env, source, options.dicom_folder);
  Tree tree = scan_tree(env, options.dicom_folder);
  if (tree.files.empty()) fail_input("dcm2niix made no volume of '" + printable(source) + "'");
  Listing listing = list_folders(tree, options);
  listing.layout = "dicom";
  listing.notes.push_back("DICOM series were converted with dcm2niix into '" + printable(options.dicom_folder) + "'");
  return listing;
}

// Every store a case of its own, with its labels in it.
Listing list_stores(const std::vector<std::string>& paths) {
  Listing listing;
  listing.layout = "stores";
  for (const auto& path : paths) listing.files.push_back({path, Role::image, volume_stem(path), "", "image", -1});
  return listing;
}

bool is_flat_list_of_stores(const Tree& tree, const ImportOptions& options) {
  return !tree.files.empty() && std::all_of(tree.files.begin(), tree.files.end(), [&](const std::string& path) {
    return ends_with(path, ".zarr") && path.find('/') == std::string::npos && !(options.label.empty() && looks_like_label(path)) && !(options.roi.empty() && looks_like_roi(path));
  });
}

}  // namespace

Tree scan_tree(Env& env, const std::string& root) {
  Tree tree;
  tree.root = absolute_path(root);
  if (tree.root.size() > 1 && tree.root.back() == '/') tree.root.pop_back();
  walk(env, tree.root, "", 0, tree);
  std::sort(tree.files.begin(), tree.files.end(), natural_less);
  std::sort(tree.others.begin(), tree.others.end(), natural_less);
  return tree;
}

const std::vector<std::string>& import_layouts() {
  static const std::vector<std::string> names = {"auto",      "folders", "bids",    "nnunet",  "decathlon", "monai",
                                                 "deepmedic", "brats",   "hecktor", "hntsmrg", "dicom", "stores"};
  return names;
}

Listing list_source(Env& env, const std::string& source, const ImportOptions& options) {
  FileKind kind = env.kind(source);
  if (kind == FileKind::missing) fail_input("there is no '" + printable(source) + "'");
  if (kind == FileKind::file) {
    if (ends_with(source, ".json")) return list_described(env, source, options, nullptr);
    if (ends_with(source, ".csv") || ends_with(source, ".cfg")) return list_deepmedic(env, source, options);
    fail_input("'" + printable(source) + "' is a single file", "give the folder of patients, or a list (.json, .csv, .cfg)");
  }
  if (kind != FileKind::directory) fail_input("'" + printable(source) + "' is neither a folder nor a file");

  const std::string& layout = options.layout;
  if ((layout == "auto" || layout == "stores") && zarr_node(env, source) == ZarrNode::group) {
    std::string path = absolute_path(source);
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return list_stores({path});
  }
  Tree tree = scan_tree(env, source);
  auto is = [&](const char* name, auto&& detect) { return layout == name || (layout == "auto" && detect()); };
  if (!options.patterns.empty()) {
    std::vector<FilePattern> patterns;
    for (const auto& pattern : options.patterns) patterns.emplace_back(pattern);
    return list_by_patterns(tree, patterns, options);
  }
  if (is("stores", [&] { return is_flat_list_of_stores(tree, options); })) {
    std::vector<std::string> paths;
    for (const auto& file : tree.files)
      if (ends_with(file, ".zarr")) paths.push_back(tree.path(file));
    if (paths.empty()) fail_input("'" + printable(source) + "' holds no block store (*.zarr)", "tomograd block makes them");
    return list_stores(paths);
  }
  if (is("dicom", [&] {
        return tree.files.empty() &&
               std::any_of(tree.others.begin(), tree.others.end(), [&](const std::string& path) { return is_dicom(env, tree.path(path)); });
      }))
    return list_converted(env, source, options);
  std::string description = find_other(tree, "dataset.json");
  if (!description.empty() && is_ours(env, description)) description.clear();  // an earlier import's result, beside its source
  for (const char* name : {"nnunet", "decathlon", "monai"})
    if (layout == name && description.empty())
      fail_input("'" + printable(source) + "' has no dataset.json, which the layout '" + layout + "' needs",
                 "give the list itself as the source");
  std::string list = tree.files.empty() || layout == "deepmedic" || layout == "auto" ? deepmedic_list(env, tree) : "";
  if (layout == "deepmedic" && list.empty())
    fail_input("'" + printable(source) + "' has no DeepMedic list (.cfg with channelsTraining, .csv with channel_<name>)");
  if (tree.files.empty() && list.empty() && description.empty())
    fail_input(text("'", printable(source), "' holds no volume (.nii, .nii.gz, .hdr, .zarr) among its ", tree.others.size(), " files"),
               tree.others.empty() ? "" : "there are: " + some_names(tree.others));
  if (is("bids", [&] { return !find_other(tree, "dataset_description.json").empty(); })) return list_bids(env, tree, options);
  if (!description.empty() && (layout == "auto" || layout == "nnunet" || layout == "decathlon" || layout == "monai"))
    return list_described(env, description, options, &tree);
  if (is("deepmedic", [&] { return !list.empty(); })) return list_deepmedic(env, list, options);
  if (is("hecktor", [&] { return any_match(tree, "**/{patient}__{modality:CT|PT}"); })) return list_hecktor(tree, options);
  if (is("hntsmrg", [&] { return any_match(tree, "**/{patient}/{scan:preRT|midRT}/{patient}_{scan}_{modality:T2}"); }))
    return list_hntsmrg(tree, options);
  if (is("brats", [&] { return any_match(tree, "**/{patient}_{modality:t1ce}") || any_match(tree, "**/{patient}-{modality:t1n|t2f}"); }))
    return list_brats(tree, options);
  return list_folders(tree, options);
}

std::vector<std::string> case_names(const std::vector<std::string>& paths) {
  auto name_by = [&](auto&& part) {
    std::vector<std::string> names;
    for (const auto& path : paths) names.push_back(part(path));
    return names;
  };
  auto distinct = [&](const std::vector<std::string>& names) { return std::set<std::string>(names.begin(), names.end()).size() == names.size(); };
  auto stems = name_by([](const std::string& path) { return volume_stem(path); });
  if (distinct(stems)) return stems;
  auto folders = name_by([](const std::string& path) { return file_name(parent_path(path)); });
  if (distinct(folders)) return folders;
  auto both = name_by([](const std::string& path) { return file_name(parent_path(path)) + "_" + volume_stem(path); });
  if (distinct(both)) return both;
  for (size_t i = 0; i < both.size(); ++i) both[i] = "case" + std::to_string(i + 1);
  return both;
}

std::string some_names(const std::vector<std::string>& names, size_t most) {
  std::string list;
  for (size_t i = 0; i < std::min(most, names.size()); ++i) list += (i ? ", " : "") + printable(names[i]);
  if (names.size() > most) list += text(", and ", names.size() - most, " more");
  return list;
}

}  // namespace tomograd
