#include "volume/zarr_inventory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "volume/block_store.h"
#include "volume/block_store_test_files.h"
#include "volume/nifti_test_files.h"

namespace tomograd {
namespace {

// Files below a folder, by listing it.
void list_below(const std::string& folder, const std::string& below, std::vector<std::string>& paths) {
  for (const auto& name : system_env().list(folder)) {
    std::string path = join_path(folder, name), place = below.empty() ? name : below + "/" + name;
    if (system_env().kind(path) == FileKind::directory) list_below(path, place, paths);
    else paths.push_back(place);
  }
}

TEST(ZarrInventory, NamesAllFilesOfAStore) {
  ThreadPool pool(2);
  for (bool shards : {true, false}) {
    TemporaryFolder folder;
    MemorySlabs image({11, 15, 27}, 2, [](int64_t c, int64_t z, int64_t y, int64_t x) { return uint16_t(image_voxel(c, z, y, x) + 1); });  // no chunk of zeros, which would have no file
    MemorySlabs label({11, 15, 27}, 1, [](int64_t, int64_t z, int64_t, int64_t) { return uint16_t(1 + z % 2); });
    BlockStoreOptions options;
    options.block = {4, 8, 8}, options.shards = shards, options.shard_bytes = 6000, options.levels = 2;
    std::string store = folder / "s.zarr";
    write_block_store(system_env(), image, {{"label", &label}}, store, options, pool);
    std::vector<std::string> there, named = zarr_inventory(system_env(), store, 10000);
    list_below(store, "", there);
    std::sort(there.begin(), there.end());
    std::sort(named.begin(), named.end());
    EXPECT_EQ(named, there);
    std::vector<std::string> level = zarr_inventory(system_env(), store + "/s1", 10000);
    EXPECT_EQ(std::count(level.begin(), level.end(), "zarr.json"), 1);
    EXPECT_EQ(std::count_if(there.begin(), there.end(), [](const std::string& path) { return path.starts_with("s1/"); }), std::ptrdiff_t(level.size()));
    system_env().remove_file(store + "/s0/" + level.back());  // a chunk that is not there is named all the same
    EXPECT_EQ(zarr_inventory(system_env(), store, 10000).size(), named.size());
    EXPECT_THROW(zarr_inventory(system_env(), store, int64_t(named.size()) - 1), Error);
  }
}

}  // namespace
}  // namespace tomograd
