#include "inference/store_plan.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int64_t usual_block = 64, least_block = 16;
constexpr const char* plan_format = "tomograd.tileplan/1";

Value list_of(Extent e) { return Value(Value::List{e.z, e.y, e.x}); }

Extent extent_of(const Value& list, const char* name) {
  const auto& items = list.as_list();
  if (items.size() != 3) fail_input(text(name, " has ", items.size(), " numbers, expected Z,Y,X"));
  return {items[0].as_integer(), items[1].as_integer(), items[2].as_integer()};
}

int64_t block_along(int64_t side) {
  for (int64_t b = std::min(side, usual_block); b >= least_block; --b)
    if (side % b == 0) return b;
  return side;                                   // small, or no good divisor: one chunk
}

}  // namespace

StoreTiles::StoreTiles(Extent volume, Extent tile, Extent halo) : volume_(volume), halo_(halo) {
  for (int axis = 0; axis < 3; ++axis) {
    if (volume[axis] < 1) fail_input(text("volume of ", to_string(volume), " voxels cannot be predicted"));
    if (tile[axis] < 1) fail_input(text("tile is ", to_string(tile), "; at least one voxel per axis is needed"));
    if (halo[axis] < 0) fail_input(text("halo is ", to_string(halo), "; it is at least 0"));
    tile_[axis] = std::min(tile[axis], volume[axis]);
  }
}

Extent StoreTiles::grid() const { return {ceil_div(volume_.z, tile_.z), ceil_div(volume_.y, tile_.y), ceil_div(volume_.x, tile_.x)}; }

ZarrIndex StoreTiles::shard(int64_t tile) const {
  Extent n = grid();
  return {tile / (n.y * n.x), tile / n.x % n.y, tile % n.x};
}

Box StoreTiles::core(int64_t tile) const {
  ZarrIndex place = shard(tile);
  Box box;
  for (int axis = 0; axis < 3; ++axis) {
    box.begin[axis] = place[size_t(axis)] * tile_[axis];
    box.size[axis] = std::min(tile_[axis], volume_[axis] - box.begin[axis]);
  }
  return box;
}

Box StoreTiles::region(int64_t tile) const {
  Box box = core(tile);
  return intersection({box.begin - halo_, box.size + halo_ + halo_}, {{}, volume_});
}

Extent StoreTiles::block() const {
  Extent size;
  for (int axis = 0; axis < 3; ++axis) size[axis] = tile_[axis] == volume_[axis] ? std::min(usual_block, volume_[axis]) : block_along(tile_[axis]);
  return size;
}

Extent StoreTiles::shard_size() const {
  Extent size, chunk = block();
  for (int axis = 0; axis < 3; ++axis) size[axis] = round_up(tile_[axis], chunk[axis]);
  return size;
}

Box legal_region(const Graph& graph, const Box& region, Extent volume) {
  LegalSizes legal = legal_sizes(graph);
  Box box = region;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t wanted = std::max(region.size[axis], legal.smallest[axis]);
    wanted = legal.smallest[axis] + round_up(wanted - legal.smallest[axis], legal.step[axis]);
    if (wanted > volume[axis])
      fail_input(text("the network takes ", legal.smallest[axis], " + n * ", legal.step[axis], " voxels along ", "zyx"[axis], "; a region of ", region.size[axis], " cannot grow to ", wanted, " in a volume of ", volume[axis]),
                 "such a volume is predicted as one NIfTI file");
    box.begin[axis] = std::min(region.begin[axis], volume[axis] - wanted);
    box.size[axis] = wanted;
  }
  if (!fits(graph, box.size) || output_size(graph, box.size) != box.size)
    fail_input(text("the network returns ", fits(graph, box.size) ? to_string(output_size(graph, box.size)) : std::string("nothing"), " for a region of ", to_string(box.size)),
               "networks of valid convolutions are predicted from NIfTI files");
  return box;
}

Extent largest_region(const Graph& graph, const StoreTiles& tiles) {
  Extent n = tiles.grid(), size;
  // A tile in the middle, where there is one, has the whole halo on both sides.
  int64_t middle = (n.z / 2 * n.y + n.y / 2) * n.x + n.x / 2;
  for (int64_t tile : {int64_t{0}, middle, tiles.count() - 1}) {
    Extent other = legal_region(graph, tiles.region(tile), tiles.volume()).size;
    for (int axis = 0; axis < 3; ++axis) size[axis] = std::max(size[axis], other[axis]);
  }
  return size;
}

Box window_of(const StorePlan& plan, int64_t tile) {
  const StoreWindow& window = *plan.window;
  Box box{plan.tiles.core(tile).begin - plan.tiles.halo(), window.size};
  Extent volume = plan.tiles.volume();
  for (int axis = 0; axis < 3; ++axis) {
    int64_t lowest = -window.margin[axis], highest = volume[axis] + window.margin[axis] - window.size[axis];
    box.begin[axis] = highest < lowest ? -((window.size[axis] - volume[axis]) / 2) : std::clamp(box.begin[axis], lowest, highest);
  }
  return box;
}

std::string plan_text(const StorePlan& plan) {
  Value root = Value::table();
  root["format"] = plan_format;
  root["model_digest"] = plan.model_digest, root["source"] = plan.source_path, root["source_digest"] = plan.source_digest;
  root["volume_zyx"] = list_of(plan.tiles.volume()), root["tile_zyx"] = list_of(plan.tiles.tile()), root["halo_zyx"] = list_of(plan.tiles.halo());
  root["block_zyx"] = list_of(plan.tiles.block()), root["shard_zyx"] = list_of(plan.tiles.shard_size()), root["tiles"] = plan.tiles.count();
  root["precision"] = plan.precision, root["isa"] = plan.isa, root["threads"] = plan.threads, root["seed"] = plan.seed;
  root["device"] = plan.device, root["exact_ends"] = Value::list_of(plan.exact_ends);
  if (plan.window) {
    Value window = Value::table();
    window["size_zyx"] = list_of(plan.window->size), window["margin_zyx"] = list_of(plan.window->margin);
    window["normalize"] = plan.window->normalize, window["activation"] = plan.window->activation, window["axes"] = plan.window->axes;
    root["window"] = window;
  }
  Value::List channels;
  for (const auto& channel : plan.channels) {
    Value entry = Value::table();
    entry["shift"] = channel.shift, entry["spread"] = channel.spread, entry["outside"] = double(channel.outside);
    if (channel.clip) entry["clip"] = Value(Value::List{channel.clip->first, channel.clip->second});
    channels.push_back(entry);
  }
  root["channels"] = channels;
  root["values"] = Value::list_of(plan.values);
  return to_json(root) + "\n";
}

StorePlan parse_plan(const std::string& json, const std::string& name) {
  return with_context("plan '" + name + "'", [&] {
    Value root = parse_json(json, file_name(name));
    if (const Value* format = root.find("format"); !format || !format->is_text() || format->as_text() != plan_format)
      fail_input(text("its format is ", format && format->is_text() ? "'" + format->as_text() + "'" : "missing", ", this program reads ", plan_format));
    StorePlan plan{StoreTiles(extent_of(root.at("volume_zyx"), "volume_zyx"), extent_of(root.at("tile_zyx"), "tile_zyx"), extent_of(root.at("halo_zyx"), "halo_zyx")), {}, {}, {}, {}, {}, {}, {}};
    plan.model_digest = root.at("model_digest").as_text(), plan.source_path = root.at("source").as_text(), plan.source_digest = root.at("source_digest").as_text();
    plan.precision = root.at("precision").as_text(), plan.isa = root.at("isa").as_text(), plan.threads = root.at("threads").as_integer(), plan.seed = root.at("seed").as_integer();
    plan.device = root.at("device").as_text();
    for (const auto& end : root.at("exact_ends").as_list()) plan.exact_ends.push_back(end.as_integer());
    if (const Value* window = root.find("window")) {
      plan.window = {extent_of(window->at("size_zyx"), "size_zyx"), extent_of(window->at("margin_zyx"), "margin_zyx"), window->at("normalize").as_text(), window->at("activation").as_text(), window->at("axes").as_text()};
      Extent halo = plan.tiles.halo(), tile = plan.tiles.tile();
      for (int axis = 0; axis < 3; ++axis)
        if (plan.window->margin[axis] < 0 || plan.window->margin[axis] > halo[axis] || plan.window->size[axis] < tile[axis] + 2 * halo[axis])
          fail_input(text("its window of ", to_string(plan.window->size), " without a margin of ", to_string(plan.window->margin), " does not hold a tile of ", to_string(tile), " with a halo of ", to_string(halo)));
    }
    for (const auto& entry : root.at("channels").as_list()) {
      ChannelConstants channel;
      channel.shift = entry.at("shift").as_number(), channel.spread = entry.at("spread").as_number(), channel.outside = float(entry.at("outside").as_number());
      if (const Value* clip = entry.find("clip")) {
        if (clip->as_list().size() != 2) fail_input(text("clip has ", clip->as_list().size(), " numbers, expected two"));
        channel.clip = {clip->as_list()[0].as_number(), clip->as_list()[1].as_number()};
      }
      plan.channels.push_back(channel);
    }
    for (const auto& value : root.at("values").as_list()) plan.values.push_back(value.as_integer());
    if (plan.tiles.count() != root.at("tiles").as_integer()) fail_input(text("it counts ", root.at("tiles").as_integer(), " tiles, its sizes give ", plan.tiles.count()));
    return plan;
  });
}

ZarrArrayInfo output_array(const StoreTiles& tiles) {
  auto numbers = [](Extent e) { return ZarrIndex{e.z, e.y, e.x}; };
  ZarrArrayInfo info;
  info.shape = numbers(tiles.volume()), info.chunk.shape = numbers(tiles.block()), info.shard = numbers(tiles.shard_size());
  info.chunk.type = VoxelType::u8, info.chunk.order = {0, 1, 2}, info.chunk.codecs = {ZarrCodec{}};
  info.sharded = true, info.dimension_names = {"z", "y", "x"};
  return info;
}

std::string plan_path(const std::string& out) { return join_path(out, "plan.json"); }
std::string output_folder(const std::string& out) { return join_path(out, "s0"); }

std::string record_path(const std::string& out, int64_t tile) {
  char name[64];
  std::snprintf(name, sizeof name, "tiles/%03lld/%06lld.json", static_cast<long long>(tile / 1000), static_cast<long long>(tile));
  return join_path(out, name);
}

void publish_plan(Env& env, const std::string& out, const StorePlan& plan) {
  auto publish = [&](const std::string& path, const std::string& content) {
    if (env.kind(path) == FileKind::missing) return publish_text(env, path, content);
    if (read_text(env, path) != content) fail_input("'" + path + "' belongs to another prediction", "give another --out, or remove this one");
  };
  if (env.kind(out) == FileKind::directory && env.kind(plan_path(out)) == FileKind::missing)
    for (const auto& name : env.list(out))
      if (name != "s0" && name != "logs" && name[0] != '.') fail_input("the folder '" + out + "' holds '" + name + "' and no plan.json", "--out needs a new folder, or one of an earlier prediction of the same store");
  env.make_directories(output_folder(out));
  for (const auto& [name, content] : zarr_array_files(output_array(plan.tiles))) publish(join_path(output_folder(out), name), content);
  publish(plan_path(out), plan_text(plan));
}

}  // namespace tomograd
