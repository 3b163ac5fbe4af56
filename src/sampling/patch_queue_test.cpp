#include "sampling/patch_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "sampling/sampling_test_cohort.h"

namespace tomograd {
namespace {

struct Settings {
  SamplingSpec sampling;
  AugmentSpec augment;
  Settings() {
    sampling.patch = {9, 12, 17};
    sampling.batch = 3;
    sampling.epoch_patches = 20;                 // batches straddle epochs
    augment.noise = 0.5;
    augment.rotate = 0.2;
    augment.gamma = 0.3;
  }
};

struct Contents {
  std::vector<float> images;
  std::vector<uint8_t> labels;
  std::vector<int64_t> firsts;
  bool operator==(const Contents&) const = default;
};

Contents take(PatchQueue& queue, int batches) {
  Contents all;
  for (int i = 0; i < batches; ++i) {
    Batch batch = queue.next();
    EXPECT_EQ(batch.images.size(), batch.count * batch.channels * batch.patch.voxels());
    all.images.insert(all.images.end(), batch.images.begin(), batch.images.end());
    all.labels.insert(all.labels.end(), batch.labels.begin(), batch.labels.end());
    all.firsts.push_back(batch.first);
    if (i % 3 != 1) queue.give_back(std::move(batch));  // some are kept
  }
  return all;
}

Contents run(const TestCohort& cohort, const Settings& s, int64_t workers, int64_t first, int batches) {
  Settings own = s;
  own.sampling.workers = workers;
  Sampler sampler(cohort.cases, cohort.indices, own.sampling, 3, system_env());
  PatchQueue queue(cohort.sources, sampler, own.sampling, own.augment, cohort.channels, 3, first);
  return take(queue, batches);
}

// Rows [first, first + count) of every batch of s.sampling.batch, as a rank of data-parallel training takes them.
Contents rows(const TestCohort& cohort, const Settings& s, int64_t first, int64_t count, int batches) {
  Settings own = s;
  own.sampling.batch = count;
  Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
  PatchQueue queue(cohort.sources, sampler, own.sampling, own.augment, cohort.channels, 3, 2 * s.sampling.batch + first, s.sampling.batch);
  return take(queue, batches);
}

TEST(PatchQueue, RowsOfEachBatchAreThoseOfTheWholeBatch) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  s.sampling.workers = 2;
  s.sampling.batch = 5;
  constexpr int batches = 9;
  Contents whole = run(cohort, s, 1, 2 * s.sampling.batch, batches);
  for (std::vector<int64_t> cut : {std::vector<int64_t>{0, 2, 5}, {0, 1, 3, 5}, {0, 1, 2, 3, 4, 5}}) {
    Contents joined;
    joined.firsts = whole.firsts;
    std::vector<Contents> parts;
    for (size_t r = 0; r + 1 < cut.size(); ++r) parts.push_back(rows(cohort, s, cut[r], cut[r + 1] - cut[r], batches));
    size_t image = whole.images.size() / (batches * 5), label = whole.labels.size() / (batches * 5);
    for (size_t b = 0; b < batches; ++b)
      for (size_t r = 0; r < parts.size(); ++r) {
        size_t count = size_t(cut[r + 1] - cut[r]);
        EXPECT_EQ(parts[r].firsts[b], whole.firsts[b] + cut[r]);
        joined.images.insert(joined.images.end(), parts[r].images.begin() + int64_t(b * count * image), parts[r].images.begin() + int64_t((b + 1) * count * image));
        joined.labels.insert(joined.labels.end(), parts[r].labels.begin() + int64_t(b * count * label), parts[r].labels.begin() + int64_t((b + 1) * count * label));
      }
    EXPECT_TRUE(joined == whole) << parts.size() << " ranks";
  }
}

TEST(PatchQueue, SameBatchesForAnyNumberOfWorkers) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  Contents expected = run(cohort, s, 0, 0, 25);
  for (int64_t workers : {1, 2, 3}) EXPECT_TRUE(run(cohort, s, workers, 0, 25) == expected) << workers;
  for (int64_t i = 0; i < 25; ++i) EXPECT_EQ(expected.firsts[size_t(i)], 3 * i);
}

TEST(PatchQueue, BatchesAreMadeByMakePatch) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  s.sampling.workers = 2;
  Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
  PatchQueue queue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0);
  const int64_t n = s.sampling.patch.voxels();
  for (int b = 0; b < 10; ++b) {
    Batch batch = queue.next();
    for (int64_t i = 0; i < batch.count; ++i) {
      const int64_t number = batch.first + i;
      PatchPlace place = sampler.epoch(uint64_t(number / 20))[size_t(number % 20)];
      EXPECT_EQ(place.begin, batch.places[size_t(i)].begin);
      Buffer<float> image(2 * n);
      Buffer<uint8_t> labels(n);
      make_patch(*cohort.sources[size_t(place.case_index)], place, s.sampling.patch, s.augment, cohort.channels, 3, number, image.data(), labels.data());
      EXPECT_EQ(std::memcmp(image.data(), batch.images.data() + i * 2 * n, size_t(2 * n) * sizeof(float)), 0);
      EXPECT_EQ(std::memcmp(labels.data(), batch.labels.data() + i * n, size_t(n)), 0);
    }
  }
}

TEST(PatchQueue, ResumesAtAnyPatch) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  Contents whole = run(cohort, s, 2, 0, 20), rest = run(cohort, s, 1, 21, 13);
  const size_t images = whole.images.size() / 20 * 7, labels = whole.labels.size() / 20 * 7;
  EXPECT_TRUE(std::equal(rest.images.begin(), rest.images.end(), whole.images.begin() + int64_t(images)));
  EXPECT_TRUE(std::equal(rest.labels.begin(), rest.labels.end(), whole.labels.begin() + int64_t(labels)));
  EXPECT_EQ(rest.firsts.front(), 21);
}

TEST(PatchQueue, CommonRandomNumbersForChannelSubsets) {
  TestCohort all = TestCohort::mixed(), one;
  one.channels = {"ADC"};
  // The second channel alone, from the same volumes.
  one.classes = all.classes;
  for (size_t k = 0; k < all.cases.size(); ++k) {
    const PreparedCase& item = all.cases[k];
    one.sources.push_back(one.owned.emplace_back(make_memory_blocks(item.geometry.size, {item.images[1].data()}, item.labels.data(), {item.outside[1]}, {8, 16, 16})).get());
  }
  Settings s;
  s.sampling.workers = 1;
  Sampler sampler(all.cases, all.indices, s.sampling, 3, system_env());
  PatchQueue both(all.sources, sampler, s.sampling, s.augment, all.channels, 3, 0), single(one.sources, sampler, s.sampling, s.augment, one.channels, 3, 0);
  const int64_t n = s.sampling.patch.voxels();
  for (int b = 0; b < 10; ++b) {
    Batch x = both.next(), y = single.next();
    for (int64_t i = 0; i < x.count; ++i) {
      EXPECT_EQ(x.places[size_t(i)].begin, y.places[size_t(i)].begin);
      EXPECT_EQ(std::memcmp(x.images.data() + (i * 2 + 1) * n, y.images.data() + i * n, size_t(n) * sizeof(float)), 0);
    }
    EXPECT_EQ(std::memcmp(x.labels.data(), y.labels.data(), size_t(x.labels.size())), 0);
  }
}

TEST(PatchQueue, KeepsItsByteBudget) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  s.sampling.patch = cube(40);                   // 576000 bytes each
  s.sampling.batch = 2;
  s.sampling.queue_megabytes = 4;                // three batches
  s.sampling.workers = 3;
  Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
  const int64_t before = counted_bytes(), batch_bytes = 2 * 64000 * 9;
  {
    PatchQueue queue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0);
    const int64_t scratch = 3 * (2 * 64000 + 4 * 65536) * 4;  // what three workers may hold besides
    for (int i = 0; i < 20; ++i) {
      Batch batch = queue.next();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // let the workers run ahead as far as they may
      EXPECT_LE(counted_bytes() - before, 4000000 + batch_bytes + scratch);
      queue.give_back(std::move(batch));
    }
    EXPECT_GT(queue.stall_seconds(), 0);
  }
  EXPECT_EQ(counted_bytes(), before);
}

TEST(PatchQueue, RecyclesBuffers) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  s.sampling.workers = 1;
  s.sampling.queue_megabytes = 1;
  Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
  PatchQueue queue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0);
  std::vector<const float*> seen;
  const size_t depth = size_t(1000000 / (3 * s.sampling.patch.voxels() * 9));
  for (int i = 0; i < 100; ++i) {
    Batch batch = queue.next();
    if (std::find(seen.begin(), seen.end(), batch.images.data()) == seen.end()) seen.push_back(batch.images.data());
    queue.give_back(std::move(batch));
  }
  EXPECT_LE(seen.size(), depth + 1);
}

TEST(PatchQueue, RefusesABudgetBelowOneBatch) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  s.sampling.patch = cube(64);
  s.sampling.queue_megabytes = 1;
  Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
  EXPECT_THROW(PatchQueue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0), Error);
  s.sampling.workers = 0;                        // makes no patch ahead
  PatchQueue queue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0);
  EXPECT_EQ(queue.next().count, 3);
}

class Broken : public BlockSource {              // fails when its turn comes
 public:
  Broken(BlockSource& inner, bool& broken) : inner_(inner), broken_(broken) {}
  Extent size() const override { return inner_.size(); }
  Extent block() const override { return inner_.block(); }
  int64_t channels() const override { return inner_.channels(); }
  const float* image_block(int64_t channel, Extent at) override {
    if (broken_) fail_input("the block is gone");
    return inner_.image_block(channel, at);
  }
  const uint8_t* label_block(Extent at) override { return inner_.label_block(at); }
  float outside(int64_t channel) const override { return inner_.outside(channel); }

 private:
  BlockSource& inner_;
  bool& broken_;
};

TEST(PatchQueue, ErrorsOfWorkersReachTheConsumerInTheirTurn) {
  TestCohort cohort = TestCohort::mixed();
  bool broken = true;
  Broken bad(*cohort.sources[2], broken);
  cohort.sources[2] = &bad;
  for (int64_t workers : {0, 1, 3}) {
    Settings s;
    s.sampling.workers = workers;
    s.sampling.reads_per_case = 1;
    Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
    int64_t first_bad = 0;
    for (auto places = sampler.epoch(0); places[size_t(first_bad)].case_index != 2;) ++first_bad;
    PatchQueue queue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0);
    for (int64_t b = 0; b < first_bad / 3; ++b) EXPECT_EQ(queue.next().first, 3 * b);
    for (int repeat = 0; repeat < 2; ++repeat) try {
        queue.next();
        ADD_FAILURE() << "the error was lost";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input);
        EXPECT_NE(std::string(error.what()).find("case none"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find(text("patch ", first_bad)), std::string::npos) << error.what();
      }
  }
}

TEST(PatchQueue, StopsWithoutBeingEmptied) {
  TestCohort cohort = TestCohort::mixed();
  Settings s;
  s.sampling.workers = 3;
  Sampler sampler(cohort.cases, cohort.indices, s.sampling, 3, system_env());
  for (int i = 0; i < 20; ++i) {
    PatchQueue queue(cohort.sources, sampler, s.sampling, s.augment, cohort.channels, 3, 0);
    if (i % 2) queue.next();
  }
}

}  // namespace
}  // namespace tomograd
