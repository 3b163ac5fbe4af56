#include "inference/exact_msd.h"

#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "inference/exact_parts.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

int64_t first_layer(const ExactPlan& plan, int64_t group) { return group ? plan.ends[size_t(group) - 1] : 0; }

// A tile's maps of one group are one shard: one file, published once. Chunks are smaller, so that a neighbour reads little more than
// its halo.
ZarrArrayInfo maps_info(const ExactPlan& plan, const MsdNetwork& network, int64_t group) {
  Extent chunk = exact_chunk(plan.core);
  int64_t maps = (plan.ends[size_t(group)] - first_layer(plan, group)) * network.width;
  ZarrArrayInfo info;
  info.shape = {maps, plan.volume.z, plan.volume.y, plan.volume.x};
  info.chunk.shape = {1, chunk.z, chunk.y, chunk.x};
  info.chunk.type = VoxelType::f32;
  info.chunk.order = {0, 1, 2, 3};
  info.shard = {maps, plan.core.z, plan.core.y, plan.core.x};
  info.sharded = true;
  return info;
}

// What the maps depend on: sizes, groups and the network itself.
std::string plan_text(const ExactPlan& plan, const MsdNetwork& network) {
  std::string numbers = text("tomograd.exact/2 volume ", to_string(plan.volume), " core ", to_string(plan.core), " width ", network.width, " inputs ", network.in_channels, plan.reflect ? " reflect" : " zero", " groups");
  for (int64_t end : plan.ends) numbers += text(" ", end);
  std::string weights;
  for (int64_t i = 0; i < network.depth(); ++i) {
    weights += text(" d", network.dilations[size_t(i * network.width)]);
    weights.append(reinterpret_cast<const char*>(network.weight[size_t(i)]), size_t(network.width * network.inputs(i) * 27) * 4);
    weights.append(reinterpret_cast<const char*>(network.bias[size_t(i)]), size_t(network.width) * 4);
  }
  return numbers + " weights " + digest_of(weights) + "\n";
}

ZarrIndex shard_at(const ExactPlan& plan, int64_t tile) {
  Extent grid = plan.grid();
  return {0, tile / grid.x / grid.y, tile / grid.x % grid.y, tile % grid.x};
}

MsdNetwork layers_of(const MsdNetwork& network, int64_t first, int64_t end) {
  MsdNetwork part;                               // what came before is its input
  part.in_channels = network.inputs(first), part.width = network.width;
  part.dilations.assign(network.dilations.begin() + first * network.width, network.dilations.begin() + end * network.width);
  part.weight.assign(network.weight.begin() + first, network.weight.begin() + end);
  part.bias.assign(network.bias.begin() + first, network.bias.begin() + end);
  return part;
}

}  // namespace

ExactMsd::ExactMsd(Env& env, std::string scratch, const ExactPlan& plan, const MsdNetwork& network, const MsdHead& head, ThreadPool& pool)
    : env_(env), scratch_(std::move(scratch)), plan_(plan), network_(network), head_(head), pool_(pool), maps_(size_t(plan.groups())) {}

std::string ExactMsd::maps_folder(int64_t group) const { return join_path(scratch_, text("maps/", group)); }

ZarrArray& ExactMsd::maps(int64_t group) {
  auto& array = maps_[size_t(group)];
  ZarrReadOptions options;
  options.missing_is_error = true, options.gap_bytes = -1;
  if (!array) array = std::make_unique<ZarrArray>(env_, maps_folder(group), options);
  return *array;
}

bool ExactMsd::has_maps(int64_t group, int64_t tile) const {
  return env_.kind(join_path(maps_folder(group), zarr_chunk_key(maps_info(plan_, network_, group), shard_at(plan_, tile)))) == FileKind::file;
}

void ExactMsd::prepare() {
  std::string note = join_path(scratch_, "plan.txt"), wanted = plan_text(plan_, network_);
  if (env_.kind(note) == FileKind::file) {
    if (read_text(env_, note) != wanted) fail_input(text("the scratch folder '", scratch_, "' holds feature maps of another network, volume or tile"), "remove it, or name another");
    return;
  }
  env_.make_directories(scratch_);
  if (int64_t there = env_.free_bytes(scratch_); there < plan_.scratch_bytes)
    fail(ErrorKind::budget, text("the feature maps take ", bytes_text(plan_.scratch_bytes), " on disk, '", scratch_, "' has ", bytes_text(there)), "name a scratch folder on a larger disk, or predict with --halo");
  for (int64_t group = 0; group + 1 < plan_.groups(); ++group) {
    env_.make_directories(maps_folder(group));
    for (const auto& [name, content] : zarr_array_files(maps_info(plan_, network_, group))) publish_text(env_, join_path(maps_folder(group), name), content);
  }
  publish_text(env_, note, wanted);
}

void ExactMsd::write_maps(int64_t group, int64_t tile, const MsdLayout& layout, const float* stack, const Box& core, Extent inner) {
  ZarrWriter writer(env_, maps_folder(group));
  Extent chunk = exact_chunk(plan_.core);
  int64_t first = network_.in_channels + first_layer(plan_, group) * network_.width;
  std::vector<ZarrIndex> all = writer.chunks_of_shard(shard_at(plan_, tile));
  size_t step = size_t(pool_.threads());
  for (size_t begin = 0; begin < all.size(); begin += step) {
    std::vector<ZarrIndex> some(all.begin() + int64_t(begin), all.begin() + int64_t(std::min(all.size(), begin + step)));
    writer.put(some, [&](size_t i, unsigned char* into) {
      const ZarrIndex& at = some[i];
      Box box = intersection({{at[1] * chunk.z, at[2] * chunk.y, at[3] * chunk.x}, chunk}, core);
      if (!(box.size == chunk)) std::memset(into, 0, size_t(chunk.voxels()) * 4);
      const float* channel = stack + (first + at[0]) * layout.channel;
      Extent from = box.begin - core.begin + inner;
      for (int64_t z = 0; z < box.size.z; ++z)
        for (int64_t y = 0; y < box.size.y; ++y) std::memcpy(into + (z * chunk.y + y) * chunk.x * 4, channel + layout.at(0, from.z + z, from.y + y, from.x), size_t(box.size.x) * 4);
    }, &pool_);
  }
  writer.finish();
}

bool ExactMsd::run_tile(int64_t group, int64_t tile, const ReadBox& read, const UseLogits& use) {
  int64_t first = first_layer(plan_, group), end = plan_.ends[size_t(group)];
  bool last = end == network_.depth();
  if (!last && has_maps(group, tile)) return false;
  Box core = core_of(plan_, tile), region = grown(core, group_reach(network_, first, end), plan_.volume);
  MsdNetwork part = layers_of(network_, first, end);
  MsdLayout layout = msd_layout(region.size, network_.largest_dilation(), plan_.reflect, false);
  Buffer<float> stack(layout.floats(part.channels()));
  std::memset(stack.data() + stack.size() - 64, 0, 64 * 4);
  {
    Buffer<float> dense(region.size.voxels());
    for (int64_t c = 0; c < part.in_channels; ++c) {
      int64_t map = c - network_.in_channels, of = 0;
      while (map >= plan_.ends[size_t(of)] * network_.width) ++of;
      if (map < 0) read(c, region, dense.data());
      else maps(of).read(map - first_layer(plan_, of) * network_.width, region, dense.data(), &pool_);
      float* channel = stack.data() + c * layout.channel;
      pool_.for_each(region.size.z, [&](int64_t z) {
        for (int64_t y = 0; y < region.size.y; ++y) std::memcpy(channel + layout.at(0, z, y, 0), dense.data() + (z * region.size.y + y) * region.size.x, size_t(region.size.x) * 4);
      });
    }
  }
  std::vector<Box> boxes;
  for (int64_t i = first; i < end; ++i) {
    Box box = grown(core, group_reach(network_, i + 1, end), plan_.volume);
    boxes.push_back({box.begin - region.begin, box.size});
  }
  ForEach for_each = [&](int64_t count, const std::function<void(int64_t)>& body) { pool_.for_each(count, body); };
  msd_forward(msd_kernels(), layout, part, stack.data(), boxes, for_each);
  Extent inner = core.begin - region.begin;
  if (!last) {
    write_maps(group, tile, layout, stack.data(), core, inner);
    return true;
  }
  Buffer<float> all(head_.classes * region.size.voxels()), logits(head_.classes * core.size.voxels());
  pool_.for_each(core.size.z, [&](int64_t z) { msd_head_kernels().forward(layout, head_, stack.data(), inner.z + z, all.data()); });
  for (int64_t k = 0; k < head_.classes; ++k)
    for (int64_t z = 0; z < core.size.z; ++z)
      for (int64_t y = 0; y < core.size.y; ++y)
        std::memcpy(logits.data() + ((k * core.size.z + z) * core.size.y + y) * core.size.x,
                    all.data() + ((k * region.size.z + inner.z + z) * region.size.y + inner.y + y) * region.size.x + inner.x, size_t(core.size.x) * 4);
  use(core, logits.data());
  return true;
}

void ExactMsd::run_group(int64_t group, ExactShare share, const ReadBox& read, const UseLogits& use, const std::function<bool(int64_t)>& finished, const std::stop_token& stop,
                         const std::function<void(int64_t, int64_t)>& progress) {
  int64_t tiles = plan_.tiles(), done = 0, of = (tiles - share.worker + share.workers - 1) / share.workers;
  for (int64_t tile = share.worker; tile < tiles; tile += share.workers) {
    throw_if_stopped(stop);
    bool skip = finished && group + 1 == plan_.groups() && finished(tile);
    if (!skip) with_context(text("group ", group + 1, " of ", plan_.groups(), ", tile ", tile + 1, " of ", tiles), [&] { run_tile(group, tile, read, use); });
    if (progress) progress(++done, of);
  }
}

}  // namespace tomograd
