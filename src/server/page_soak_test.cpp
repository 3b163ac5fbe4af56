// Many clients for some while: every picture is the same each time, and nothing is left over afterwards.
#include <atomic>
#include <chrono>
#include <thread>

#include "base/digest.h"
#include "base/memory.h"
#include "server/page_test_host.h"

namespace tomograd {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_measured = false;       // sanitizers keep what was freed
#else
constexpr bool memory_is_measured = true;
#endif

int64_t open_files() { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{}); }

TEST(PageSoak, MixedRequestsInParallelLeaveNothingAndEveryPictureIsRight) {
  PageHost page;
  page.make_experiment("loo", 6).reset();
  for (int i = 0; i < 4; ++i) page.make_volume(text("v", i, i % 2 ? ".nii" : ".nii.gz"), {20, 60, 70 + i});
  page.make_volume("kills.nii.gz", {3, 4, 5});
  page.write("study/broken.nii.gz", "no gzip");
  page.make_dataset("data/dataset.json", {page.study("v0.nii.gz"), page.study("v1.nii"), page.study("broken.nii.gz")});
  page.start();
  const std::string experiment = "/api/experiments/" + page.items("/api/experiments", "experiments")[0].at("id").as_text(), dataset = "/api/datasets/" + page.items("/api/datasets", "datasets")[0].at("id").as_text();
  std::vector<std::string> targets = {"/", "/assets/app-1a2b.js", "/api/server", "/api/experiments", experiment, experiment + "/trials", experiment + "/leave-one-out", experiment + "/timeline", experiment + "/spec", dataset, dataset + "?grids=1", "/api/schema/run", "/api/nothing", "/../x"};
  std::string killing;
  for (const Value& volume : page.items("/api/volumes", "volumes")) {
    const std::string place = "/api/volumes/" + volume.at("id").as_text();
    if (volume.at("file") == Value("kills.nii.gz")) {
      killing = place;
      continue;
    }
    for (const char* end : {"", "/range", "/plane?index=3", "/plane?axis=y&index=30", "/plane?axis=x&index=5&as=raw16&low=0&high=3000", "/nifti?most=16"}) targets.push_back(place + end);
  }
  std::map<std::string, std::string> pictures;   // what each gave the first time
  for (const auto& target : targets)
    if (Answered first = page.get(target); target.find("/volumes/") != std::string::npos) pictures[target] = text(first.status, " ", digest_of(first.body));
  std::atomic<int> asked{0}, wrong{0}, silent{0}, deaths{0};
  auto round = [&](int each) {
    std::vector<std::thread> clients;
    for (int t = 0; t < 8; ++t)
      clients.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) {
          const bool kills = (i * 8 + t) % 97 == 50;     // a decoder dies once in a hundred requests: the file is another each time, else it would be refused at once
          const std::string& target = kills ? killing : targets[size_t(i * 31 + t * 7) % targets.size()];
          if (kills) std::filesystem::last_write_time(page.study("kills.nii.gz"), std::filesystem::file_time_type::clock::now() + std::chrono::seconds(++deaths));
          Answered answer = page.get(target);
          ++asked, silent += answer.status == 0;
          auto known = pictures.find(target);
          wrong += known != pictures.end() && known->second != text(answer.status, " ", digest_of(answer.body));
        }
      });
    for (auto& client : clients) client.join();
  };
  round(40);                                     // so that caches are full and threads are there
  release_free_memory();
  const int64_t memory = process_resident_bytes(), files = open_files();
  round(120);
  release_free_memory();
  EXPECT_EQ(asked, 8 * 160);
  EXPECT_GE(deaths, 10);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(silent, 0);
  // Closed connections and the sockets of a decoder that was ended just now may still be on their way.
  EXPECT_LE(open_files(), files + 16);
  if (memory_is_measured) {
    EXPECT_LT(process_resident_bytes(), memory + (int64_t{24} << 20));
  }
}

}  // namespace
}  // namespace tomograd
