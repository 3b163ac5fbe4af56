#include "sampling/sampling_bench.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <deque>
#include <iomanip>
#include <sstream>

#include "base/clock.h"
#include "base/error.h"
#include "base/parallel.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "dataset/stored_case.h"
#include "kernels/cpu_isa.h"
#include "sampling/patch.h"
#include "sampling/patch_queue.h"

namespace tomograd {
namespace {

double now() { return system_clock().monotonic_seconds(); }
double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }  // of all threads of the process

double copy_bandwidth(int threads) {             // bytes read and written per second; the best of five rounds
  constexpr int64_t total = int64_t{256} << 20;
  Buffer<uint8_t> from(total, 1), to(total, 0);
  ThreadPool pool(threads);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    double begin = now();
    pool.for_each(threads, [&](int64_t i) {
      int64_t first = total * i / threads, last = total * (i + 1) / threads;
      std::memcpy(to.data() + first, from.data() + first, size_t(last - first));
    });
    best = std::max(best, 2.0 * double(total) / (now() - begin));
  }
  return best;
}

struct Cohort {
  std::shared_ptr<BlockCache> cache;             // null when no case is a block store
  std::vector<std::unique_ptr<BlockSource>> blocks;
  std::vector<PreparedCase> cases;
  std::vector<LabelIndex> indices;
  std::vector<BlockSource*> sources;
  std::vector<std::string> channels;
};

Cohort load(Env& env, const Dataset& dataset, int64_t channels, int threads, int64_t cache_bytes) {
  PreprocessSpec preprocess;
  preprocess.normalize = "none";
  for (int64_t c = 0; c < std::min<int64_t>(channels, int64_t(dataset.modalities.size())); ++c) preprocess.channels.push_back(dataset.modalities[size_t(c)]);
  Cohort cohort;
  cohort.channels = preprocess.channels;
  const ClassMap classes = make_class_map(dataset, {});
  ThreadPool pool(threads);
  for (const Case& item : dataset.cases) {
    if (is_stored(item)) {
      if (!cohort.cache) cohort.cache = std::make_shared<BlockCache>(cache_bytes);
      StoredCase stored = open_stored_case(env, dataset, item, preprocess, classes, cohort.cache, pool);
      cohort.sources.push_back(cohort.blocks.emplace_back(std::move(stored.blocks)).get());
      cohort.cases.push_back(std::move(stored.prepared)), cohort.indices.push_back(std::move(stored.index));
      continue;
    }
    auto& prepared = cohort.cases.emplace_back(prepare_case(env, dataset, item, preprocess, classes, true));
    cohort.indices.push_back(make_label_index(prepared.geometry.size, prepared.labels, prepared.roi, classes.count()));
    cohort.sources.push_back(cohort.blocks.emplace_back(blocks_of(prepared)).get());
  }
  return cohort;
}

void check(const Cohort& cohort, const Sampler& sampler, Extent patch, const AugmentSpec& augment) {
  const auto n = patch.voxels(), channels = int64_t(cohort.channels.size());
  Buffer<float> fast(channels * n), plain(channels * n);
  Buffer<uint8_t> fast_labels(n), plain_labels(n);
  PatchWorkspace workspace;
  const auto places = sampler.epoch(0);
  for (size_t i = 0; i < std::min<size_t>(4, places.size()); ++i) {
    auto augmentation = draw_augmentation(augment, cohort.channels, 1, int64_t(i));
    BlockSource& source = *cohort.sources[size_t(places[i].case_index)];
    render_patch(source, places[i], patch, augmentation, true, workspace, fast.data(), fast_labels.data());
    render_patch_reference(source, places[i], patch, augmentation, plain.data(), plain_labels.data());
    if (std::memcmp(fast.data(), plain.data(), size_t(channels * n) * sizeof(float)) != 0 || std::memcmp(fast_labels.data(), plain_labels.data(), size_t(n)) != 0)
      fail_failure(text("patch ", i, " made by the fast path differs from the reference"));
  }
}

// The first blocks of a store, few of which are in the cache yet; those that are cost next to nothing.
double seconds_per_block(const Cohort& cohort) {
  constexpr int64_t most = 64;
  BlockSource* source = nullptr;
  for (size_t k = 0; k < cohort.sources.size() && !source; ++k)
    if (cohort.indices[k].stored) source = cohort.sources[k];
  if (!source) return 0;
  const Extent grid{ceil_div(source->size().z, source->block().z), ceil_div(source->size().y, source->block().y), ceil_div(source->size().x, source->block().x)};
  const int64_t misses = cohort.cache->counts().misses;
  const double begin = now();
  for (int64_t i = 0; i < std::min(most, grid.voxels()); ++i) source->hold_image_block(0, {i / grid.x / grid.y, i / grid.x % grid.y, i % grid.x});
  return (now() - begin) / double(std::max<int64_t>(1, cohort.cache->counts().misses - misses));
}

}  // namespace

SamplingBench bench_sampling(Env& env, const Dataset& dataset, Extent patch, int threads, double seconds, int64_t channels, int64_t slot_megabytes, int64_t cache_bytes) {
  SamplingBench bench;
  Cohort cohort = load(env, dataset, channels, threads, cache_bytes);
  bench.patch = patch;
  bench.threads = threads;
  bench.cases = int64_t(cohort.cases.size());
  bench.channels = int64_t(cohort.channels.size());
  bench.isa = isa_name(current_isa());
  bench.patch_bytes = 2 * patch.voxels() * (bench.channels * int64_t(sizeof(float)) + 1);
  bench.copy_bytes_per_second = copy_bandwidth(threads);

  SamplingSpec sampling;
  sampling.patch = patch;
  sampling.batch = 2;
  sampling.foreground = 0.5;
  sampling.epoch_patches = 1024;
  sampling.workers = threads;
  const int64_t bytes = batch_bytes(sampling, bench.channels);
  const int64_t held = ceil_div(slot_megabytes * 1000000, bytes);  // batches the consumer keeps before it gives the oldest back
  sampling.queue_megabytes = ceil_div(std::max<int64_t>(16 * bytes, 64000000), 1000000);
  bench.slot_bytes = held * bytes + sampling.queue_megabytes * 1000000;

  AugmentSpec plain, noisy, all;
  plain.enabled = false;
  noisy.noise = 1;
  noisy.brightness = noisy.contrast = 0;
  all.rotate = all.scale = all.blur = 0.2, all.noise = 0.1, all.brightness = all.contrast = 0.15, all.low_resolution = 0.25, all.gamma = 0.3, all.gamma_inverted = 0.1;
  Sampler sampler(cohort.cases, cohort.indices, sampling, 1, env);
  check(cohort, sampler, patch, plain);
  check(cohort, sampler, patch, noisy);
  bench.checked = true;

  if (cohort.cache) {
    bench.cache_bytes = cache_bytes;
    for (size_t k = 0; k < cohort.cases.size(); ++k)
      if (is_stored(dataset.cases[k])) bench.store_bytes += cohort.cases[k].geometry.size.voxels() * (4 * bench.channels + cohort.sources[k]->has_labels());
    bench.seconds_per_block = seconds_per_block(cohort);
  }
  for (const auto& [name, augment] : {std::pair{"plain", plain}, {"flips and noise", noisy}, {"all steps", all}}) {
    PatchQueue queue(cohort.sources, sampler, sampling, augment, cohort.channels, 1, 0);
    std::deque<Batch> kept;
    auto turn = [&] {
      kept.push_back(queue.next());
      if (int64_t(kept.size()) <= held) return;
      queue.give_back(std::move(kept.front()));
      kept.pop_front();
    };
    for (int64_t i = 0; i < held + 2 * sampling.queue_megabytes * 1000000 / bytes; ++i) turn();
    SamplingRate rate;
    rate.name = name;
    const BlockCacheCounts before = cohort.cache ? cohort.cache->counts() : BlockCacheCounts{};
    const double begin = now(), cpu_begin = cpu_seconds();
    double spent = 0;
    while (spent < seconds) {
      turn();
      rate.patches += sampling.batch;
      spent = now() - begin;
    }
    rate.patches_per_second = double(rate.patches) / spent;
    rate.cpu_seconds_per_patch = (cpu_seconds() - cpu_begin) / double(rate.patches);
    rate.bytes_per_second = rate.patches_per_second * double(bench.patch_bytes);
    rate.copy_fraction = rate.bytes_per_second / bench.copy_bytes_per_second;
    if (cohort.cache) {
      const BlockCacheCounts after = cohort.cache->counts();
      const double decoded = double(after.misses - before.misses), found = double(after.hits - before.hits);
      rate.decoded_per_patch = decoded / double(rate.patches);
      rate.cache_hits = found / std::max(1.0, decoded + found);
      bench.cache_peak_bytes = after.most_bytes;
    }
    bench.rates.push_back(rate);
  }
  return bench;
}

Value to_value(const SamplingBench& bench) {
  Value out = Value::table();
  out["patch"] = Value(Value::List{bench.patch.z, bench.patch.y, bench.patch.x});
  out["threads"] = int64_t{bench.threads};
  out["isa"] = bench.isa;
  out["cases"] = bench.cases;
  out["channels"] = bench.channels;
  out["slot_bytes"] = bench.slot_bytes;
  out["patch_bytes"] = bench.patch_bytes;
  out["copy_bytes_per_second"] = bench.copy_bytes_per_second;
  out["checked"] = bench.checked;
  if (bench.cache_bytes > 0) {
    out["cache_bytes"] = bench.cache_bytes;
    out["cache_peak_bytes"] = bench.cache_peak_bytes;
    out["store_bytes"] = bench.store_bytes;
    out["seconds_per_block"] = bench.seconds_per_block;
  }
  Value::List rates;
  for (const auto& rate : bench.rates) {
    Value row = Value::table();
    row["name"] = rate.name;
    row["patches"] = rate.patches;
    row["patches_per_second"] = rate.patches_per_second;
    row["cpu_seconds_per_patch"] = rate.cpu_seconds_per_patch;
    row["bytes_per_second"] = rate.bytes_per_second;
    row["copy_fraction"] = rate.copy_fraction;
    if (bench.cache_bytes > 0) row["blocks_decoded_per_patch"] = rate.decoded_per_patch, row["cache_hit_share"] = rate.cache_hits;
    rates.push_back(row);
  }
  out["rates"] = Value(std::move(rates));
  return out;
}

std::string to_table(const SamplingBench& bench) {
  std::ostringstream out;
  out << "patches of " << to_string(bench.patch) << " x " << bench.channels << " channels + label from " << bench.cases << " cases, " << bench.threads << " threads, " << bench.isa << ", "
      << bytes_text(bench.slot_bytes) << " of slots; copy " << std::fixed << std::setprecision(1) << bench.copy_bytes_per_second / 1e9 << " GB/s\n";
  for (const auto& rate : bench.rates)
    out << std::left << std::setw(18) << rate.name << std::right << std::setprecision(0) << std::setw(8) << rate.patches_per_second << " patches/s " << std::setprecision(1) << std::setw(6)
        << rate.bytes_per_second / 1e9 << " GB/s " << std::setprecision(0) << std::setw(4) << 100 * rate.copy_fraction << " % of copy" << std::setw(7) << 1e6 * rate.cpu_seconds_per_patch << " us of CPU each"
        << (bench.cache_bytes > 0 ? text(", ", std::round(10 * rate.decoded_per_patch) / 10, " blocks decoded, ", std::round(100 * rate.cache_hits), " % in the cache") : "") << "\n";
  if (bench.cache_bytes > 0)
    out << "block stores of " << bytes_text(bench.store_bytes) << " decoded, cache " << bytes_text(bench.cache_bytes) << " (took " << bytes_text(bench.cache_peak_bytes) << "), an image block "
        << std::round(1e6 * bench.seconds_per_block) << " us of one thread\n";
  return out.str();
}

}  // namespace tomograd
