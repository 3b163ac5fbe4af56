// A scratch folder and tiny scans for the tests of this room.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "volume/nifti.h"

namespace tomograd {

class Scratch {
 public:
  Scratch() {
    // Hundreds of files are published with fsync; memory makes that free.
    auto place = std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string pattern = (place / "tomograd-dataset-XXXXXX").string();
    if (!mkdtemp(pattern.data())) fail_failure("mkdtemp");
    root_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(root_); }
  Scratch(const Scratch&) = delete;

  std::string path(const std::string& relative = "") const { return relative.empty() ? root_ : join_path(root_, relative); }
  void write(const std::string& relative, const std::string& content) const {
    system_env().make_directories(parent_path(path(relative)));
    publish_text(system_env(), path(relative), content);
  }
  // An image whose voxels are value(i); `shift` moves its grid by millimetres.
  std::string image(
      const std::string& relative, Extent size = {3, 4, 5},
      const std::function<float(int64_t)>& value = [](int64_t i) { return float(i % 7); }, double shift = 0) const {
    Volume volume{Geometry{size, {}}, Buffer<float>(size.voxels())};
    volume.geometry = Geometry{};
    volume.geometry.size = size;
    volume.geometry.affine[0][3] = shift;
    for (int64_t i = 0; i < size.voxels(); ++i) volume.voxels[i] = value(i);
    return image(relative, volume);
  }
  std::string image(const std::string& relative, const Volume& volume) const {
    system_env().make_directories(parent_path(path(relative)));
    write_nifti(system_env(), path(relative), volume);
    return path(relative);
  }
  std::string label(
      const std::string& relative, Extent size = {3, 4, 5},
      const std::function<int(int64_t)>& value = [](int64_t i) { return int(i % 3); }) const {
    LabelVolume labels;
    labels.geometry.size = size;
    labels.voxels = Buffer<uint16_t>(size.voxels());
    for (int64_t i = 0; i < size.voxels(); ++i) labels.voxels[i] = uint16_t(value(i));
    system_env().make_directories(parent_path(path(relative)));
    write_nifti_labels(system_env(), path(relative), labels);
    return path(relative);
  }

 private:
  std::string root_;
};

// What the body throws, as one line, or "" when it throws nothing.
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(error_kind_name(error.kind())) + ": " + error.what();
  }
  return "";
}

}  // namespace tomograd
