// Layouts whose dataset.json lists or describes the files: nnU-Net raw v2, nnU-Net v1 and Medical Segmentation Decathlon,
// MONAI data lists.
#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

bool is_number(const std::string& s) { return !s.empty() && s.size() < 10 && s.find_first_not_of("0123456789") == std::string::npos; }

std::string listed_path(const std::string& folder, const std::string& path) {
  if (path.find('$') != std::string::npos)
    fail_input("the list names '" + printable(path) + "'; variables of the environment are not filled in", "write the path out");
  return absolute_path(join_path(folder, path));
}

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> list;
  if (value.is_text()) return {value.as_text()};
  for (const auto& item : value.as_list()) list.push_back(item.as_text());
  return list;
}

struct ListEntry {  // one entry of a list
  std::vector<std::string> images;
  std::string label;
};

ListEntry item_of(const Value& value, const std::string& folder) {
  ListEntry item;
  const Value* images = &value;
  if (value.is_table()) {
    images = value.find("image");
    if (!images) images = &value.at("images");
    if (const Value* label = value.find("label"); label && !label->is_nothing() && !label->is_number())
      item.label = listed_path(folder, label->as_text());
  }
  for (const auto& path : texts(*images)) item.images.push_back(listed_path(folder, path));
  if (item.images.empty()) fail_input("it names no image, its list is empty");
  return item;
}

// nnU-Net v1 says x.nii.gz where the disk has x_0000.nii.gz, x_0001.nii.gz, ...
void find_numbered(Env& env, ListEntry& item) {
  if (item.images.size() != 1 || env.kind(item.images[0]) != FileKind::missing) return;
  std::string path = item.images[0], stem = path.substr(0, path.size() - (file_name(path).size() - volume_stem(path).size())),
              ending = path.substr(stem.size());
  std::vector<std::string> found;
  for (int channel = 0; channel < 10000; ++channel) {
    std::string digits = std::to_string(channel), numbered = stem + "_" + std::string(4 - digits.size(), '0') + digits + ending;
    if (env.kind(numbered) == FileKind::missing) break;
    found.push_back(numbered);
  }
  if (!found.empty()) item.images = found;
}

// Names of the files of one item, without what they share; the same for every item, or channel0, channel1, ...
std::vector<std::string> modalities_of(const std::vector<ListEntry>& items) {
  std::set<std::vector<std::string>> seen;
  size_t most = 0;
  for (const auto& item : items) {
    std::vector<std::string> stems;
    for (const auto& path : item.images) stems.push_back(volume_stem(path));
    most = std::max(most, stems.size());
    seen.insert(stems.size() > 1 ? shortened(stems) : std::vector<std::string>{"image"});
  }
  if (seen.size() == 1 && std::set<std::string>(seen.begin()->begin(), seen.begin()->end()).size() == most) return *seen.begin();
  std::vector<std::string> names;
  for (size_t i = 0; i < most; ++i) names.push_back("channel" + std::to_string(i));
  return names;
}

void check_ending(const Value& json) {
  const Value* ending = json.find("file_ending");
  if (!ending || ending->as_text() == ".nii.gz" || ending->as_text() == ".nii") return;
  fail_input("the dataset's file_ending is '" + printable(ending->as_text()) + "'; only .nii and .nii.gz are read", "convert the images to NIfTI");
}

}  // namespace

std::vector<std::string> channel_names(const Value& table) {
  std::map<int64_t, std::string> byNumber;
  for (const auto& [key, name] : table.as_table()) {
    if (!is_number(key)) fail_input("channel '" + printable(key) + "' is no number", "expected {\"0\": \"T1\", \"1\": \"T2\"}");
    byNumber[std::stoll(key)] = name.as_text();
  }
  std::vector<std::string> names;
  for (const auto& [number, name] : byNumber) {
    if (number != int64_t(names.size())) fail_input(text("channel numbers have a gap before ", number));
    bool twice = std::find(names.begin(), names.end(), name) != names.end();
    names.push_back(twice ? name + "_" + std::to_string(number) : name);
  }
  return names;
}

std::vector<std::pair<std::string, std::vector<int64_t>>> label_names(const Value& json, std::vector<std::string>& notes) {
  std::vector<std::pair<std::string, std::vector<int64_t>>> labels;
  const Value* table = json.find("labels");
  if (!table || !table->is_table()) return labels;
  bool regions = false;
  std::map<std::string, size_t> places;
  auto add = [&](const std::string& name, const std::vector<int64_t>& values) {  // one name for two values has both
    auto [place, fresh] = places.emplace(name, labels.size());
    if (fresh) labels.emplace_back(name, values);
    else labels[place->second].second.insert(labels[place->second].second.end(), values.begin(), values.end());
  };
  for (const auto& [key, value] : table->as_table()) {
    std::vector<int64_t> values;
    std::string name = key;
    if (value.is_text() && is_number(key)) name = value.as_text(), values = {std::stoll(key)};  // Decathlon: "1": "edema"
    else if (value.is_text() && is_number(value.as_text())) values = {std::stoll(value.as_text())};
    else if (value.is_list()) for (const auto& one : value.as_list()) values.push_back(one.as_integer());
    else values = {value.as_integer()};
    for (int64_t one : values)
      if (one < 0 || one > 65535) fail_input(text("the label '", printable(name), "' has the value ", one, ", expected 0 to 65535"));
    regions = regions || values.size() > 1;
    if (values == std::vector<int64_t>{0}) continue;
    std::erase(values, 0);
    if (name == "ignore")
      notes.push_back("the label 'ignore' is a class like any other here; leave it out of [classes] names to count it as background");
    add(name, values);
  }
  if (!regions) std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  else {
    // Regions lie within each other; a voxel gets the last region that holds its value, as regions_class_order paints them.
    std::map<int64_t, size_t> last;
    for (size_t i = 0; i < labels.size(); ++i)
      for (int64_t value : labels[i].second) last[value] = i;
    for (size_t i = 0; i < labels.size(); ++i) std::erase_if(labels[i].second, [&](int64_t value) { return last[value] != i; });
    std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
    notes.push_back("the labels are regions within each other; each value is kept with the last region that holds it");
  }
  return labels;
}

Listing list_nnunet(Env& env, const Tree& tree, const Value& json, const ImportOptions& options) {
  Listing listing;
  const Value* channels = json.find("channel_names");
  auto names = with_context("channel_names", [&] { return channel_names(channels ? *channels : json.at("modality")); });
  check_ending(json);
  if (const Value* cases = json.find("dataset")) {
    for (const auto& [name, entry] : cases->as_table()) {
      ListEntry item = with_context("dataset." + printable(name), [&, &entry = entry] { return item_of(entry, tree.root); });
      for (size_t i = 0; i < item.images.size(); ++i) {
        if (i >= names.size()) fail_input(text("case '", printable(name), "' has ", item.images.size(), " images for ", names.size(), " channels"));
        listing.files.push_back({item.images[i], Role::image, name, "", names[i], -1});
      }
      if (!item.label.empty()) listing.files.push_back({item.label, Role::label, name, "", "", -1});
    }
  } else {
    static const std::vector<FilePattern> patterns = {FilePattern("imagesTr/{case}_{modality:[0-9]{4}}"), FilePattern("labelsTr/{case}{label:}")};
    listing = list_by_patterns(tree, patterns, options);
    std::erase_if(listing.notes, [](const std::string&) { return true; });
    for (auto& file : listing.files) {
      if (file.role != Role::image) continue;
      size_t channel = size_t(std::stoi(file.modality));
      if (channel >= names.size())
        fail_input(
            text("'", printable(file_name(file.path)), "' is channel ", channel, ", and dataset.json names ", names.size(), " channels"));
      file.modality = names[channel];
    }
  }
  listing.layout = "nnunet";
  listing.modalities = names;
  listing.labels = label_names(json, listing.notes);
  auto tests = std::count_if(tree.files.begin(), tree.files.end(), [](const std::string& path) { return path.rfind("imagesTs/", 0) == 0; });
  if (tests > 0)
    listing.notes.push_back(text(tests, " images in imagesTs have no labels and were left out; give the folder to `tomograd predict`"));
  (void)env;
  return listing;
}

Listing list_json(Env& env, const std::string& json_path, const Value& json, const ImportOptions& options) {
  Listing listing;
  std::string folder = parent_path(absolute_path(json_path));
  const Value* modality = json.find("modality");
  if (!modality) modality = json.find("channel_names");
  std::vector<std::string> names;
  if (modality && modality->is_table()) names = with_context("modality", [&] { return channel_names(*modality); });
  listing.layout = modality ? "decathlon" : "monai";

  std::vector<ListEntry> items;
  size_t tests = 0;
  for (const char* list : {"training", "validation", "test", "testing"}) {
    const Value* entries = json.find(list);
    if (!entries) continue;
    bool test = std::string(list).rfind("test", 0) == 0;
    for (size_t i = 0; i < entries->as_list().size(); ++i) {
      ListEntry item = with_context(text(list, "[", i, "]"), [&] { return item_of(entries->as_list()[i], folder); });
      if (test && item.label.empty()) {
        ++tests;
        continue;
      }
      find_numbered(env, item);
      items.push_back(std::move(item));
    }
  }
  if (items.empty())
    fail_input("'" + printable(json_path) + "' lists no case",
               "expected \"training\": [{\"image\": \"x.nii.gz\", \"label\": \"y.nii.gz\"}, ...]");
  if (tests > 0) listing.notes.push_back(text(tests, " test images have no labels and were left out; give them to `tomograd predict`"));

  bool frames = names.size() > 1 && std::all_of(items.begin(), items.end(), [](const ListEntry& item) { return item.images.size() == 1; });
  if (names.empty() ||
      (!frames && std::any_of(items.begin(), items.end(), [&](const ListEntry& item) { return item.images.size() != names.size(); })))
    names = modalities_of(items);
  std::vector<std::string> sources;
  for (const auto& item : items) sources.push_back(item.label.empty() ? item.images.at(0) : item.label);
  auto cases = case_names(sources);
  for (size_t i = 0; i < items.size(); ++i) {
    if (frames)
      for (size_t c = 0; c < names.size(); ++c) listing.files.push_back({items[i].images[0], Role::image, cases[i], "", names[c], int64_t(c)});
    else
      for (size_t c = 0; c < items[i].images.size(); ++c) listing.files.push_back({items[i].images[c], Role::image, cases[i], "", names[c], -1});
    if (!items[i].label.empty() && options.label != "none") listing.files.push_back({items[i].label, Role::label, cases[i], "", "", -1});
  }
  listing.modalities = names;
  listing.labels = label_names(json, listing.notes);
  return listing;
}

}  // namespace tomograd
