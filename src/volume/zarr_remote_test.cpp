// A store behind a web server that has files and nothing else: what is asked of it, and what is made of its answers.
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/remote_env.h"
#include "support/http_server.h"
#include "volume/block_store.h"
#include "volume/block_store_test_files.h"
#include "volume/box_source.h"
#include "volume/nifti_test_files.h"
#include "volume/zarr_array.h"

namespace tomograd {
namespace {

class ZarrRemote : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      HttpClient client;
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  ServedAnswer serve(const ServedRequest& request) {
    std::lock_guard lock(mutex_);
    ++asked_[request.target];
    if (denied_.contains(request.target)) return {403, "", {}};
    std::string path = folder_.path() + request.target;
    return system_env().kind(path) == FileKind::file ? serve_file(request, read_text(system_env(), path)) : ServedAnswer{404, "", {}};
  }
  void store(bool shards) {
    ThreadPool pool(2);
    MemorySlabs image(size_, 1, [](int64_t c, int64_t z, int64_t y, int64_t x) { return uint16_t(image_voxel(c, z, y, x) + 1); });
    BlockStoreOptions options;
    options.block = {4, 8, 8}, options.shards = shards, options.levels = 2;
    write_block_store(system_env(), image, {}, folder_ / "s", options, pool);
  }
  void expect_all(BoxSource& source) {            // all of it is what was written
    Buffer<uint16_t> voxels(size_.voxels());
    source.read(0, {{0, 0, 0}, size_}, voxels.data());
    for (int64_t i = 0; i < voxels.size(); ++i) ASSERT_EQ(voxels[i], uint16_t(image_voxel(0, i / size_.x / size_.y, i / size_.x % size_.y, i % size_.x) + 1)) << i;
  }
  Extent size_{11, 15, 27};
  TemporaryFolder folder_;
  std::mutex mutex_;
  std::map<std::string, int> asked_;
  std::set<std::string> denied_;
  HttpServer server_{[this](const ServedRequest& request) { return serve(request); }};
  ManualClock clock_;
};

TEST_F(ZarrRemote, ReadsAStoreAndAsksForNothingTwice) {
  for (bool shards : {true, false}) {
    system_env().remove_tree(folder_ / "s");
    store(shards);
    asked_.clear();
    RemoteEnv env({}, clock_);
    auto source = open_boxes(env, server_.url("/s"));
    EXPECT_EQ(source->geometry().size, size_);
    expect_all(*source);
    expect_all(*source);
    for (const auto& [target, times] : asked_) {
      bool metadata = target.ends_with("zarr.json");  // whether it is there, and then what it says
      EXPECT_LE(times, metadata ? 2 : 1) << target;
    }
    EXPECT_LE(server_.connections(), shards ? 1 : 2);
  }
}

TEST_F(ZarrRemote, AMissingChunkIsBackgroundAndADeniedOneIsNot) {
  store(false);
  system_env().remove_file(folder_ / "s/s0/c/0/0/1/0");
  RemoteEnv env({}, clock_);
  uint16_t voxel = 1;
  open_boxes(env, server_.url("/s"))->read(0, {{0, 8, 0}, {1, 1, 1}}, &voxel);
  EXPECT_EQ(voxel, 0);
  denied_ = {"/s/s0/c/0/1/0/1"};
  EXPECT_THROW(open_boxes(env, server_.url("/s"))->read(0, {{4, 0, 8}, {1, 1, 1}}, &voxel), Error);
  ZarrReadOptions strict;
  strict.missing_is_error = true;
  EXPECT_THROW(ZarrArray(env, server_.url("/s/s0"), strict).read_raw(0, {{0, 8, 0}, {1, 1, 1}}, &voxel), Error);
}

TEST_F(ZarrRemote, SaysWhatIsNotThereAndWhatIsDenied) {
  store(true);
  RemoteEnv env({}, clock_);
  try {
    open_boxes(env, server_.url("/none"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("there is no '" + server_.url("/none")), std::string::npos) << error.what();
  }
  denied_ = {"/s/zarr.json"};
  try {
    open_boxes(env, server_.url("/s"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(server_.url("/s/zarr.json") + "': HTTP 403"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tomograd
