// For tests: block stores made of functions, and NIfTI files of the same voxels.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataset/dataset_test_files.h"
#include "dataset/stored_case.h"
#include "volume/block_store.h"
#include "volume/voxel_conversion.h"

namespace tomograd {

using VoxelFunction = std::function<double(int64_t channel, int64_t z, int64_t y, int64_t x)>;

class FunctionSlabs : public SlabSource {
 public:
  FunctionSlabs(Extent size, int64_t channels, VoxelType type, VoxelFunction voxel) : geometry_{size, {{{0.5, 0, 0, -3}, {0, 0.5, 0, 4}, {0, 0, 1.5, 7}}}}, channels_(channels), type_(type), voxel_(std::move(voxel)) {}
  Geometry geometry() const override { return geometry_; }
  int64_t channels() const override { return channels_; }
  VoxelType type() const override { return type_; }
  void read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) override {
    with_voxel_type(type_, [&](auto one) {
      auto* to = static_cast<decltype(one)*>(into);
      for (int64_t z = z_begin; z < z_end; ++z)
        for (int64_t y = 0; y < geometry_.size.y; ++y)
          for (int64_t x = 0; x < geometry_.size.x; ++x) *to++ = decltype(one)(voxel_(channel, z, y, x));
    });
  }

 private:
  Geometry geometry_;
  int64_t channels_;
  VoxelType type_;
  VoxelFunction voxel_;
};

struct TestStore {
  Extent size{11, 23, 37}, block{4, 8, 16};
  int64_t channels = 1;
  VoxelType type = VoxelType::u16;
  VoxelFunction voxel = [](int64_t c, int64_t z, int64_t y, int64_t x) { return double((z * 700 + y * 31 + x * 7 + c * 13) % 1009); };
  VoxelFunction label = [](int64_t, int64_t z, int64_t y, int64_t x) { return z > 3 && y > 5 && y < 15 && x > 4 ? (x < 30 ? 2 : 1) : 0; };  // null: none
  VoxelFunction mask;
  bool shards = true;
  std::vector<ZarrCodec> codecs{ZarrCodec{}};

  void write(const std::string& path) const {
    ThreadPool pool(2);
    FunctionSlabs image(size, channels, type, voxel), labels(size, 1, VoxelType::u16, label), masks(size, 1, VoxelType::u8, mask);
    BlockStoreOptions options;
    options.block = block, options.shards = shards, options.codecs = codecs;
    std::vector<NamedSlabs> named;
    if (label) named.emplace_back("label", &labels);
    if (mask) named.emplace_back("mask", &masks);
    write_block_store(system_env(), image, named, path, options, pool);
  }
  // The same voxels as PATH-C.nii for every channel C, and PATH-label.nii.
  void write_nifti_files(const std::string& path) const {
    FunctionSlabs like(size, channels, type, voxel);
    for (int64_t c = 0; c < channels; ++c) {
      Volume volume{like.geometry(), Buffer<float>(size.voxels())};
      for (int64_t i = 0; i < size.voxels(); ++i) volume.voxels[i] = with_voxel_type(type, [&](auto one) { return float(decltype(one)(voxel(c, i / size.x / size.y, i / size.x % size.y, i % size.x))); });
      write_nifti(system_env(), text(path, "-", c, ".nii"), volume);
    }
    if (!label) return;
    LabelVolume labels{like.geometry(), Buffer<uint16_t>(size.voxels())};
    for (int64_t i = 0; i < size.voxels(); ++i) labels.voxels[i] = uint16_t(label(0, i / size.x / size.y, i / size.x % size.y, i % size.x));
    write_nifti_labels(system_env(), path + "-label.nii", labels);
  }

  // Modalities A, B, ...; one case with the store's files, or the NIfTI files of the same path.
  Dataset dataset(const std::string& path, bool stored) const {
    Dataset result;
    result.labels = {{"one", {1}}, {"two", {2}}};
    Case& item = result.cases.emplace_back();
    item.id = item.patient = "P1";
    item.geometry = FunctionSlabs(size, channels, type, voxel).geometry();
    for (int64_t c = 0; c < channels; ++c) {
      std::string name(1, char('A' + c));
      result.modalities.push_back(name);
      item.images[name] = stored ? path : text(path, "-", c, ".nii");
      if (stored && c > 0) item.frames[name] = c;
    }
    if (label) item.label = stored ? path + "/labels/label" : path + "-label.nii";
    return result;
  }
};

}  // namespace tomograd
