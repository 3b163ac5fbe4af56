#include "kernels/msd_cuda.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "kernels/msd_cuda_fragments.h"
#include "kernels/msd_cuda_voxels.cuh"

namespace tomograd {
namespace {

using namespace msd_cuda;

void check(cudaError_t status, const char* doing) {
  if (status != cudaSuccess) fail(status == cudaErrorMemoryAllocation ? ErrorKind::budget : ErrorKind::failure, text("CUDA, ", doing, ": ", cudaGetErrorString(status)));
}

template <class T>
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(int64_t count) { check(cudaMalloc(&data_, size_t(std::max<int64_t>(count, 1)) * sizeof(T)), "asking for device memory"); }
  explicit DeviceMemory(const std::vector<T>& from) : DeviceMemory(int64_t(from.size())) { check(cudaMemcpy(data_, from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice), "copying weights"); }
  DeviceMemory(DeviceMemory&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~DeviceMemory() { cudaFree(data_); }
  T* get() const { return data_; }

 private:
  T* data_ = nullptr;
};

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  explicit Event(bool timed = false) { check(cudaEventCreateWithFlags(&event_, timed ? cudaEventDefault : cudaEventDisableTiming), "making an event"); }
  Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  ~Event() {
    if (event_) cudaEventDestroy(event_);
  }
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// Time of kernels by part, read when all is done.
class Stopwatch {
 public:
  void mark(cudaStream_t stream, double MsdCudaWork::* part) {
    marks_.push_back({Event(true), part});
    check(cudaEventRecord(marks_.back().event, stream), "recording an event");
  }
  void add_to(MsdCudaWork& work) const {         // of every mark the time since the mark before; marks without a part begin anew
    for (size_t i = 1; i < marks_.size(); ++i)
      if (marks_[i].part) {
        float ms = 0;
        check(cudaEventElapsedTime(&ms, marks_[i - 1].event, marks_[i].event), "reading an event");
        work.*marks_[i].part += ms * 1e-3;
      }
  }

 private:
  struct Mark { Event event; double MsdCudaWork::* part; };
  std::vector<Mark> marks_;
};

Walk walk_of(const Grid& g, int dilation) {
  auto up = [](int a, int b) { return (a + b - 1) / b; };
  Walk w;
  w.dilation = dilation, w.stage_row = stage_row(dilation), w.stage_pair = stage_pair(dilation);
  w.column_tiles = up(g.x, tile_columns);
  w.row_classes = std::min(dilation, g.y), w.row_tiles = up(up(g.y, dilation), tile_rows);
  w.plane_classes = std::min(dilation, g.z);
  int planes = up(g.z, dilation);
  w.plane_chunks = up(planes, 64), w.chunk = up(planes, w.plane_chunks);
  return w;
}

constexpr int push_bytes(int ahead, int dilation) { return 27 * 32 * 8 + (ahead + 1) * 8 * stage_pair(dilation) * 4; }
constexpr int own_bytes(int pairs, int dilation) { return own_stages(pairs > 4 ? 2 : 1) * pairs * stage_pair(dilation) * 4; }
constexpr int two_blocks_bytes = 113 * 1024;     // of shared memory that each of two blocks of a processor may take (228 KB, 1 KB each for the system)

struct OwnOnDevice { MsdOwn of; DeviceMemory<uint32_t> weights; };
struct PushOnDevice { MsdPush of; DeviceMemory<uint32_t> weights; };

}  // namespace

struct MsdCuda::State {
  int device = 0, in_channels = 1, channels = 0, blocks = 0, classes = 1;
  bool reflect = true;
  double taps = 0;                               // of the network, per voxel
  std::vector<std::vector<OwnOnDevice>> own;
  std::vector<std::vector<PushOnDevice>> push;
  std::vector<HeadWeights> heads;
  int64_t reserved = 0;                          // voxels that the memory below holds
  int64_t reserved_words = 0;
  DeviceMemory<uint32_t> stack;
  DeviceMemory<float> sums, logits;

  void reserve(int64_t voxels, int64_t words) {
    if (voxels <= reserved && words <= reserved_words) return;
    reserved = reserved_words = 0;
    stack = {}, sums = {}, logits = {};
    stack = DeviceMemory<uint32_t>(words);
    check(cudaMemset(stack.get(), 0, size_t(words) * 4), "clearing memory");  // no word may be a NaN, not even where nothing was written yet
    reserved_words = words;
    sums = DeviceMemory<float>(std::max(0, channels - msd_block_channels) * voxels), logits = DeviceMemory<float>(classes * voxels);
    reserved = voxels;
  }
  float* sum_of(int channel, int64_t voxels) const { return sums.get() + (channel - msd_block_channels) * voxels; }

  void run_head(const Grid& g, int block, int pairs, uint8_t* labels, cudaStream_t stream) {
    auto launch = [&](auto classes_constant) { head<decltype(classes_constant)::value><<<g.z * g.y, 256, 0, stream>>>(g, stack.get(), pairs, heads[size_t(block)], block == 0, logits.get(), labels); };
    switch (classes) {
      case 1: launch(std::integral_constant<int, 1>{}); break;
      case 2: launch(std::integral_constant<int, 2>{}); break;
      case 3: launch(std::integral_constant<int, 3>{}); break;
      case 4: launch(std::integral_constant<int, 4>{}); break;
      case 5: launch(std::integral_constant<int, 5>{}); break;
      case 6: launch(std::integral_constant<int, 6>{}); break;
      case 7: launch(std::integral_constant<int, 7>{}); break;
      default: launch(std::integral_constant<int, 8>{}); break;
    }
  }

  // All layers over a tile whose input is in the first block. labels null: logits stay in `logits`. after(block) may look at the block.
  template <class After>
  void run(const Grid& g, uint8_t* labels, cudaStream_t stream, MsdCudaWork* work, Stopwatch* watch, After&& after) {
    int64_t voxels = g.voxels();
    double per_voxel_bytes = 0, per_voxel_padded = 0;
    for (int b = 0; b < blocks; ++b) {
      for (const OwnOnDevice& o : own[size_t(b)]) {
        Walk w = walk_of(g, o.of.dilation);
        int position = o.of.channel % msd_block_channels, pairs = std::max(1, (o.of.read + 1) / 2);
        const float* partial = b ? sum_of(o.of.channel, voxels) : nullptr;
        if (pairs <= 4) msd_cuda::own<1><<<w.blocks(), threads, own_bytes(pairs, w.dilation), stream>>>(g, w, stack.get(), pairs, o.weights.get(), partial, o.of.bias, position);
        else msd_cuda::own<2><<<w.blocks(), threads, own_bytes(pairs, w.dilation), stream>>>(g, w, stack.get(), pairs, o.weights.get(), partial, o.of.bias, position);
        check(cudaGetLastError(), "starting a layer");
        per_voxel_bytes += 4.0 * pairs + 4 + (b ? 4 : 0);
        per_voxel_padded += 24.0 * 2 * 16 * 8 * 8 * o.of.halves / 64;
      }
      if (watch) watch->mark(stream, &MsdCudaWork::own_seconds);
      for (const PushOnDevice& p : push[size_t(b)]) {
        Walk w = walk_of(g, p.of.dilation);
        PushOut out{};
        for (size_t i = 0; i < p.of.channels.size(); ++i) out.column[i] = sum_of(p.of.channels[i], voxels);
        const uint2* weights = reinterpret_cast<const uint2*>(p.weights.get());
        int ahead = push_bytes(3, w.dilation) <= two_blocks_bytes ? 3 : 2;
        msd_cuda::push<<<w.blocks(), threads, push_bytes(ahead, w.dilation), stream>>>(g, w, ahead, stack.get(), weights, out, b == 0);
        check(cudaGetLastError(), "starting a push");
        per_voxel_bytes += 32 + (b ? 8.0 : 4.0) * double(p.of.channels.size());
        per_voxel_padded += 27.0 * 2 * 16 * 8 * 16 / 16;
      }
      if (watch) watch->mark(stream, &MsdCudaWork::push_seconds);
      int pairs = std::min(8, (channels - b * msd_block_channels + 1) / 2);
      run_head(g, b, pairs, b + 1 == blocks ? labels : nullptr, stream);
      check(cudaGetLastError(), "starting the last layer");
      per_voxel_bytes += 4 * pairs + (b + 1 == blocks && labels ? 4.0 * classes + 1 : b ? 8.0 * classes : 4.0 * classes);
      if (watch) watch->mark(stream, &MsdCudaWork::head_seconds);
      after(b);
    }
    if (work) work->bytes += per_voxel_bytes * double(voxels), work->padded_flop += per_voxel_padded * double(voxels), work->flop += 2 * taps * double(voxels);
  }

  void load(const Grid& g, const void* voxels, bool u16, float scale, float offset, cudaStream_t stream) {
    if (!reflect) check(cudaMemsetAsync(stack.get(), 0, size_t(g.words()) * 4, stream), "clearing a tile");
    if (u16) load_input<<<g.z * g.y, 256, 0, stream>>>(g, static_cast<const uint16_t*>(voxels), in_channels, scale, offset, stack.get());
    else load_input<<<g.z * g.y, 256, 0, stream>>>(g, static_cast<const float*>(voxels), in_channels, scale, offset, stack.get());
    check(cudaGetLastError(), "loading a tile");
  }
};

MsdCuda::MsdCuda(const MsdNetwork& network, const MsdHead& head, bool reflect, int device) : state_(std::make_unique<State>()) {
  if (network.largest_dilation() > largest_dilation) fail_input(text("dilation ", network.largest_dilation(), "; the CUDA form takes at most ", largest_dilation));
  if (head.classes > 8) fail_input(text(head.classes, " classes; the CUDA form takes at most 8"));
  State& s = *state_;
  check(cudaSetDevice(device), "choosing the device");
  MsdFragments fragments = msd_fragments(network);
  s.device = device, s.reflect = reflect, s.in_channels = fragments.in_channels, s.channels = fragments.channels, s.blocks = fragments.blocks, s.classes = int(head.classes);
  for (int64_t i = 0; i < network.depth(); ++i) s.taps += 27.0 * double(network.width * network.inputs(i));
  for (int b = 0; b < s.blocks; ++b) {
    s.own.emplace_back(), s.push.emplace_back();
    for (MsdOwn& o : fragments.own[size_t(b)]) s.own.back().push_back({o, DeviceMemory<uint32_t>(o.weights)});
    for (MsdPush& p : fragments.push[size_t(b)]) s.push.back().push_back({p, DeviceMemory<uint32_t>(p.weights)});
    HeadWeights w{};
    for (int k = 0; k < s.classes; ++k) {
      w.bias[k] = head.bias[k];
      for (int c = 0; c < msd_block_channels && b * msd_block_channels + c < s.channels; ++c) w.weight[k][c] = head.weight[k * head.channels + b * msd_block_channels + c];
    }
    s.heads.push_back(w);
  }
  check(cudaFuncSetAttribute(msd_cuda::push, cudaFuncAttributeMaxDynamicSharedMemorySize, two_blocks_bytes), "asking for shared memory");
  check(cudaFuncSetAttribute(msd_cuda::own<1>, cudaFuncAttributeMaxDynamicSharedMemorySize, own_bytes(4, largest_dilation)), "asking for shared memory");
  check(cudaFuncSetAttribute(msd_cuda::own<2>, cudaFuncAttributeMaxDynamicSharedMemorySize, own_bytes(8, largest_dilation)), "asking for shared memory");
}

MsdCuda::~MsdCuda() = default;

int64_t MsdCuda::bytes_per_voxel() const { return 36 + 4 * std::max(0, state_->channels - msd_block_channels) + 4 * state_->classes; }

void MsdCuda::forward(const MsdCudaVolume& volume, float* logits, uint16_t* stack) {
  State& s = *state_;
  check(cudaSetDevice(s.device), "choosing the device");
  Grid g{int(volume.size.z), int(volume.size.y), int(volume.size.x), s.reflect};
  int64_t voxels = g.voxels(), bytes = voxels * s.in_channels * (volume.u16 ? 2 : 4);
  s.reserve(voxels, g.words());
  DeviceMemory<char> raw(bytes);
  Stream stream;
  check(cudaMemcpyAsync(raw.get(), volume.voxels, size_t(bytes), cudaMemcpyHostToDevice, stream), "copying the volume");
  s.load(g, raw.get(), volume.u16, volume.scale, volume.offset, stream);
  std::vector<uint32_t> words(size_t(stack ? g.words() : 0));
  s.run(g, nullptr, stream, nullptr, nullptr, [&](int b) {
    if (!stack) return;
    check(cudaMemcpyAsync(words.data(), s.stack.get(), words.size() * 4, cudaMemcpyDeviceToHost, stream), "copying a block");
    check(cudaStreamSynchronize(stream), "running a block");
    for (int c = 0; c < msd_block_channels && b * msd_block_channels + c < s.channels; ++c)
      for (int64_t z = 0; z < g.z; ++z)
        for (int64_t y = 0; y < g.y; ++y)
          for (int64_t x = 0; x < g.x; ++x)
            stack[((b * msd_block_channels + c) * g.z + z) * g.y * g.x + y * g.x + x] = uint16_t(words[size_t(z * g.slab() + c / 2 * int64_t(g.pair()) + y * g.row() + pad + x)] >> c % 2 * 16);
  });
  check(cudaMemcpyAsync(logits, s.logits.get(), size_t(s.classes * voxels) * 4, cudaMemcpyDeviceToHost, stream), "copying the result");
  check(cudaStreamSynchronize(stream), "running the network");
}

MsdCudaWork MsdCuda::predict(const MsdCudaVolume& volume, int64_t halo, int64_t max_bytes, uint8_t* labels) {
  State& s = *state_;
  check(cudaSetDevice(s.device), "choosing the device");
  int64_t voxel_bytes = volume.u16 ? 2 : 4, staged = 2 * (voxel_bytes * s.in_channels + 1);
  std::vector<Box> cores = msd_cores(volume.size, halo, max_bytes / (bytes_per_voxel() + staged));
  int64_t most = 0, words = 0;
  for (const Box& core : cores) {
    Extent size = with_halo(core, halo, volume.size).size;
    most = std::max(most, size.voxels()), words = std::max(words, Grid{int(size.z), int(size.y), int(size.x), s.reflect}.words());
  }
  s.reserve(most, words);
  // Two tiles are under way: while one is computed, the next one's voxels come in and the last one's labels go out.
  std::array<DeviceMemory<char>, 2> raw{DeviceMemory<char>(most * voxel_bytes * s.in_channels), DeviceMemory<char>(most * voxel_bytes * s.in_channels)};
  std::array<DeviceMemory<uint8_t>, 2> out{DeviceMemory<uint8_t>(most), DeviceMemory<uint8_t>(most)};
  Stream in_stream, stream, out_stream;
  std::array<Event, 2> arrived, taken, computed, left;
  auto fetch = [&](size_t i) {
    Box tile = with_halo(cores[i], halo, volume.size);
    check(cudaStreamWaitEvent(in_stream, taken[i % 2], 0), "waiting");
    for (int c = 0; c < s.in_channels; ++c) {
      cudaMemcpy3DParms copy{};
      copy.srcPtr = make_cudaPitchedPtr(const_cast<char*>(static_cast<const char*>(volume.voxels)) + c * volume.size.voxels() * voxel_bytes, size_t(volume.size.x * voxel_bytes), size_t(volume.size.x), size_t(volume.size.y));
      copy.srcPos = make_cudaPos(size_t(tile.begin.x * voxel_bytes), size_t(tile.begin.y), size_t(tile.begin.z));
      copy.dstPtr = make_cudaPitchedPtr(raw[i % 2].get() + c * tile.size.voxels() * voxel_bytes, size_t(tile.size.x * voxel_bytes), size_t(tile.size.x), size_t(tile.size.y));
      copy.extent = make_cudaExtent(size_t(tile.size.x * voxel_bytes), size_t(tile.size.y), size_t(tile.size.z));
      copy.kind = cudaMemcpyHostToDevice;
      check(cudaMemcpy3DAsync(&copy, in_stream), "copying a tile");
    }
    check(cudaEventRecord(arrived[i % 2], in_stream), "recording an event");
  };
  MsdCudaWork work;
  Stopwatch watch;
  fetch(0);
  for (size_t i = 0; i < cores.size(); ++i) {
    Box tile = with_halo(cores[i], halo, volume.size);
    Grid g{int(tile.size.z), int(tile.size.y), int(tile.size.x), s.reflect};
    if (i + 1 < cores.size()) fetch(i + 1);
    check(cudaStreamWaitEvent(stream, arrived[i % 2], 0), "waiting");
    check(cudaStreamWaitEvent(stream, left[i % 2], 0), "waiting");
    watch.mark(stream, nullptr);
    s.load(g, raw[i % 2].get(), volume.u16, volume.scale, volume.offset, stream);
    watch.mark(stream, &MsdCudaWork::load_seconds);
    check(cudaEventRecord(taken[i % 2], stream), "recording an event");
    work.bytes += double(g.voxels()) * double(voxel_bytes * s.in_channels + 32);
    s.run(g, out[i % 2].get(), stream, &work, &watch, [](int) {});
    check(cudaEventRecord(computed[i % 2], stream), "recording an event");
    check(cudaStreamWaitEvent(out_stream, computed[i % 2], 0), "waiting");
    Extent from = cores[i].begin - tile.begin;
    cudaMemcpy3DParms copy{};
    copy.srcPtr = make_cudaPitchedPtr(out[i % 2].get(), size_t(tile.size.x), size_t(tile.size.x), size_t(tile.size.y));
    copy.srcPos = make_cudaPos(size_t(from.x), size_t(from.y), size_t(from.z));
    copy.dstPtr = make_cudaPitchedPtr(labels, size_t(volume.size.x), size_t(volume.size.x), size_t(volume.size.y));
    copy.dstPos = make_cudaPos(size_t(cores[i].begin.x), size_t(cores[i].begin.y), size_t(cores[i].begin.z));
    copy.extent = make_cudaExtent(size_t(cores[i].size.x), size_t(cores[i].size.y), size_t(cores[i].size.z));
    copy.kind = cudaMemcpyDeviceToHost;
    check(cudaMemcpy3DAsync(&copy, out_stream), "copying labels");
    check(cudaEventRecord(left[i % 2], out_stream), "recording an event");
  }
  check(cudaStreamSynchronize(stream), "running the network");
  check(cudaStreamSynchronize(out_stream), "copying labels");
  watch.add_to(work);
  return work;
}

PinnedHostMemory::PinnedHostMemory(void* data, int64_t bytes) : data_(data) { check(cudaHostRegister(data, size_t(bytes), cudaHostRegisterDefault), "pinning host memory"); }
PinnedHostMemory::~PinnedHostMemory() { cudaHostUnregister(data_); }

int cuda_devices() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

int64_t cuda_free_bytes(int device) {
  check(cudaSetDevice(device), "choosing the device");
  size_t unused = 0, total = 0;
  check(cudaMemGetInfo(&unused, &total), "asking the device");
  return int64_t(unused);
}

CudaDevice measure_cuda_device(int device) {
  check(cudaSetDevice(device), "choosing the device");
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device), "asking the device");
  size_t unused = 0, total = 0;
  check(cudaMemGetInfo(&unused, &total), "asking the device");
  CudaDevice facts{properties.name, int64_t(total), int64_t(unused)};
  Event begin(true), end(true);
  auto fastest = [&](auto&& body) {
    double best = 1e9;
    for (int i = 0; i < 4; ++i) {
      cudaEventRecord(begin), body(), cudaEventRecord(end);
      check(cudaEventSynchronize(end), "measuring the device");
      float ms = 0;
      check(cudaEventElapsedTime(&ms, begin, end), "reading an event");
      best = std::min(best, ms * 1e-3);
    }
    return best;
  };
  {
    int64_t words = std::min<int64_t>(int64_t(unused) / 4, int64_t{1} << 31) / 16;
    DeviceMemory<uint4> from(words), to(words);
    facts.copy_bytes_per_second = 32.0 * double(words) / fastest([&] { copy_words<<<properties.multiProcessorCount * 16, 512>>>(from.get(), to.get(), words); });
  }
  constexpr int rounds = 4096;
  DeviceMemory<float> out(1);
  int blocks = properties.multiProcessorCount * 4;
  facts.mma_flop_per_second = double(blocks) * 8 * rounds * 8 * 2 * 16 * 8 * 16 / fastest([&] { mma_chain<<<blocks, 256>>>(rounds, out.get()); });
  return facts;
}

}  // namespace tomograd
