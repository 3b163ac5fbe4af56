#include "inference/exact_msd.h"

#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "inference/exact_parts.h"
#include "volume/zarr_array.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

std::string maps_folder(const std::string& scratch) { return join_path(scratch, "maps"); }

ZarrArrayInfo maps_info(const ExactPlan& plan, const MsdNetwork& network) {
  ZarrArrayInfo info;
  info.shape = {std::max<int64_t>(1, network.width * network.depth()), plan.volume.z, plan.volume.y, plan.volume.x};
  info.chunk.shape = {1, plan.core.z, plan.core.y, plan.core.x};
  info.chunk.type = VoxelType::f32;
  info.chunk.order = {0, 1, 2, 3};
  info.shard = info.chunk.shape;
  return info;
}

// What the maps depend on: sizes, groups and the network itself.
std::string plan_text(const ExactPlan& plan, const MsdNetwork& network) {
  std::string numbers = text("tomograd.exact/1 volume ", to_string(plan.volume), " core ", to_string(plan.core), " width ", network.width, " inputs ", network.in_channels, plan.reflect ? " reflect" : " zero", " groups");
  for (int64_t end : plan.ends) numbers += text(" ", end);
  std::string weights;
  for (int64_t i = 0; i < network.depth(); ++i) {
    weights += text(" d", network.dilations[size_t(i * network.width)]);
    weights.append(reinterpret_cast<const char*>(network.weight[size_t(i)]), size_t(network.width * network.inputs(i) * 27) * 4);
    weights.append(reinterpret_cast<const char*>(network.bias[size_t(i)]), size_t(network.width) * 4);
  }
  return numbers + " weights " + digest_of(weights) + "\n";
}

ZarrIndex chunk_at(const ExactPlan& plan, int64_t map, int64_t tile) {
  Extent grid = plan.grid();
  return {map, tile / grid.x / grid.y, tile / grid.x % grid.y, tile % grid.x};
}

void scatter(const MsdLayout& layout, const float* dense, float* channel) {
  for (int64_t z = 0; z < layout.size.z; ++z)
    for (int64_t y = 0; y < layout.size.y; ++y) std::memcpy(channel + layout.at(0, z, y, 0), dense + (z * layout.size.y + y) * layout.size.x, size_t(layout.size.x) * 4);
}

}  // namespace

bool run_exact_tile(Env& env, const std::string& scratch, const ExactPlan& plan, const MsdNetwork& network, const MsdHead& head, int64_t group, int64_t tile, const ReadBox& read,
                    const UseLogits& use, const ForEach& for_each) {
  int64_t first = group ? plan.ends[size_t(group) - 1] : 0, end = plan.ends[size_t(group)];
  bool last = end == network.depth();
  Box core = core_of(plan, tile);
  ZarrArrayInfo info = maps_info(plan, network);
  if (!last) {
    bool there = true;
    for (int64_t map = first * network.width; map < end * network.width && there; ++map)
      there = env.kind(join_path(maps_folder(scratch), zarr_chunk_key(info, chunk_at(plan, map, tile)))) == FileKind::file;
    if (there) return false;
  }
  Box region = grown(core, group_reach(network, first, end), plan.volume);
  MsdNetwork part;                               // what came before the group is its input
  part.in_channels = network.inputs(first), part.width = network.width;
  part.dilations.assign(network.dilations.begin() + first * network.width, network.dilations.begin() + end * network.width);
  part.weight.assign(network.weight.begin() + first, network.weight.begin() + end);
  part.bias.assign(network.bias.begin() + first, network.bias.begin() + end);
  MsdLayout layout = msd_layout(region.size, network.largest_dilation(), plan.reflect, false);
  Buffer<float> stack(layout.floats(part.channels()));
  std::memset(stack.data() + stack.size() - 64, 0, 64 * 4);
  {
    Buffer<float> dense(region.size.voxels());
    std::unique_ptr<ZarrArray> maps;
    ZarrReadOptions options;
    options.missing_is_error = true;
    if (first > 0) maps = std::make_unique<ZarrArray>(env, maps_folder(scratch), options);
    for (int64_t c = 0; c < part.in_channels; ++c) {
      if (c < network.in_channels) read(c, region, dense.data());
      else maps->read(c - network.in_channels, region, dense.data());
      scatter(layout, dense.data(), stack.data() + c * layout.channel);
    }
  }
  std::vector<Box> boxes;
  for (int64_t i = first; i < end; ++i) {
    Box box = grown(core, group_reach(network, i + 1, end), plan.volume);
    boxes.push_back({box.begin - region.begin, box.size});
  }
  msd_forward(msd_kernels(), layout, part, stack.data(), boxes, for_each);
  Extent inner = core.begin - region.begin;
  if (!last) {
    ZarrWriter writer(env, maps_folder(scratch));
    for (int64_t map = first * network.width; map < end * network.width; ++map)
      writer.put({chunk_at(plan, map, tile)}, [&](size_t, unsigned char* into) {
        std::memset(into, 0, size_t(plan.core.voxels()) * 4);
        const float* from = stack.data() + (network.in_channels + map) * layout.channel;
        for (int64_t z = 0; z < core.size.z; ++z)
          for (int64_t y = 0; y < core.size.y; ++y)
            std::memcpy(into + (z * plan.core.y + y) * plan.core.x * 4, from + layout.at(0, inner.z + z, inner.y + y, inner.x), size_t(core.size.x) * 4);
      });
    writer.finish();
    return true;
  }
  Buffer<float> all(head.classes * region.size.voxels()), logits(head.classes * core.size.voxels());
  for_each(core.size.z, [&](int64_t z) { msd_head_kernels().forward(layout, head, stack.data(), inner.z + z, all.data()); });
  for (int64_t k = 0; k < head.classes; ++k)
    for (int64_t z = 0; z < core.size.z; ++z)
      for (int64_t y = 0; y < core.size.y; ++y)
        std::memcpy(logits.data() + ((k * core.size.z + z) * core.size.y + y) * core.size.x,
                    all.data() + ((k * region.size.z + inner.z + z) * region.size.y + inner.y + y) * region.size.x + inner.x, size_t(core.size.x) * 4);
  use(core, logits.data());
  return true;
}

void run_exact(Env& env, const std::string& scratch, const ExactPlan& plan, const MsdNetwork& network, const MsdHead& head, const ReadBox& read, const UseLogits& use,
               const ForEach& for_each, const std::function<bool(int64_t tile)>& finished, std::stop_token stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  std::string note = join_path(scratch, "plan.txt"), wanted = plan_text(plan, network);
  if (env.kind(note) == FileKind::file) {
    if (read_text(env, note) != wanted) fail_input(text("the scratch folder '", scratch, "' holds feature maps of another network, volume or tile"), "remove it, or name another");
  } else {
    env.make_directories(scratch);
    if (int64_t there = env.free_bytes(scratch); there < plan.scratch_bytes)
      fail(ErrorKind::budget, text("the feature maps take ", bytes_text(plan.scratch_bytes), " on disk, '", scratch, "' has ", bytes_text(there)), "name a scratch folder on a larger disk, or predict with --halo");
    if (plan.groups() > 1) create_zarr_array(env, maps_folder(scratch), maps_info(plan, network));
    publish_text(env, note, wanted);
  }
  int64_t tiles = plan.grid().voxels(), done = 0;
  for (int64_t group = 0; group < plan.groups(); ++group)
    for (int64_t tile = 0; tile < tiles; ++tile) {
      throw_if_stopped(stop);
      bool skip = finished && group + 1 == plan.groups() && finished(tile);
      if (!skip) with_context(text("group ", group + 1, " of ", plan.groups(), ", tile ", tile + 1, " of ", tiles), [&] { run_exact_tile(env, scratch, plan, network, head, group, tile, read, use, for_each); });
      if (progress) progress(++done, tiles * plan.groups());
    }
}

}  // namespace tomograd
