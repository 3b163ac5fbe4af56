#include "inference/store_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace tomograd {
namespace {

// The plan that the talk shows: float32 in 30 chunks.
TEST(StorePlan, TheTalksPlan) {
  StoreTiles tiles({2304, 1280, 1024}, {768, 256, 512}, cube(0));
  EXPECT_EQ(tiles.count(), 30);
  EXPECT_EQ(tiles.volume().voxels() * 4, 12'079'595'520);
  EXPECT_EQ(tiles.tile_bytes(4), 402'653'184);
}

TEST(StorePlan, CoresFillTheVolumeOnceAndShardsAreTheirOwn) {
  for (Extent volume : {Extent{37, 50, 61}, Extent{64, 64, 64}, Extent{5, 100, 33}})
    for (Extent tile : {Extent{16, 24, 32}, Extent{7, 100, 61}}) {
      StoreTiles tiles(volume, tile, cube(3));
      std::vector<int> seen(size_t(volume.voxels()), 0);
      std::set<ZarrIndex> shards;
      for (int64_t i = 0; i < tiles.count(); ++i) {
        Box core = tiles.core(i), region = tiles.region(i);
        EXPECT_EQ(intersection(core, region), core);
        EXPECT_TRUE(shards.insert(tiles.shard(i)).second);
        for (int axis = 0; axis < 3; ++axis) {
          EXPECT_EQ(region.begin[axis], std::max<int64_t>(0, core.begin[axis] - 3));
          EXPECT_EQ(region.end()[axis], std::min(volume[axis], core.end()[axis] + 3));
          EXPECT_EQ(core.begin[axis], tiles.shard(i)[size_t(axis)] * tiles.shard_size()[axis]);
          EXPECT_EQ(tiles.shard_size()[axis] % tiles.block()[axis], 0);
        }
        for (int64_t z = core.begin.z; z < core.end().z; ++z)
          for (int64_t y = core.begin.y; y < core.end().y; ++y)
            for (int64_t x = core.begin.x; x < core.end().x; ++x) ++seen[size_t((z * volume.y + y) * volume.x + x)];
      }
      EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), volume.voxels());
    }
}

// Every window lies where the network needs nothing that is not there but a margin, and what it returns holds the core.
TEST(StorePlan, WindowsHoldTheirCores) {
  for (Extent volume : {Extent{100, 37, 5}, Extent{64, 64, 64}, Extent{33, 200, 41}})
    for (Extent tile : {Extent{16, 20, 24}, cube(64)})
      for (Extent margin : {Extent{}, Extent{1, 2, 3}, cube(4)}) {
        Extent halo = cube(4), size = tile + halo + halo;
        StorePlan plan{StoreTiles(volume, tile, halo), {}, {}, {}, {}, {}, {}, {}};
        plan.window = {size, margin, "none", "auto", "zyx"};
        for (int64_t i = 0; i < plan.tiles.count(); ++i) {
          Box window = window_of(plan, i), returned{window.begin + margin, size - margin - margin}, core = plan.tiles.core(i);
          EXPECT_EQ(window.size, size);
          EXPECT_EQ(intersection(core, returned), core);
          for (int axis = 0; axis < 3; ++axis) {
            if (volume[axis] + 2 * margin[axis] >= size[axis]) {
              EXPECT_GE(window.begin[axis], -margin[axis]);
              EXPECT_LE(window.end()[axis], volume[axis] + margin[axis]);
            } else {
              EXPECT_LE(window.begin[axis], 0);
              EXPECT_GE(window.end()[axis], volume[axis]);
            }
          }
        }
      }
}

TEST(StorePlan, TextComesBackTheSame) {
  StorePlan plan{StoreTiles({100, 90, 80}, {48, 32, 64}, {1, 2, 3}), "sha256:a", "/x/c.zarr", "sha256:b", "bf16", "avx2", {}, {0, 3}, 2, 7};
  plan.channels.push_back({std::pair{0.1, 99.7}, 1.0 / 3, std::sqrt(2.0), 0.1f});
  plan.channels.push_back({});
  plan.exact_ends = {4, 9};
  StorePlan back = parse_plan(plan_text(plan), "plan.json");
  EXPECT_EQ(plan_text(back), plan_text(plan));
  EXPECT_EQ(back.channels, plan.channels);
  EXPECT_EQ(back.exact_ends, plan.exact_ends);
  EXPECT_EQ(back.tiles.region(0), plan.tiles.region(0));
  EXPECT_FALSE(back.window);
  plan.window = {{50, 36, 70}, {1, 2, 3}, "zscore", "none", "xyz"};
  EXPECT_EQ(parse_plan(plan_text(plan), "plan.json").window, plan.window);
  for (StoreWindow bad : {StoreWindow{{50, 36, 70}, {1, 2, 4}, {}, {}, {}}, StoreWindow{{49, 36, 70}, {0, 0, 0}, {}, {}, {}}, StoreWindow{{50, 36, 70}, {-1, 0, 0}, {}, {}, {}}}) {
    plan.window = bad;
    EXPECT_THROW(parse_plan(plan_text(plan), "plan.json"), Error);
  }
  EXPECT_THROW(parse_plan("{\"format\":\"tomograd.tileplan/2\"}", "plan.json"), Error);
  EXPECT_THROW(StoreTiles({10, 10, 10}, {0, 4, 4}, cube(0)), Error);
  EXPECT_THROW(StoreTiles({10, 10, 10}, {4, 4, 4}, cube(-1)), Error);
}

}  // namespace
}  // namespace tomograd
