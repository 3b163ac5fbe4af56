#include "volume/block_store_source.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

constexpr uint8_t outside_label = 255;           // as make_memory_blocks() fills blocks up

struct OpenStore {
  std::unique_ptr<ZarrArray> array;              // of level 0
  Geometry geometry;
};

// What `change` makes of every value that an integer of one or two bytes can have, by its bits; empty for other types.
Buffer<float> table_of(VoxelType type, const std::function<void(float*, int64_t)>& change) {
  if (voxel_bytes(type) > 2) return {};
  Buffer<float> table(int64_t{1} << (8 * voxel_bytes(type)));
  for (int64_t bits = 0; bits < table.size(); ++bits)
    table[bits] = type == VoxelType::u8 || type == VoxelType::u16 ? float(bits) : type == VoxelType::i8 ? float(int8_t(bits)) : float(int16_t(bits));
  if (change) change(table.data(), table.size());
  return table;
}

template <class T>
void read_by_table(ZarrArray& array, int64_t channel, const Box& box, const Buffer<float>& table, float* into) {
  Buffer<T> bits(box.size.voxels());
  array.read_raw(channel, box, bits.data());
  for (int64_t i = 0; i < bits.size(); ++i) into[i] = table[bits[i]];
}

OpenStore open_store(Env& env, const std::string& store) {
  if (env.kind(store) == FileKind::missing) fail_input(text("there is no store '", store, "'"));
  if (zarr_node(env, store) == ZarrNode::array) fail_input(text("'", store, "' is a plain Zarr array, which has no spacing"), "tomograd block makes a store of it");
  ZarrImage image = read_zarr_image(env, store);
  ZarrReadOptions options;
  options.missing_is_error = true, options.root = store;
  OpenStore open{std::make_unique<ZarrArray>(env, join_path(store, image.levels[0].path), options), {}};
  open.geometry = image.geometry(0, open.array->size());
  if (image.orientation_known && !to_canonical(open.geometry).is_identity())
    fail_input(text("'", store, "' has the orientation ", open.geometry.orientation(), "; blocks are sampled in RAS"), "make the store from a volume in canonical orientation");
  return open;
}

class ZarrStoreBlocks : public StoreBlocks {
 public:
  ZarrStoreBlocks(Env& env, std::vector<StoreChannel> channels, StoreLabels labels, std::shared_ptr<BlockCache> cache)
      : channels_(std::move(channels)), labels_(std::move(labels)), cache_(std::move(cache)), source_(cache_->new_source()) {
    for (const StoreChannel& channel : channels_) {
      ZarrArray* array = channel.store.empty() ? nullptr : open(env, channel.store);
      if (array && (channel.channel < 0 || channel.channel >= array->leading()))
        fail_input(text("channel ", channel.channel, " of '", channel.store, "' was asked for; it has ", array->leading(), ", counted from 0"));
      arrays_.push_back(array);
      tables_.push_back(array ? table_of(array->info().chunk.type, channel.change) : Buffer<float>());
    }
    if (!labels_.store.empty()) label_array_ = open(env, labels_.store);
    if (stores_.empty()) fail_failure("blocks of no store were asked for");
    grid_ = {ceil_div(size().z, block_.z), ceil_div(size().y, block_.y), ceil_div(size().x, block_.x)};
    if (!labels_.single.empty() && int64_t(labels_.single.size()) != grid_.voxels()) fail_failure(text(labels_.single.size(), " blocks of one class came with a grid of ", to_string(grid_)));
  }

  Extent size() const override { return geometry_.size; }
  Extent block() const override { return block_; }
  int64_t channels() const override { return int64_t(channels_.size()); }
  float outside(int64_t channel) const override { return channels_[checked(channel)].outside; }
  Geometry geometry() const override { return geometry_; }
  bool has_labels() override { return label_array_ != nullptr; }
  const float* image_block(int64_t, Extent) override { fail_raw("hold_image_block"); }
  const uint8_t* label_block(Extent) override {
    if (!label_array_) return nullptr;
    fail_raw("hold_label_block");
  }

  std::shared_ptr<const float> hold_image_block(int64_t channel, Extent at) override {
    const StoreChannel& c = channels_[checked(channel)];
    ZarrArray* array = arrays_[size_t(channel)];
    const Buffer<float>& table = tables_[size_t(channel)];
    auto memory = cache_->get({source_, channel, running(at)}, block_.voxels() * int64_t(sizeof(float)), [&](void* into) {
      fill_block<float>(at, c.outside, static_cast<float*>(into), [&](const Box& box, float* voxels) {
        if (!array) return void(std::fill(voxels, voxels + box.size.voxels(), c.outside));
        if (table.size() == 256) return read_by_table<uint8_t>(*array, c.channel, box, table, voxels);
        if (table.size() == 65536) return read_by_table<uint16_t>(*array, c.channel, box, table, voxels);
        array->read(c.channel, box, voxels);
        if (c.change) c.change(voxels, box.size.voxels());
      });
    });
    return {memory, static_cast<const float*>(memory->data())};
  }

  std::shared_ptr<const uint8_t> hold_label_block(Extent at) override {
    if (!label_array_) return nullptr;
    auto memory = cache_->get({source_, -1, running(at)}, block_.voxels(), [&](void* into) {
      fill_block<uint8_t>(at, outside_label, static_cast<uint8_t*>(into), [&](const Box& box, uint8_t* classes) {
        if (int64_t single = labels_.single.empty() ? -1 : labels_.single[size_t(running(at))]; single >= 0) return void(std::fill(classes, classes + box.size.voxels(), uint8_t(single)));
        Buffer<uint16_t> values(box.size.voxels());
        with_context(text("label '", labels_.store, "', block ", at.z, ",", at.y, ",", at.x), [&] {
          if (label_array_->info().chunk.type == VoxelType::u16) label_array_->read_raw(0, box, values.data());
          else label_array_->read_labels(0, box, values.data());
          if (labels_.classes) labels_.classes(values.data(), values.size(), classes);
          else take_values(values, classes);
        });
      });
    });
    return {memory, static_cast<const uint8_t*>(memory->data())};
  }

  int64_t bytes_read() const override {
    int64_t bytes = 0;
    for (const auto& [path, store] : stores_) bytes += store.array->bytes_read();
    return bytes;
  }

 private:
  ZarrArray* open(Env& env, const std::string& path) {
    if (auto found = stores_.find(path); found != stores_.end()) return found->second.array.get();
    OpenStore store = open_store(env, path);
    if (stores_.empty()) {
      geometry_ = store.geometry, block_ = store.array->block(), first_ = path;
    } else {
      if (!(store.geometry.size == size())) fail_input(text("'", path, "' has ", to_string(store.geometry.size), " voxels, '", first_, "' ", to_string(size())));
      if (!(store.array->block() == block_))
        fail_input(text("'", path, "' has blocks of ", to_string(store.array->block()), ", '", first_, "' of ", to_string(block_)), "make both with the same --block");
    }
    return stores_.emplace(path, std::move(store)).first->second.array.get();
  }
  static void take_values(const Buffer<uint16_t>& values, uint8_t* into) {
    for (int64_t i = 0; i < values.size(); ++i) {
      if (values[i] >= outside_label) fail_input(text("a label is ", values[i], "; 0 to 254 can be sampled"));
      into[i] = uint8_t(values[i]);
    }
  }
  [[noreturn]] static void fail_raw(const char* instead) {
    fail_failure(text("blocks of a store come and go; ", instead, "() keeps one for as long as it is used"));
  }
  size_t checked(int64_t channel) const {
    if (channel < 0 || channel >= channels()) fail_failure(text("channel ", channel, " of ", channels(), " was asked for"));
    return size_t(channel);
  }
  int64_t running(Extent at) const {
    if (!Box{{0, 0, 0}, grid_}.contains(at)) fail_failure(text("block ", at.z, ",", at.y, ",", at.x, " of ", to_string(grid_), " was asked for"));
    return (at.z * grid_.y + at.y) * grid_.x + at.x;
  }

  // The whole block; what lies outside the volume is `fill`.
  template <class T, class Read>
  void fill_block(Extent at, T fill, T* voxels, const Read& read) {
    Box whole{{at.z * block_.z, at.y * block_.y, at.x * block_.x}, block_}, inside = intersection(whole, Box{{0, 0, 0}, size()});
    if (inside == whole) return read(whole, voxels);
    Buffer<T> part(inside.size.voxels());
    read(inside, part.data());
    std::fill(voxels, voxels + block_.voxels(), fill);
    for (int64_t z = 0; z < inside.size.z; ++z)
      for (int64_t y = 0; y < inside.size.y; ++y)
        std::copy_n(part.data() + (z * inside.size.y + y) * inside.size.x, inside.size.x, voxels + (z * block_.y + y) * block_.x);
  }

  std::vector<StoreChannel> channels_;
  StoreLabels labels_;
  std::shared_ptr<BlockCache> cache_;
  int64_t source_;                               // this source's number in the cache
  std::map<std::string, OpenStore> stores_;
  std::vector<ZarrArray*> arrays_;               // [channel]; null = not there
  std::vector<Buffer<float>> tables_;            // [channel] values by the bits as stored; empty where there are too many
  ZarrArray* label_array_ = nullptr;
  std::string first_;
  Geometry geometry_;
  Extent block_, grid_;
};

}  // namespace

std::vector<StoreChannel> channels_of_store(Env& env, const std::string& store) {
  std::vector<StoreChannel> channels(size_t(open_store(env, store).array->leading()));
  for (size_t c = 0; c < channels.size(); ++c) channels[c].store = store, channels[c].channel = int64_t(c);
  return channels;
}

std::unique_ptr<StoreBlocks> open_store_blocks(Env& env, std::vector<StoreChannel> channels, StoreLabels labels, std::shared_ptr<BlockCache> cache) {
  return std::make_unique<ZarrStoreBlocks>(env, std::move(channels), std::move(labels), std::move(cache));
}

}  // namespace tomograd
