#include "volume/block_store_source.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <set>

#include "base/error.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

constexpr uint8_t outside_label = 255;           // as make_memory_blocks() fills blocks up

using Key = std::pair<int64_t, int64_t>;         // channel (-1: labels), running index of the block

// Decoded blocks, the least recently used go first; those that somebody holds are passed over.
class BlockCache {
 public:
  explicit BlockCache(int64_t limit) : limit_(limit) {}

  // The block, from the cache or made by load(); two threads that want the same one load it once.
  template <class Load>
  std::shared_ptr<const Memory> get(Key key, const Load& load) {
    std::unique_lock lock(mutex_);
    while (true) {
      if (auto found = entries_.find(key); found != entries_.end()) {
        ++counts_.hits;
        order_.splice(order_.end(), order_, found->second.place);
        return found->second.block;
      }
      if (!loading_.contains(key)) break;
      loaded_.wait(lock);
    }
    loading_.insert(key);
    ++counts_.misses;
    lock.unlock();
    std::shared_ptr<const Memory> block;
    try {
      block = load();
    } catch (...) {
      lock.lock();
      loading_.erase(key);
      loaded_.notify_all();
      throw;
    }
    lock.lock();
    loading_.erase(key);
    entries_[key] = {block, order_.insert(order_.end(), key)};
    counts_.bytes += block->bytes();
    make_room();
    counts_.most_bytes = std::max(counts_.most_bytes, counts_.bytes);
    loaded_.notify_all();
    return block;
  }

  BlockCacheCounts counts() const {
    std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  struct Entry { std::shared_ptr<const Memory> block; std::list<Key>::iterator place; };

  void make_room() {
    for (auto at = order_.begin(); at != order_.end() && counts_.bytes > limit_;) {
      auto entry = entries_.find(*at);
      if (entry->second.block.use_count() > 1) {
        ++at;
        continue;
      }
      counts_.bytes -= entry->second.block->bytes(), ++counts_.evictions;
      entries_.erase(entry);
      at = order_.erase(at);
    }
  }

  int64_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable loaded_;
  std::map<Key, Entry> entries_;
  std::list<Key> order_;                         // least recently used first
  std::set<Key> loading_;
  BlockCacheCounts counts_;
};

class ZarrStoreBlocks : public StoreBlocks {
 public:
  ZarrStoreBlocks(Env& env, const std::string& store, StoreBlocksOptions options)
      : options_(std::move(options)), image_description_(read_zarr_image(env, store)),
        image_(env, join_path(store, image_description_.levels[0].path), read_options(store)), cache_(options_.cache_bytes) {
    size_t channels = size_t(image_.leading());
    if (options_.outside.empty()) options_.outside.assign(channels, 0);
    if (options_.shift.empty()) options_.shift.assign(channels, 0);
    if (options_.scale.empty()) options_.scale.assign(channels, 1);
    if (options_.outside.size() != channels || options_.shift.size() != channels || options_.scale.size() != channels)
      fail_failure(text("'", store, "' has ", channels, " channels; ", options_.outside.size(), " outside values, ", options_.shift.size(), " shifts and ", options_.scale.size(), " scales were given"));
    geometry_ = image_description_.geometry(0, image_.size());
    if (image_description_.orientation_known && !to_canonical(geometry_).is_identity())
      fail_input(text("'", store, "' has the orientation ", geometry_.orientation(), "; blocks are sampled in RAS"), "make the store from a volume in canonical orientation");
    block_ = image_.block();
    grid_ = {ceil_div(size().z, block_.z), ceil_div(size().y, block_.y), ceil_div(size().x, block_.x)};
    if (options_.label.empty()) return;
    check_path_below(options_.label, "the label image");
    std::string folder = join_path(join_path(store, "labels"), options_.label);
    ZarrImage labels = read_zarr_image(env, folder);
    labels_ = std::make_unique<ZarrArray>(env, join_path(folder, labels.levels[0].path), read_options(store));
    if (!(labels_->size() == size())) fail_input(text("the label image '", options_.label, "' has ", to_string(labels_->size()), " voxels, the image ", to_string(size())));
  }

  Extent size() const override { return image_.size(); }
  Extent block() const override { return block_; }
  int64_t channels() const override { return image_.leading(); }
  float outside(int64_t channel) const override { return options_.outside[checked(channel)]; }
  Geometry geometry() const override { return geometry_; }
  const float* image_block(int64_t, Extent) override { fail_raw("hold_image_block"); }
  const uint8_t* label_block(Extent) override {
    if (!labels_) return nullptr;
    fail_raw("hold_label_block");
  }

  std::shared_ptr<const float> hold_image_block(int64_t channel, Extent at) override {
    size_t c = checked(channel);
    auto memory = cache_.get({channel, running(at)}, [&] {
      return load<float>(at, options_.outside[c], [&](const Box& box, float* into) {
        image_.read(channel, box, into);
        if (options_.shift[c] != 0 || options_.scale[c] != 1)
          for (int64_t i = 0; i < box.size.voxels(); ++i) into[i] = (into[i] - options_.shift[c]) * options_.scale[c];
      });
    });
    return {memory, static_cast<const float*>(memory->data())};
  }

  std::shared_ptr<const uint8_t> hold_label_block(Extent at) override {
    if (!labels_) return nullptr;
    auto memory = cache_.get({-1, running(at)}, [&] {
      return load<uint8_t>(at, outside_label, [&](const Box& box, uint8_t* into) {
        Buffer<uint16_t> wide(box.size.voxels());
        labels_->read_labels(0, box, wide.data());
        for (int64_t i = 0; i < wide.size(); ++i) {
          if (wide[i] >= outside_label) fail_input(text("a label of '", options_.label, "' is ", wide[i], "; 0 to 254 can be sampled"));
          into[i] = uint8_t(wide[i]);
        }
      });
    });
    return {memory, static_cast<const uint8_t*>(memory->data())};
  }

  BlockCacheCounts counts() const override {
    BlockCacheCounts counts = cache_.counts();
    counts.bytes_read = image_.bytes_read() + (labels_ ? labels_->bytes_read() : 0);
    return counts;
  }

 private:
  static ZarrReadOptions read_options(const std::string& store) {
    ZarrReadOptions options;
    options.missing_is_error = true, options.root = store;
    return options;
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
  std::shared_ptr<const Memory> load(Extent at, T fill, const Read& read) {
    auto memory = std::make_shared<Memory>(block_.voxels() * int64_t(sizeof(T)));
    T* voxels = static_cast<T*>(memory->data());
    Box whole{{at.z * block_.z, at.y * block_.y, at.x * block_.x}, block_}, inside = intersection(whole, Box{{0, 0, 0}, size()});
    if (inside == whole) {
      read(whole, voxels);
      return memory;
    }
    Buffer<T> part(inside.size.voxels());
    read(inside, part.data());
    std::fill(voxels, voxels + block_.voxels(), fill);
    for (int64_t z = 0; z < inside.size.z; ++z)
      for (int64_t y = 0; y < inside.size.y; ++y)
        std::copy_n(part.data() + (z * inside.size.y + y) * inside.size.x, inside.size.x, voxels + (z * block_.y + y) * block_.x);
    return memory;
  }

  StoreBlocksOptions options_;
  ZarrImage image_description_;
  ZarrArray image_;
  std::unique_ptr<ZarrArray> labels_;
  Geometry geometry_;
  Extent block_, grid_;
  BlockCache cache_;
};

}  // namespace

std::unique_ptr<StoreBlocks> open_store_blocks(Env& env, const std::string& store, StoreBlocksOptions options) {
  return std::make_unique<ZarrStoreBlocks>(env, store, std::move(options));
}

}  // namespace tomograd
