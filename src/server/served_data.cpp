#include "server/served_data.h"

#include <algorithm>
#include <iterator>

#include "base/digest.h"
#include "base/error.h"
#include "dataset/scan_file.h"
#include "server/experiment_shelf.h"
#include "volume/nifti_file.h"
#include "volume/tiff.h"
#include "volume/zarr_metadata.h"

namespace tomograd {
namespace {

constexpr double look_again_seconds = 8;
constexpr const char* never_datasets[] = {"manifest.json", "metrics.json", "zarr.json", "owner.json", "report.json", "phantom.json", "package.json"};

// The format stands at the start of what we write; the whole of large files is not read to see that they are something else.
bool says_dataset(ServedRoots& roots, const std::string& path) {
  try {
    auto file = roots.env().open_input(path);
    std::string start(size_t(std::min<int64_t>(file->size(), 400)), '\0');
    file->read_at(0, start.data(), int64_t(start.size()));
    return start.find("\"tomograd.dataset/") != std::string::npos;
  } catch (const Error&) {
    return false;
  }
}

bool may_be_dataset(const std::string& name) {
  return name.ends_with(".json") && std::none_of(std::begin(never_datasets), std::end(never_datasets), [&](const char* other) { return name == other; });
}

bool is_volume_file(const std::string& name) { return (is_nifti_name(name) && !name.ends_with(".img") && !name.ends_with(".img.gz")) || is_tiff_name(name) || name.ends_with(".zarr"); }

}  // namespace

void ServedData::look() {
  const double begin = clock_.monotonic_seconds();
  if (begin < look_next_) return;
  std::vector<std::string> found, volumes, experiments;
  std::string signs;
  folders_below(roots_, [&](const std::string& folder, const std::vector<std::string>& names) {
    if (std::binary_search(names.begin(), names.end(), "experiment.sqlite") || std::binary_search(names.begin(), names.end(), "store.address")) {
      experiments.push_back(folder);
      return true;
    }
    for (const auto& name : names) {
      std::string path = join_path(folder, name);
      if (may_be_dataset(name) && says_dataset(roots_, path)) {
        found.push_back(path);
        FileLook file = roots_.look(path);
        signs += text(path, " ", file.changed_ns, " ", file.bytes, "\n");
      } else if (volumes.size() < most_listed && is_volume_file(name)) {
        volumes.push_back(path);
        places_[roots_.id_of(path)] = path;
      }
    }
    return false;
  });
  for (const auto& path : found) places_[roots_.id_of(path)] = path;
  datasets_ = std::move(found), volumes_ = std::move(volumes), experiments_ = std::move(experiments), version_ = digest_of(signs);
  const double end = clock_.monotonic_seconds();
  look_next_ = end + std::max(look_again_seconds, 20 * (end - begin));
}

// What the trials of all experiments have predicted: TRIALS/NNNN/predictions/CASE.nii.gz.
void ServedData::look_at_predictions() {
  Env& env = roots_.env();
  auto names_in = [&](const std::string& folder) { return env.kind(folder) == FileKind::directory ? env.list(folder) : std::vector<std::string>(); };
  for (const auto& experiment : experiments_)
    for (const auto& trial : names_in(join_path(experiment, "trials"))) {
      std::string folder = join_path(experiment, "trials/" + trial + "/predictions");
      for (const auto& name : names_in(folder))
        if (is_volume_file(name)) places_[roots_.id_of(join_path(folder, name))] = join_path(folder, name);
    }
}

std::vector<std::string> ServedData::datasets() {
  std::lock_guard lock(mutex_);
  look();
  return datasets_;
}

std::vector<std::string> ServedData::volumes() {
  std::lock_guard lock(mutex_);
  look();
  return volumes_;
}

std::string ServedData::version() {
  std::lock_guard lock(mutex_);
  look();
  return version_;
}

DatasetPtr ServedData::dataset(const std::string& path) {
  FileLook file = roots_.look(path);
  {
    std::lock_guard lock(mutex_);
    if (auto known = read_.find(path); known != read_.end() && known->second.changed_ns == file.changed_ns && known->second.bytes == file.bytes) return known->second.dataset;
  }
  if (file.bytes > most_dataset_bytes)
    fail_input(text("'", file_name(path), "' has ", file.bytes, " bytes; a dataset has at most ", most_dataset_bytes, " to be shown here"), "split it into several");
  auto read = std::make_shared<const Dataset>(read_dataset(roots_.env(), path));
  std::lock_guard lock(mutex_);
  read_[path] = {file.changed_ns, file.bytes, read};
  return read;
}

std::string ServedData::dataset_of(const std::string& id) {
  for (const auto& path : datasets())
    if (roots_.id_of(path) == id) return path;
  return "";
}

std::string ServedData::id_of(const std::string& path) {
  if (path.empty() || !roots_.holds(path)) return "";
  std::string id = roots_.id_of(path);
  std::lock_guard lock(mutex_);
  places_[id] = path;
  return id;
}

std::string ServedData::path_of(const std::string& id) {
  auto known = [&] {
    std::lock_guard lock(mutex_);
    auto found = places_.find(id);
    return found == places_.end() ? std::string() : found->second;
  };
  if (std::string path = known(); !path.empty()) return path;
  // Given out before a restart: everything that has an id is looked through.
  for (const auto& path : datasets()) try {
      for (const auto& item : dataset(path)->cases) {
        for (const auto& [modality, image] : item.images) id_of(image);
        id_of(item.label), id_of(item.roi);
      }
    } catch (const Error&) {
      continue;
    }
  {
    std::lock_guard lock(mutex_);
    try {
      look_at_predictions();
    } catch (const Error&) {                     // a folder that went meanwhile
    }
  }
  return known();
}

}  // namespace tomograd
