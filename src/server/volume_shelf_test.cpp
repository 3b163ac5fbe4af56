// Volumes decoded by a process of its own: the same voxels as here, and what happens when a file is too much for it.
#include "server/volume_shelf.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "dataset/scan_file.h"
#include "server/decode_worker.h"
#include "server/page_test_host.h"
#include "server/volume_decoder.h"
#include "volume/block_store.h"
#include "volume/slab_source.h"
#include "volume/tiff.h"

namespace tomograd {
namespace {

// The process of all tests of this room, with files that do what hostile ones would like to (page_test_host.h starts it).
TEST(DecodeChild, DISABLED_Run) {
  run_decode_worker(decode_worker_socket, [](const std::string& path) {
    const std::string name = file_name(path);
    if (name.starts_with("kills")) std::abort();
    if (name.starts_with("hangs"))
      for (volatile bool on = true; on;) {
      }
    if (name.starts_with("lies")) {              // taken over: it answers with more voxels than there can be
      const struct { uint32_t kind, text; int64_t voxels; } head{uint32_t(MessageKind::answer), 2, int64_t{1} << 60};
      for (int socket = 4; socket < 40; ++socket) {
        [[maybe_unused]] ssize_t n = ::write(socket, &head, sizeof head);
        n = ::write(socket, "{}", 2);
      }
    }
    if (name.starts_with("escapes")) {
      const bool out = ::open("/etc/passwd", O_RDONLY) >= 0 || ::socket(AF_INET, SOCK_STREAM, 0) >= 0 || ::fork() >= 0 || ::kill(::getppid(), 0) == 0;
      fail_input(out ? "it got out" : "there is no way out");
    }
  });
  ::_exit(0);
}

class Shelf : public ::testing::Test {
 protected:
  void SetUp() override { remake(); }
  void remake(double seconds = 60) {
    DecoderOptions options;
    options.command = page.options.decoder, options.most_seconds = seconds;
    roots = std::make_unique<ServedRoots>(page.options.folders);
    shelf = std::make_unique<VolumeShelf>(*roots, clock, options);
  }
  std::string message(const std::string& path) {
    try {
      shelf->facts(path);
    } catch (const Error& error) {
      return std::string(dynamic_cast<const DecoderFailed*>(&error) ? "decoder: " : "") + error.message();
    }
    return "";
  }

  PageHost page;
  ManualClock clock;
  std::unique_ptr<ServedRoots> roots;
  std::unique_ptr<VolumeShelf> shelf;
};

void expect_same(const Buffer<float>& a, const Buffer<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (int64_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], b[i]) << i;
}

TEST_F(Shelf, PlanesCopiesAndRangesAreThoseDecodedHere) {
  const Extent size{9, 300, 270};
  page.make_volume("v.nii.gz", size), page.make_volume("plain.nii", size);
  write_tiff(system_env(), page.study("v.tif"), read_nifti(system_env(), page.study("v.nii.gz")));
  auto slabs = open_slabs(system_env(), page.study("plain.nii"));
  ThreadPool pool(1);
  BlockStoreOptions blocks;
  blocks.block = {4, 64, 64};
  write_block_store(system_env(), *slabs, {}, page.study("v.zarr"), blocks, pool);
  VolumeDecoder here(clock);
  for (const char* name : {"v.nii.gz", "plain.nii", "v.tif", "v.zarr"}) {
    SCOPED_TRACE(name);
    const std::string path = page.study(name), version = shelf->version(path);
    const VolumeAsked asked{roots->env(), path, version};
    const VolumeFacts facts = shelf->facts(path), wanted = here.facts(asked);
    EXPECT_EQ(facts.kind, wanted.kind);
    EXPECT_EQ(facts.geometry.size, wanted.geometry.size);
    EXPECT_EQ(facts.geometry.affine, wanted.geometry.affine);
    EXPECT_EQ(facts.compressed, wanted.compressed);
    EXPECT_EQ(facts.type, wanted.type);
    ASSERT_EQ(facts.levels.size(), wanted.levels.size());
    for (int64_t level = 0; level < int64_t(facts.levels.size()); ++level)
      for (int axis = 0; axis < 3; ++axis) {
        const Extent of = facts.levels[size_t(level)].size;
        EXPECT_EQ(of, wanted.levels[size_t(level)].size);
        PlaneTile tile = shelf->tile(path, level, 0, axis, of[axis] / 2, 0, 0), same = here.tile(asked, level, 0, axis, of[axis] / 2, 0, 0);
        EXPECT_EQ(tile.height, same.height);
        EXPECT_EQ(tile.width, same.width);
        expect_same(tile.voxels, same.voxels);
      }
    expect_same(shelf->tile(path, 0, 0, 0, 3, 1, 1).voxels, here.tile(asked, 0, 0, 0, 3, 1, 1).voxels);
    Extent factor, other;
    Volume copy = shelf->small_copy(path, 0, 50, &factor), same = here.small_copy(asked, 0, 50, &other);
    EXPECT_EQ(factor, other);
    EXPECT_EQ(copy.geometry.affine, same.geometry.affine);
    expect_same(copy.voxels, same.voxels);
    const ValueRange range = shelf->range(path, 0), known = here.range(asked, 0);
    EXPECT_EQ(std::tie(range.low, range.high, range.minimum, range.maximum, range.whole, range.integers), std::tie(known.low, known.high, known.minimum, known.maximum, known.whole, known.integers));
    if (!path.ends_with(".tif")) {
      EXPECT_EQ(shelf->grid(path).affine, read_scan_header(system_env(), path).geometry.affine);
    }
  }
  EXPECT_GT(shelf->kept_bytes(), 0);             // the .nii.gz
}

TEST_F(Shelf, ErrorsAreThoseOfTheReaderWithItsWords) {
  page.write("study/broken.nii.gz", "no gzip"), page.make_volume("v.nii", {3, 4, 5});
  auto here = [&](const std::string& path) {
    try {
      open_boxes(roots->env(), path);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  EXPECT_EQ(message(page.study("broken.nii.gz")), here(page.study("broken.nii.gz")));
  EXPECT_EQ(message(page.study("nothing.nii")), here(page.study("nothing.nii")));
  EXPECT_EQ(message(page.path("canary.txt")), here(page.path("canary.txt")));
  std::filesystem::create_symlink("/etc/hostname", page.study("link.nii"));
  EXPECT_NE(message(page.study("link.nii")), "");
  EXPECT_THROW(shelf->tile(page.study("v.nii"), 0, 0, 0, 3, 0, 0), Error);
  EXPECT_THROW(shelf->tile(page.study("v.nii"), 9, 0, 0, 0, 0, 0), Error);
}

TEST_F(Shelf, NamesMayBeAnyBytes) {
  page.make_volume("caf\xe9 \n\xff/v.nii", {3, 4, 5});
  page.write("study/caf\xe9/broken.nii", "short");
  EXPECT_EQ(shelf->tile(page.study("caf\xe9 \n\xff/v.nii"), 0, 0, 0, 2, 0, 0).voxels[1], 201);
  const std::string why = message(page.study("caf\xe9/broken.nii"));
  EXPECT_NE(why, "");
  EXPECT_EQ(why.find("decoder: "), std::string::npos) << why;
}

TEST_F(Shelf, AFileThatKillsTheDecoderIsRefusedAndTheNextIsShown) {
  page.make_volume("v.nii.gz", {3, 4, 5}), page.make_volume("kills.nii.gz", {3, 4, 5});
  EXPECT_EQ(shelf->tile(page.study("v.nii.gz"), 0, 0, 0, 1, 0, 0).voxels[0], 100);
  const pid_t first = shelf->process();
  EXPECT_EQ(message(page.study("kills.nii.gz")).find("decoder: the process that decoded 'kills.nii.gz' was ended by signal "), 0u) << message(page.study("kills.nii.gz"));
  EXPECT_EQ(shelf->process(), -1);
  EXPECT_EQ(shelf->tile(page.study("v.nii.gz"), 0, 0, 0, 2, 0, 0).voxels[0], 200);
  const pid_t second = shelf->process();
  EXPECT_NE(second, first);
  // For a minute it is not tried again, and the process goes on; a file that has changed is.
  EXPECT_NE(message(page.study("kills.nii.gz")), "");
  EXPECT_EQ(shelf->process(), second);
  clock.advance(61);
  EXPECT_NE(message(page.study("kills.nii.gz")), "");
  EXPECT_NE(shelf->process(), second);
}

TEST_F(Shelf, WhoIsDecodingWhileAnotherFileKillsGetsHisVoxels) {
  for (int i = 0; i < 6; ++i) page.make_volume(text("v", i, ".nii.gz"), {3, 40, 50}), page.make_volume(text("kills", i, ".nii.gz"), {3, 4, 5});
  std::vector<std::thread> threads;
  std::atomic<int> right{0}, refused{0};
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 6; ++i) {
        if ((t + i) % 3 == 0) {
          try {
            shelf->facts(page.study(text("kills", i, ".nii.gz")));
          } catch (const DecoderFailed&) {
            ++refused;
          }
        } else {
          right += shelf->tile(page.study(text("v", i, ".nii.gz")), 0, 0, 0, 2, 0, 0).voxels[3] == 203;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 12);
  EXPECT_EQ(right, 24);
}

TEST_F(Shelf, AFileOnWhichItHangsIsGivenUp) {
  page.make_volume("hangs.nii.gz", {3, 4, 5}), page.make_volume("v.nii.gz", {3, 4, 5});
  remake(1);
  EXPECT_EQ(message(page.study("hangs.nii.gz")), "decoder: decoding 'hangs.nii.gz' took more than 1 s and was ended");
  EXPECT_EQ(message(page.study("v.nii.gz")), "");
}

TEST_F(Shelf, ADecoderThatWasTakenOverIsNotBelievedAndDoesNotGetOut) {
  page.make_volume("lies.nii.gz", {3, 4, 5}), page.make_volume("escapes.nii.gz", {3, 4, 5}), page.make_volume("v.nii.gz", {3, 4, 5});
  EXPECT_EQ(message(page.study("lies.nii.gz")).find("decoder: "), 0u);
  EXPECT_EQ(message(page.study("v.nii.gz")), "");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(message(page.study("escapes.nii.gz")), "there is no way out");
#endif
}

TEST_F(Shelf, ItsProcessEndsWhenNobodyLooks) {
  page.make_volume("v.nii.gz", {3, 4, 5});
  EXPECT_EQ(shelf->process(), -1);
  EXPECT_EQ(message(page.study("v.nii.gz")), "");
  const pid_t process = shelf->process();
  ASSERT_GT(process, 0);
  clock.advance(44);
  shelf->release(45);
  EXPECT_EQ(shelf->process(), process);
  clock.advance(2);
  shelf->release(45);
  EXPECT_EQ(shelf->process(), -1);
  EXPECT_EQ(::kill(process, 0), -1);             // it was waited for, so the number is nobody's
  EXPECT_EQ(message(page.study("v.nii.gz")), "");
  const pid_t again = shelf->process();
  ::kill(again, SIGKILL);                        // by whom ever
  EXPECT_EQ(message(page.study("v.nii.gz")), "");
}

TEST_F(Shelf, AProgramThatIsNotThereIsASentence) {
  page.make_volume("v.nii.gz", {3, 4, 5});
  page.options.decoder = {"/nowhere/tomograd", "decode-worker"};
  remake();
  EXPECT_EQ(message(page.study("v.nii.gz")), "the program that decodes volumes, '/nowhere/tomograd': No such file or directory");
  page.write("no-program", "#!/bin/nothing");
  page.options.decoder = {page.path("no-program"), "decode-worker"};
  remake();
  EXPECT_EQ(message(page.study("v.nii.gz")), "the process that decodes volumes ended with exit code 127 before it began");
}

TEST_F(Shelf, AProgramThatIsReplacedWhileTheServerRunsGoesOn) {
  page.make_volume("v.nii.gz", {3, 4, 5});
  std::filesystem::create_symlink(std::filesystem::read_symlink("/proc/self/exe"), page.path("program"));
  page.options.decoder[0] = page.path("program");
  remake();
  std::filesystem::remove(page.path("program"));
  page.write("program", "another version");
  EXPECT_EQ(message(page.study("v.nii.gz")), "");
}

TEST(VolumesOfAServer, AnswersGoOnAfterADecoderDied) {
  PageHost page;
  page.make_volume("kills.nii.gz", {3, 4, 5}), page.make_volume("v.nii.gz", {3, 4, 5});
  page.start();
  int bad = 0, good = 0;
  for (const Value& volume : page.items("/api/volumes", "volumes")) {
    Answered answer = page.get("/api/volumes/" + volume.at("id").as_text() + "/plane?low=0&high=65535&as=raw16&index=1");
    if (volume.at("file") == Value("v.nii.gz")) {
      EXPECT_EQ(answer.status, 200);
      good += answer.body.size() == 40;
    } else {
      EXPECT_EQ(answer.status, 502);
      const Value error = answer.json().at("error");
      EXPECT_EQ(error.at("kind"), Value("failure"));
      EXPECT_EQ(error.at("message").as_text().find("the process that decoded 'kills.nii.gz' was ended by signal"), 0u) << answer.body;
      bad += answer.body.find(page.path("")) == std::string::npos;
    }
  }
  EXPECT_EQ(good, 1);
  EXPECT_EQ(bad, 1);
  EXPECT_EQ(page.get("/api/server").status, 200);
}

}  // namespace
}  // namespace tomograd
