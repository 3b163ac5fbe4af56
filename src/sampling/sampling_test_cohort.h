// Small cases made by hand for the tests of this room: every image voxel says where it is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "volume/block_source.h"

namespace tomograd {

struct TestCohort {
  std::vector<PreparedCase> cases;
  std::vector<LabelIndex> indices;
  std::vector<std::unique_ptr<BlockSource>> owned;
  std::vector<BlockSource*> sources;
  int64_t classes = 3;
  std::vector<std::string> channels{"T1w", "ADC"};

  // label(z, y, x) gives the class, roi(z, y, x) whether a voxel is inside; null = everywhere.
  void add(const std::string& id, Extent size, const std::function<int(int64_t, int64_t, int64_t)>& label, const std::function<bool(int64_t, int64_t, int64_t)>& roi = nullptr, Extent block = {8, 16, 16}) {
    PreparedCase item;
    item.id = item.patient = id;
    item.channels = channels;
    item.geometry.size = item.resampled.size = item.crop.size = size;
    for (size_t c = 0; c < channels.size(); ++c) {
      item.present.push_back(true);
      item.outside.push_back(-7.0f - float(c));
      auto& image = item.images.emplace_back(size.voxels());
      for (int64_t i = 0; i < size.voxels(); ++i) image[i] = float(i % 5003) * 0.01f + 100 * float(c);
    }
    if (label) item.labels = Buffer<uint8_t>(size.voxels());
    if (roi) item.roi = Buffer<uint8_t>(size.voxels());
    for (int64_t z = 0, i = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x, ++i) {
          if (label) item.labels[i] = uint8_t(label(z, y, x));
          if (roi) item.roi[i] = roi(z, y, x);
        }
    if (label) indices.push_back(make_label_index(size, item.labels, item.roi, classes));
    else indices.emplace_back();
    std::vector<const float*> images;
    for (const auto& image : item.images) images.push_back(image.data());
    sources.push_back(owned.emplace_back(make_memory_blocks(size, images, label ? item.labels.data() : nullptr, item.outside, block)).get());
    cases.push_back(std::move(item));
  }

  // Three cases: classes 1 and 2; class 1 only; background only, with sizes that no block divides.
  static TestCohort mixed() {
    TestCohort cohort;
    cohort.add("both", {30, 41, 37}, [](int64_t z, int64_t y, int64_t x) { return z > 10 && z < 16 && y > 10 && y < 20 && x > 5 && x < 12 ? 1 : z > 20 && y > 30 && x > 30 ? 2 : 0; });
    cohort.add("one", {25, 33, 50}, [](int64_t z, int64_t y, int64_t x) { return z == 3 && y == 4 && x < 9 ? 1 : 0; });
    cohort.add("none", {28, 28, 28}, [](int64_t, int64_t, int64_t) { return 0; });
    return cohort;
  }
};

}  // namespace tomograd
