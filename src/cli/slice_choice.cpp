#include "cli/slice_choice.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "pictures/slice.h"

namespace tomograd {
namespace {

bool read_integer(const std::string& s, int64_t& value) {
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  return error == std::errc{} && end == s.data() + s.size();
}

std::string without_endings(std::string name) {
  for (const char* ending : {".gz", ".nii", ".hdr", ".img", ".tif", ".tiff", ".zarr"})
    if (name.ends_with(ending)) name.resize(name.size() - std::string(ending).size());
  return name;
}

}  // namespace

void add_slice_options(CLI::App& verb, SliceOptions& options, const std::string& default_slice) {
  options.slice = default_slice;
  verb.add_option("--slice", options.slice, "mid, largest (most labelled voxels) or a number, counted as the file does, from 0")->capture_default_str();
  verb.add_option("--axis", options.axis, "z axial, y coronal, x sagittal")->check(CLI::IsMember({"z", "y", "x"}))->capture_default_str();
  verb.add_option("--names", options.names, "names of label values for the legend: 1=GTV-T,2=GTV-Ln")->delimiter(',');
  verb.add_option("--pixels", options.pixels, "longest side of each image in the picture")->check(CLI::Range(32, 4096))->capture_default_str();
}

int axis_number(const SliceOptions& options) { return options.axis == "z" ? 0 : options.axis == "y" ? 1 : 2; }

int64_t choose_slice(const SliceOptions& options, const Geometry& geometry, const LabelVolume* labels) {
  int axis = axis_number(options);
  int64_t count = slices_along(geometry, axis), number = 0;
  if (options.slice == "mid") return count / 2;
  if (options.slice == "largest") {
    if (!labels) fail_usage("--slice largest needs labels", "give --label FILE, or choose --slice mid");
    return largest_slice(*labels, axis);
  }
  if (!read_integer(options.slice, number)) fail_usage(text("--slice is \"", options.slice, "\"; expected mid, largest or a number"));
  if (number < 0 || number >= count) fail_usage(text("--slice is ", number, "; along ", options.axis, " there are slices 0 to ", count - 1));
  return number;
}

std::vector<std::pair<int64_t, std::string>> label_names(const SliceOptions& options) {
  std::vector<std::pair<int64_t, std::string>> names;
  for (const auto& entry : options.names) {
    size_t equals = entry.find('=');
    int64_t value = 0;
    if (equals == std::string::npos || !read_integer(entry.substr(0, equals), value)) fail_usage(text("--names has \"", entry, "\"; expected VALUE=NAME"));
    names.push_back({value, entry.substr(equals + 1)});
  }
  return names;
}

std::string slice_caption(int axis, int64_t slice, const Geometry& geometry, bool orientation_known) {
  static const char* const names[3] = {"axial", "coronal", "sagittal"};
  int64_t last = slices_along(geometry, axis) - 1;
  if (!orientation_known) return text("slice ", slice, " of 0\xE2\x80\x93", last, "; the file does not say which way the patient lies");
  return text(names[axis], " slice ", slice, " of 0\xE2\x80\x93", last,
              axis == 2 ? "; front of the patient on the left" : "; radiological display: the patient's right is on the left of the picture");
}

std::vector<std::string> short_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(without_endings(file_name(path)));
  if (std::set<std::string>(names.begin(), names.end()).size() < names.size())
    for (size_t i = 0; i < names.size(); ++i) names[i] = file_name(parent_path(absolute_path(paths[i]))) + "/" + names[i];
  if (names.size() < 2) return names;
  std::string common = names[0];
  for (const auto& name : names) common.resize(size_t(std::mismatch(common.begin(), common.end(), name.begin(), name.end()).first - common.begin()));
  size_t cut = common.find_last_of("_-. /");
  if (cut == std::string::npos) return names;
  for (auto& name : names)
    if (name.size() > cut + 1) name.erase(0, cut + 1);
  return names;
}

}  // namespace tomograd
