// Block stores as cases: one, a folder of them, and among the files of patients.
#include <gtest/gtest.h>

#include "dataset/check.h"
#include "dataset/import_test_files.h"
#include "dataset/stored_test_files.h"

namespace tomograd {
namespace {

TEST(ImportStores, AStoreIsACaseWithTheLabelsInIt) {
  Scratch s;
  TestStore store;
  store.mask = [](int64_t, int64_t z, int64_t, int64_t) { return double(z > 2); };
  store.write(s.path("big.ome.zarr"));
  for (const char* source : {"big.ome.zarr", "big.ome.zarr/", ""}) {
    Imported imported = import(s, {}, source);
    EXPECT_EQ(imported.layout, "stores");
    EXPECT_EQ(ids(imported.dataset), Names{"big.ome"});
    EXPECT_EQ(imported.dataset.modalities, Names{"image"});
    EXPECT_EQ(imported.dataset.labels, (Labels{{"label1", {1}}, {"label2", {2}}}));
    const Case& item = imported.dataset.cases[0];
    EXPECT_EQ(item.images.at("image"), s.path("big.ome.zarr"));
    EXPECT_EQ(item.label, s.path("big.ome.zarr/labels/label"));
    EXPECT_EQ(item.geometry.size, store.size);
    EXPECT_EQ(item.geometry.spacing(), (std::array<double, 3>{1.5, 0.5, 0.5}));
    EXPECT_TRUE(noted(imported, "left out: mask"));
    write_dataset(system_env(), imported.dataset, s.path("d.json"));
    EXPECT_EQ(read_dataset(system_env(), s.path("d.json")).cases[0].label, item.label);
    system_env().remove_tree(s.path("d.json"));
  }
  ImportOptions options;
  options.label = "mask";
  EXPECT_EQ(import(s, options).dataset.cases[0].label, s.path("big.ome.zarr/labels/mask"));
  options.label = "none";
  EXPECT_EQ(import(s, options).dataset.cases[0].label, "");
  options.label = "a";                           // both names have it
  EXPECT_TRUE(holds(importing(s, options), "several label images: label, mask")) << importing(s, options);
}

TEST(ImportStores, ChannelsAreModalities) {
  Scratch s;
  TestStore one, two;
  one.channels = two.channels = 2, two.size = {9, 20, 30}, two.type = VoxelType::u8;
  two.voxel = [](int64_t c, int64_t z, int64_t y, int64_t x) { return double((z + y + x + c) % 200); };
  one.write(s.path("a1.zarr")), two.write(s.path("a2.zarr"));
  Imported imported = import(s);
  EXPECT_EQ(ids(imported.dataset), (Names{"a1", "a2"}));
  EXPECT_EQ(imported.dataset.modalities, (Names{"image_0", "image_1"}));
  EXPECT_EQ(imported.dataset.cases[1].frames.at("image_1"), 1);
  ThreadPool pool(2);
  auto facts = check_dataset(system_env(), imported.dataset, pool);
  EXPECT_TRUE(facts[0].problems.empty() && facts[1].problems.empty());
  EXPECT_EQ(facts[1].images.at("image_1").smallest, 1);
  EXPECT_EQ(facts[1].images.at("image_1").largest, 57);
  EXPECT_EQ(facts[1].images.at("image_0").voxels, 9 * 20 * 30);
  EXPECT_EQ(facts[0].label_voxels, (std::map<int64_t, int64_t>{{1, 7 * 9 * 7}, {2, 7 * 9 * 25}}));
}

TEST(ImportStores, AmongTheFilesOfPatients) {
  Scratch s;
  TestStore store, plain;
  plain.label = nullptr;
  for (const char* patient : {"A", "B"}) {
    system_env().make_directories(s.path(patient));
    store.write(s.path(patient) + "/x_T1.zarr"), plain.write(s.path(patient) + "/x_T2.zarr");
  }
  for (const auto& patterns : {Names{}, Names{"{patient}/x_{modality}"}}) {
    ImportOptions options;
    options.patterns = patterns;
    Imported imported = import(s, options);
    EXPECT_EQ(ids(imported.dataset), (Names{"A", "B"}));
    EXPECT_EQ(imported.dataset.modalities, (Names{"T1", "T2"}));
    EXPECT_EQ(imported.dataset.cases[1].label, s.path("B/x_T1.zarr/labels/label"));
  }
}

TEST(ImportStores, InstancesAreOneLabel) {
  Scratch s;
  TestStore store;
  store.label = [](int64_t, int64_t z, int64_t y, int64_t x) { return double((z * 23 + y) * 2 + (x > 9)); };
  store.write(s.path("a.zarr"));
  Imported imported = import(s);
  ASSERT_EQ(imported.dataset.labels.size(), 1u);
  EXPECT_EQ(imported.dataset.labels[0].first, "object");
  EXPECT_EQ(imported.dataset.labels[0].second.size(), 2u * 11 * 23 - 1);
  EXPECT_TRUE(noted(imported, "505 different values, one per object"));
}

TEST(ImportStores, DigestFollowsContentAndNotPlace) {
  Scratch s;
  TestStore store;
  store.write(s.path("one/a.zarr")), store.write(s.path("two/a.zarr"));
  std::string digest = import(s, {}, "one").dataset.cases[0].digest;
  EXPECT_EQ(import(s, {}, "two").dataset.cases[0].digest, digest);
  system_env().remove_tree(s.path("two/a.zarr"));
  store.label = [](int64_t, int64_t z, int64_t, int64_t x) { return double(z > 3 && x > 4 ? 2 : x == 0); };
  store.write(s.path("two/a.zarr"));
  EXPECT_NE(import(s, {}, "two").dataset.cases[0].digest, digest);
  ImportOptions options;
  options.layout = "stores";
  s.image("three/T1.nii");
  EXPECT_TRUE(holds(importing(s, options, "three"), "holds no block store"));
  system_env().remove_tree(s.path("one/a.zarr/s0"));
  EXPECT_TRUE(holds(importing(s, {}, "one"), "a.zarr/s0"));
}

}  // namespace
}  // namespace tomograd
