#include "dataset/import.h"

#include <algorithm>
#include <exception>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/prepared_case.h"
#include "dataset/printable.h"
#include "dataset/scan_file.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

constexpr int64_t most_frames = 64;

struct Draft {  // a case while its files are looked at; the pool fills one Draft per call
  Case item;
  std::vector<std::pair<std::string, std::string>> sources;  // modality as listed, path
  std::set<int64_t> values;                                  // of the label map, without 0
};

[[noreturn]] void fail_twice(const FoundFile& file, const std::string& other) {
  const char* what = file.role == Role::label ? "label" : file.role == Role::roi ? "ROI" : "image";
  std::string of = file.role == Role::image ? " of modality '" + printable(file.modality) + "'" : "";
  fail_input(
      text("two files are the ", what, of, " of patient '", printable(file.patient), "'",
           file.scan.empty() ? "" : ", scan '" + printable(file.scan) + "'", ": '", printable(other), "' and '", printable(file.path), "'"),
      file.role == Role::image   ? "--filter TEXT or --modality NAME=PATTERN tells them apart"
      : file.role == Role::label ? "--label PATTERN chooses one"
                                 : "--roi PATTERN chooses one");
}

std::vector<Draft> group(const Listing& listing, std::vector<std::string>& notes) {
  auto less = [](const auto& a, const auto& b) { return a.first != b.first ? natural_less(a.first, b.first) : natural_less(a.second, b.second); };
  std::map<std::pair<std::string, std::string>, Draft, decltype(less)> drafts(less);
  for (const auto& file : listing.files) {
    if (!is_utf8(file.path)) fail_input("the path '" + printable(file.path) + "' is not UTF-8, which dataset.json needs", "rename the file");
    Case& item = drafts[{file.patient, file.scan}].item;
    item.patient = file.patient, item.scan = file.scan;
    if (file.role == Role::image) {
      auto [at, fresh] = item.images.emplace(file.modality, file.path);
      if (!fresh) fail_twice(file, at->second);
      if (file.frame >= 0) item.frames[file.modality] = file.frame;
    } else {
      std::string& place = file.role == Role::label ? item.label : item.roi;
      if (!place.empty()) fail_twice(file, place);
      place = file.path;
    }
  }
  std::vector<Draft> result;
  std::vector<std::string> without;
  for (auto& [key, draft] : drafts) {
    if (draft.item.images.empty()) without.push_back(key.first + (key.second.empty() ? "" : "/" + key.second));
    else result.push_back(std::move(draft));
  }
  if (result.empty()) fail_input("no case has an image");
  if (!without.empty()) notes.push_back(text(without.size(), " cases have a label or ROI and no image, and were left out: ", some_names(without)));
  return result;
}

// A store made by `tomograd block --label` has its labels in itself.
void find_labels_in_stores(Env& env, const ImportOptions& options, std::vector<Draft>& drafts, std::vector<std::string>& notes) {
  std::set<std::string> others;
  for (Draft& draft : drafts) {
    Case& item = draft.item;
    for (const auto& [modality, path] : item.images) {
      if (!item.label.empty() || !is_store_path(path)) continue;
      auto names = zarr_label_names(env, path), chosen = names;
      bool usual = options.label.empty() && std::find(names.begin(), names.end(), "label") != names.end();
      std::erase_if(chosen, [&](const std::string& name) { return usual ? name != "label" : options.label.empty() ? looks_like_roi(name) : !name_matches(options.label, name); });
      if (chosen.size() > 1) fail_input(text("the store '", printable(path), "' holds several label images: ", some_names(chosen)), "--label NAME chooses one");
      for (const auto& name : names) chosen == std::vector<std::string>{name} ? void(item.label = join_path(join_path(path, "labels"), name)) : void(others.insert(name));
    }
  }
  if (!others.empty()) notes.push_back("label images in the stores that were left out: " + some_names({others.begin(), others.end()}));
}

// A 4-D file without a frame of its own becomes one modality per frame.
void read_images(Env& env, Draft& draft, std::string& first_path) {
  Case& item = draft.item;
  std::map<std::string, std::string> images;
  std::map<std::string, int64_t> frames;
  for (const auto& [modality, path] : item.images) {
    NiftiHeader header = with_context("image '" + printable(path) + "'", [&, &path = path] { return read_scan_header(env, path); });
    auto listed = item.frames.find(modality);
    if (listed != item.frames.end()) {
      if (listed->second >= header.frames)
        fail_input(
            text("'", printable(path), "' has ", header.frames, " frames, and '", printable(modality), "' is frame ", listed->second));
      images[modality] = path, frames[modality] = listed->second;
    } else if (header.frames == 1) {
      images[modality] = path;
    } else if (header.frames > most_frames) {
      fail_input(text("'", printable(path), "' has ", header.frames, " frames; at most ", most_frames, " become modalities"),
                 "leave it out with --filter or --modality");
    } else {
      for (int64_t frame = 0; frame < header.frames; ++frame)
        images[modality + "_" + std::to_string(frame)] = path, frames[modality + "_" + std::to_string(frame)] = frame;
    }
    for (const auto& warning : header.warnings) item.warnings.push_back(printable(file_name(path)) + ": " + printable(warning));
    std::string reason;
    if (first_path.empty()) {
      first_path = path;
      item.geometry = header.geometry;
    } else if (!same_grid(item.geometry, header.geometry, grid_tolerance(item.geometry), &reason)) {
      item.warnings.push_back("'" + printable(file_name(first_path)) + "' and '" + printable(file_name(path)) +
                              "' are not on the same grid: " + reason);
    }
  }
  item.images = std::move(images), item.frames = std::move(frames);
}

void read_mask_header(Env& env, Case& item, const std::string& path, const char* role, const std::string& first_path) {
  NiftiHeader header = with_context(text(role, " '", printable(path), "'"), [&] { return read_scan_header(env, path); });
  if (header.frames != 1) fail_input(text(role, " '", printable(path), "' has ", header.frames, " frames, expected one"));
  std::string reason;
  if (!same_grid(item.geometry, header.geometry, grid_tolerance(item.geometry), &reason))
    item.warnings.push_back("'" + printable(file_name(first_path)) + "' and '" + printable(file_name(path)) +
                            "' are not on the same grid: " + reason);
}

void look_at(Env& env, Draft& draft) {
  Case& item = draft.item;
  std::string name = "patient '" + printable(item.patient) + (item.scan.empty() ? "'" : "', scan '" + printable(item.scan) + "'");
  with_context(name, [&] {
    std::string first_path;
    read_images(env, draft, first_path);
    if (!item.roi.empty()) read_mask_header(env, item, item.roi, "ROI", first_path);
    if (!item.label.empty()) {
      read_mask_header(env, item, item.label, "label", first_path);
      try {
        for (const auto& [value, voxels] : read_label_voxels(env, item.label)) draft.values.insert(value);
      } catch (Error& error) {
        Error told(error.kind(), error.message(),
                   error.hint().empty() ? "if this file is no label map, say which is: --label PATTERN, or --label none" : error.hint());
        for (const auto& where : error.context()) told.add_context(where);
        throw told.add_context("label '" + printable(item.label) + "'");
      }
      if (draft.values.empty()) item.warnings.push_back("the label map is empty: every voxel is 0");
    }
    item.digest = case_digest(env, item);
  });
}

// VALUE=NAME takes the value from whatever name it had; a name given twice holds both values.
void rename_label(Dataset& dataset, const std::string& given) {
  size_t equal = given.find('=');
  std::string number = given.substr(0, equal), name = equal == std::string::npos ? "" : given.substr(equal + 1);
  if (name.empty() || number.empty() || number.size() > 5 || number.find_first_not_of("0123456789") != std::string::npos || std::stoll(number) < 1)
    fail_usage("--label-name '" + printable(given) + "' is not of the form VALUE=NAME", "example: --label-name 1=GTV-T");
  for (auto& [old, values] : dataset.labels) std::erase(values, std::stoll(number));
  std::erase_if(dataset.labels, [](const auto& label) { return label.second.empty(); });
  for (auto& [known, values] : dataset.labels)
    if (known == name) return values.push_back(std::stoll(number));
  dataset.labels.emplace_back(name, std::vector<int64_t>{std::stoll(number)});
}

void name_labels(Dataset& dataset, const std::vector<Draft>& drafts, Listing& listing, const std::vector<std::string>& given,
                 std::vector<std::string>& notes) {
  std::set<int64_t> found;
  for (const auto& draft : drafts) found.insert(draft.values.begin(), draft.values.end());
  bool in_stores = std::any_of(drafts.begin(), drafts.end(), [](const Draft& draft) { return is_store_path(draft.item.label); });
  if (found.size() > 255 && in_stores) {
    notes.push_back(text("the label images hold ", found.size(), " different values, one per object; they are one label, 'object'"));
    listing.labels = {{"object", {found.begin(), found.end()}}};
  } else if (found.size() > 255) {
    fail_input(text("the label maps hold ", found.size(), " different values; up to 255 are classes"),
               "one value per object is an instance map: use another file with --label");
  }
  std::set<int64_t> named;
  dataset.labels = listing.labels;
  for (const auto& [name, values] : dataset.labels) named.insert(values.begin(), values.end());
  std::vector<std::string> added;
  for (int64_t value : found)
    if (!named.contains(value)) {
      dataset.labels.emplace_back("label" + std::to_string(value), std::vector<int64_t>{value});
      added.push_back(std::to_string(value));
    }
  if (!listing.labels.empty() && !added.empty()) notes.push_back("label values that the layout does not name were found: " + some_names(added, 20));
  for (const auto& name : given) rename_label(dataset, name);
  std::stable_sort(dataset.labels.begin(), dataset.labels.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
}

std::vector<std::string> ordered_modalities(const Listing& listing, const std::vector<Draft>& drafts) {
  std::vector<std::string> found, result;
  for (const auto& draft : drafts)
    for (const auto& [modality, path] : draft.item.images)
      if (std::find(found.begin(), found.end(), modality) == found.end()) found.push_back(modality);
  std::sort(found.begin(), found.end(), natural_less);
  for (const auto& modality : listing.modalities)
    if (std::find(found.begin(), found.end(), modality) != found.end() && std::find(result.begin(), result.end(), modality) == result.end())
      result.push_back(modality);
  for (const auto& modality : found)
    if (std::find(result.begin(), result.end(), modality) == result.end()) result.push_back(modality);
  return result;
}

// Pseudonyms of an earlier import stay what they were; new patients get the next numbers.
void hide_names(std::vector<Draft>& drafts, const ImportOptions& options, Imported& imported) {
  std::map<std::string, std::string> pseudonym_of;
  std::set<std::string> used;
  imported.pseudonyms = options.known_pseudonyms;
  for (const auto& [pseudonym, patient] : options.known_pseudonyms) pseudonym_of[patient] = pseudonym, used.insert(pseudonym);
  int64_t next = 1;
  std::map<std::string, int64_t> scans;
  for (auto& draft : drafts) {
    Case& item = draft.item;
    if (!pseudonym_of.contains(item.patient)) {
      std::string pseudonym;
      do {
        std::string number = std::to_string(next++);
        pseudonym = "P" + std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number;
      } while (used.contains(pseudonym));
      used.insert(pseudonym);
      pseudonym_of[item.patient] = pseudonym;
      imported.pseudonyms.emplace_back(pseudonym, item.patient);
    }
    item.patient = pseudonym_of[item.patient];
    if (!item.scan.empty()) item.scan = "S" + std::to_string(++scans[item.patient]);
  }
  imported.notes.push_back("paths in the dataset still lead to the named folders; give away a copy of the scans under other names, not this file");
}

void name_cases(std::vector<Draft>& drafts) {
  std::set<std::string> used;
  std::map<std::string, int64_t> copies;         // names without a Latin letter all become "case"
  for (auto& draft : drafts) {
    Case& item = draft.item;
    std::string base = safe_name(item.scan.empty() ? item.patient : item.patient + "_" + item.scan), id = base;
    while (!used.insert(id).second) id = base + "-" + std::to_string(++copies.emplace(base, 1).first->second);
    item.id = id;
  }
}

void note_missing(const Dataset& dataset, std::vector<std::string>& notes) {
  auto tell = [&](const std::string& what, auto&& lacks) {
    std::vector<std::string> ids;
    for (const auto& item : dataset.cases)
      if (lacks(item)) ids.push_back(item.id);
    if (!ids.empty() && ids.size() < dataset.cases.size())
      notes.push_back(text(what, " is missing in ", ids.size(), " of ", dataset.cases.size(), " cases: ", some_names(ids)));
  };
  for (const auto& modality : dataset.modalities)
    tell("modality '" + printable(modality) + "'", [&](const Case& item) { return !item.images.contains(modality); });
  tell("the label", [](const Case& item) { return item.label.empty(); });
  tell("the ROI", [](const Case& item) { return item.roi.empty(); });
}

}  // namespace

void add_file_ends(Env& env, Digest& digest, const std::string& role, const std::string& path) {
  constexpr int64_t end = 64 << 10;
  std::vector<char> bytes(static_cast<size_t>(end));
  auto file = env.open_input(path);
  std::string head = text(role, '\n', file->size(), '\n');
  digest.add(head.data(), int64_t(head.size()));
  int64_t first = std::min(end, file->size()), last = std::min(end, file->size() - first);
  file->read_at(0, bytes.data(), first);
  digest.add(bytes.data(), first);
  file->read_at(file->size() - last, bytes.data(), last);
  digest.add(bytes.data(), last);
}

std::string case_digest(Env& env, const Case& item) {
  Digest digest;
  auto add = [&](const std::string& role, const std::string& path) {
    if (path.empty()) return;
    if (!is_store_path(path)) return add_file_ends(env, digest, role, path);
    std::string store = text(role, '\n', store_digest(env, path));
    digest.add(store.data(), int64_t(store.size()));
  };
  for (const auto& [modality, path] : item.images) {
    auto frame = item.frames.find(modality);
    add(text("image ", modality, frame == item.frames.end() ? "" : text(" frame ", frame->second)), path);
    size_t stem = path.size() - (file_name(path).size() - volume_stem(path).size());
    std::string ending = path.substr(stem);
    if (ending == ".hdr" || ending == ".hdr.gz")
      for (const char* voxels : {".img", ".img.gz"})
        if (env.kind(path.substr(0, stem) + voxels) == FileKind::file) add("voxels", path.substr(0, stem) + voxels);
  }
  add("label", item.label);
  add("roi", item.roi);
  return digest.finish();
}

Imported import_dataset(Env& env, const std::string& source, const ImportOptions& options, ThreadPool& pool) {
  const auto& layouts = import_layouts();
  if (std::find(layouts.begin(), layouts.end(), options.layout) == layouts.end())
    fail_usage("--layout '" + printable(options.layout) + "' is not known", "choose one of: " + some_names(layouts, 20));
  return with_context("importing '" + printable(source) + "'", [&] {
    Imported imported;
    Listing listing = list_source(env, source, options);
    imported.layout = listing.layout, imported.notes = listing.notes;
    std::vector<Draft> drafts = group(listing, imported.notes);
    if (options.label != "none") find_labels_in_stores(env, options, drafts, imported.notes);
    if (options.label != "none" && std::none_of(drafts.begin(), drafts.end(), [](const Draft& draft) { return !draft.item.label.empty(); })) {
      std::vector<std::string> names;
      for (const auto& file : listing.files) names.push_back(relative_path(file.path, source));
      fail_input(text("none of ", listing.files.size(), " files is recognised as a label map: ", some_names(names)),
                 "--label PATTERN names it, --label none imports without labels");
    }
    std::vector<std::exception_ptr> failures(drafts.size());  // the first case's error is told, whichever thread was faster
    pool.for_each(int64_t(drafts.size()), [&](int64_t i) {
      try {
        look_at(env, drafts[size_t(i)]);
      } catch (...) {
        failures[size_t(i)] = std::current_exception();
      }
    });
    for (const auto& failure : failures)
      if (failure) std::rethrow_exception(failure);
    imported.dataset.modalities = ordered_modalities(listing, drafts);
    name_labels(imported.dataset, drafts, listing, options.label_names, imported.notes);
    if (options.pseudonyms) hide_names(drafts, options, imported);
    name_cases(drafts);
    for (auto& draft : drafts) imported.dataset.cases.push_back(std::move(draft.item));
    note_missing(imported.dataset, imported.notes);
    return imported;
  });
}

}  // namespace tomograd
