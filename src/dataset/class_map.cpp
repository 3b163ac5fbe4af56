// Which label values make which class, and which modalities make which channel.
#include <algorithm>

#include "base/error.h"
#include "dataset/contains.h"
#include "dataset/prepared_case.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

constexpr int unknown = -1;

std::vector<int64_t> values_named(const Dataset& dataset, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [label, values] : dataset.labels) {
    if (label == name) return values;
    known.push_back(label);
  }
  std::string list;
  for (const auto& label : known) list += (list.empty() ? "" : ", ") + printable(label);
  fail_input(text("class '", printable(name),
                  "' is not a label of the dataset and has no values of its own; its labels are: ", list.empty() ? "none" : list),
             "give [classes] values, one list per name");
}

void assign(ClassMap& map, int64_t value, int cls) {
  if (value < 1 || value > 65535)
    fail_input(text("label value ", value, " of class '", printable(map.names[size_t(cls)]), "' is out of range, expected 1 to 65535"));
  if (size_t(value) >= map.class_of.size()) map.class_of.resize(size_t(value) + 1, unknown);
  int& at = map.class_of[size_t(value)];
  if (at > 0 && at != cls)
    fail_input(text("label value ", value, " belongs to two classes, '", printable(map.names[size_t(at)]), "' and '",
                    printable(map.names[size_t(cls)]), "'"),
               "a voxel has one class; list each value once in [classes] values");
  at = cls;
}

void check_modality(const Dataset& dataset, const std::string& name, const char* key) {
  if (contains(dataset.modalities, name)) return;
  std::string nearest = nearest_name(name, dataset.modalities);
  fail_input(text("preprocess.", key, " names '", printable(name), "', which is not a modality of the dataset"),
             nearest.empty() ? "" : "did you mean '" + printable(nearest) + "'?");
}

}  // namespace

ClassMap make_class_map(const Dataset& dataset, const ClassesSpec& spec) {
  ClassMap map;
  map.names = {"background"};
  map.class_of = {0};
  if (spec.whole) {
    if (!spec.names.empty() || !spec.values.empty())
      fail_input("classes.whole makes one class of every label; leave classes.names and classes.values empty with it");
    map.names.push_back("whole");
    map.class_of.resize(65536, 1);
    return map;
  }
  if (!spec.values.empty() && spec.values.size() != spec.names.size())
    fail_input(text("classes.values has ", spec.values.size(), " lists for ", spec.names.size(), " names"), "one list of label values per name");

  std::vector<std::string> names = spec.names;
  if (names.empty())
    for (const auto& [label, values] : dataset.labels) names.push_back(label);
  if (names.empty()) fail_input("the dataset has no labels, so there are no classes to learn", "import it with --label");
  if (names.size() > 255) fail_input(text(names.size(), " classes, expected at most 255 beside the background"));

  // What the dataset knows but no class wants counts as background; what nobody knows stays an error.
  for (const auto& [label, values] : dataset.labels)
    for (int64_t value : values) {
      if (value < 1 || value > 65535) continue;
      if (size_t(value) >= map.class_of.size()) map.class_of.resize(size_t(value) + 1, unknown);
      map.class_of[size_t(value)] = 0;
    }
  for (size_t i = 0; i < names.size(); ++i) {
    if (contains(map.names, names[i])) fail_input(text("class name '", printable(names[i]), "' is there twice (class 0 is always 'background')"));
    map.names.push_back(names[i]);
    auto values = spec.values.empty() ? values_named(dataset, names[i]) : spec.values[i];
    if (values.empty()) fail_input(text("class '", printable(names[i]), "' has no label values"));
    for (int64_t value : values) assign(map, value, int(i + 1));
  }
  return map;
}

void to_classes(const ClassMap& classes, const uint16_t* values, int64_t count, uint8_t* into) {
  for (int64_t i = 0; i < count; ++i) {
    size_t value = values[i];
    int cls = value < classes.class_of.size() ? classes.class_of[value] : unknown;
    if (cls < 0 || cls > 255) {
      std::string names;
      for (const auto& name : classes.names) names += (names.empty() ? "" : ", ") + printable(name);
      fail_input(text("label value ", value, " belongs to none of the classes (", names, ")"),
                 "add it to [classes] values, or correct the label map");
    }
    into[i] = uint8_t(cls);
  }
}

std::vector<std::string> used_channels(const Dataset& dataset, const PreprocessSpec& spec) {
  for (const auto& name : spec.channels) check_modality(dataset, name, "channels");
  for (const auto& name : spec.leave_out) check_modality(dataset, name, "leave_out");
  const auto& all = spec.channels.empty() ? dataset.modalities : spec.channels;
  std::vector<std::string> used;
  for (const auto& name : all) {
    if (contains(spec.leave_out, name)) continue;
    if (contains(used, name)) fail_input(text("preprocess.channels names '", printable(name), "' twice"));
    used.push_back(name);
  }
  if (used.empty())
    fail_input(text("no channel is left: the dataset has ", dataset.modalities.size(), " modalities, ", all.size(),
                    " are chosen and all of them left out"));
  return used;
}

}  // namespace tomograd
