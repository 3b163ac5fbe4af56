#include "dataset/stored_case.h"

#include <gtest/gtest.h>

#include "dataset/scan_file.h"
#include "dataset/stage.h"
#include "dataset/stored_test_files.h"

namespace tomograd {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Stored {
  Scratch s;
  TestStore store;
  ThreadPool pool{2};
  std::shared_ptr<BlockCache> cache = std::make_shared<BlockCache>(64 << 10);
  Stored() { store.channels = 2, store.type = VoxelType::f32; }
  StoredCase open(const Dataset& dataset, const PreprocessSpec& spec = {}) { return open_stored_case(system_env(), dataset, dataset.cases[0], spec, make_class_map(dataset, {}), cache, pool); }
  std::string opening(const Dataset& dataset, const PreprocessSpec& spec = {}) {
    return error_of([&] { open(dataset, spec); });
  }
};

TEST(StoredCase, IsThePreparedCase) {
  Stored t;
  t.store.write(t.s.path("a.zarr")), t.store.write_nifti_files(t.s.path("a.zarr"));
  Dataset stored = t.store.dataset(t.s.path("a.zarr"), true), nifti = t.store.dataset(t.s.path("a.zarr"), false);
  EXPECT_TRUE(is_stored(stored.cases[0]));
  EXPECT_FALSE(is_stored(t.store.dataset(t.s.path("b"), false).cases[0]));
  for (bool missing : {false, true}) {
    if (missing) stored.cases[0].images.erase("A"), nifti.cases[0].images.erase("A");
    StoredCase open = t.open(stored);
    PreparedCase prepared = prepare_case(system_env(), nifti, nifti.cases[0], {}, make_class_map(nifti, {}), true);
    PreparedCase whole = prepare_case(system_env(), stored, stored.cases[0], {}, make_class_map(stored, {}), true);
    auto expected = blocks_of(prepared, t.store.block), read_whole = blocks_of(whole, t.store.block);
    EXPECT_EQ(open.prepared.present, prepared.present);
    EXPECT_EQ(open.prepared.outside, prepared.outside);
    EXPECT_EQ(open.prepared.channels, prepared.channels);
    EXPECT_EQ(open.prepared.geometry.size, prepared.geometry.size);
    EXPECT_TRUE(same_grid(open.prepared.geometry, prepared.geometry, 1e-5));
    EXPECT_TRUE(open.prepared.images.empty() && open.prepared.labels.empty());
    Extent size = t.store.size;
    std::vector<float> a(size_t(size.voxels())), b(a), c(a);
    std::vector<uint8_t> d(a.size()), e(a.size());
    for (int64_t channel = 0; channel < 2; ++channel) {
      copy_box(*open.blocks, channel, {{0, 0, 0}, size}, a.data()), copy_box(*expected, channel, {{0, 0, 0}, size}, b.data()), copy_box(*read_whole, channel, {{0, 0, 0}, size}, c.data());
      EXPECT_EQ(a, b);
      EXPECT_EQ(c, b);
    }
    copy_label_box(*open.blocks, {{0, 0, 0}, size}, d.data(), 99), copy_label_box(*expected, {{0, 0, 0}, size}, e.data(), 99);
    EXPECT_EQ(d, e);
  }
}

// Integers of up to 16 bits go through a table, others do not.
TEST(StoredCase, OfEveryType) {
  for (VoxelType type : {VoxelType::u8, VoxelType::i8, VoxelType::u16, VoxelType::i16, VoxelType::u32, VoxelType::i32, VoxelType::f32, VoxelType::f64}) {
    Stored t;
    t.store.type = type, t.store.channels = 1;
    const bool sign = type != VoxelType::u8 && type != VoxelType::u16 && type != VoxelType::u32;
    t.store.voxel = [&](int64_t, int64_t z, int64_t y, int64_t x) { return double((z * 50 + y * 3 + x * 11) % (voxel_bytes(type) == 1 ? 120 : 30011)) * (sign && x % 3 == 0 ? -1 : 1); };
    t.store.write(t.s.path("a.zarr")), t.store.write_nifti_files(t.s.path("a.zarr"));
    Dataset stored = t.store.dataset(t.s.path("a.zarr"), true), nifti = t.store.dataset(t.s.path("a.zarr"), false);
    StoredCase open = t.open(stored);
    PreparedCase prepared = prepare_case(system_env(), nifti, nifti.cases[0], {}, make_class_map(nifti, {}), true);
    std::vector<float> voxels(size_t(t.store.size.voxels()));
    copy_box(*open.blocks, 0, {{0, 0, 0}, t.store.size}, voxels.data());
    EXPECT_TRUE(std::equal(voxels.begin(), voxels.end(), prepared.images[0].begin())) << voxel_type_name(type);
  }
}

TEST(StoredCase, SaysWhatStoresCannotDo) {
  Stored t;
  t.store.write(t.s.path("a.zarr")), t.store.write_nifti_files(t.s.path("n"));
  Dataset dataset = t.store.dataset(t.s.path("a.zarr"), true);
  auto with = [&](auto&& change) {
    PreprocessSpec spec;
    change(spec);
    return t.opening(dataset, spec);
  };
  EXPECT_TRUE(holds(with([](PreprocessSpec& p) { p.crop = "nonzero"; }), "preprocess.crop is 'nonzero'"));
  EXPECT_TRUE(holds(with([](PreprocessSpec& p) { p.crop = "roi"; }), "preprocess.crop is 'roi'"));
  EXPECT_TRUE(holds(with([](PreprocessSpec& p) { p.spacing = {1, 1, 1}; }), "preprocess.spacing is 1, 1, 1 mm and the store's 1.5, 0.5, 0.5"));
  EXPECT_EQ(with([](PreprocessSpec& p) { p.spacing = {1.5, 0.5, 0.5}; }), "");
  EXPECT_TRUE(holds(with([](PreprocessSpec& p) { p.normalize = "zscore_roi"; }), "has no ROI"));
  auto refused = [&](auto&& change) {
    Dataset other = t.store.dataset(t.s.path("a.zarr"), true);
    change(other.cases[0]);
    return t.opening(other);
  };
  EXPECT_TRUE(holds(refused([&](Case& c) { c.roi = t.s.path("a.zarr/labels/label"); }), "has a ROI"));
  EXPECT_TRUE(holds(refused([&](Case& c) { c.label = t.s.path("n-label.nii"); }), "'n-label.nii' is no block store"));
  EXPECT_TRUE(holds(refused([&](Case& c) { c.images["B"] = t.s.path("n-1.nii"); }), "'n-1.nii' is no block store"));
  EXPECT_TRUE(holds(refused([&](Case& c) { c.frames["B"] = 2; }), "channel 2 of"));
  EXPECT_TRUE(holds(refused([&](Case& c) { c.images["A"] = t.s.path("gone.zarr"); }), "no store"));
  Dataset other = t.store.dataset(t.s.path("a.zarr"), true);
  other.labels = {{"one", {1}}};
  EXPECT_TRUE(holds(t.opening(other), "label value 2 belongs to none of the classes"));
  write_dataset(system_env(), dataset, t.s.path("d.json"));
  EXPECT_TRUE(holds(error_of([&] { stage(system_env(), t.s.path("d.json"), t.s.path("copy")); }), "is a block store"));
  TestStore smaller = t.store;
  smaller.size.z = 10;
  smaller.write(t.s.path("b.zarr"));
  EXPECT_TRUE(holds(refused([&](Case& c) { c.images["B"] = t.s.path("b.zarr"); }), "not on the same grid"));
}

TEST(StoredCase, LabelsMayBeAStoreOfTheirOwnAndHaveMoreValuesThanAreCounted) {
  Stored t;
  t.store.label = [](int64_t, int64_t z, int64_t y, int64_t x) { return z > 2 ? double(1 + (z * 23 + y) * 2 % 700 + (x > 20)) : 0; };  // instances
  t.store.write(t.s.path("a.zarr")), t.store.write_nifti_files(t.s.path("n"));
  TestStore labels = t.store;
  labels.voxel = t.store.label, labels.label = nullptr, labels.channels = 1, labels.type = VoxelType::u16;
  labels.write(t.s.path("truth.zarr"));
  Dataset dataset = t.store.dataset(t.s.path("a.zarr"), true);
  ClassesSpec whole;
  whole.whole = true;
  int64_t expected = 8 * 23 * 37;
  for (const std::string& label : {t.s.path("a.zarr/labels/label"), t.s.path("truth.zarr")}) {
    dataset.cases[0].label = label;
    StoredCase open = open_stored_case(system_env(), dataset, dataset.cases[0], {}, make_class_map(dataset, whole), t.cache, t.pool);
    EXPECT_EQ(open.index.voxels_of(1), expected) << label;
    EXPECT_EQ(open.index.stored->voxel(1, 0), (Extent{3, 0, 0}));
    EXPECT_EQ(read_label_voxels(system_env(), label), read_label_voxels(system_env(), t.s.path("n-label.nii"))) << label;
  }
}

}  // namespace
}  // namespace tomograd
