// Private to the engine rooms
#include "nn/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"

namespace tomograd {
namespace {

constexpr int64_t smallest_in_arena = 32 << 10;  // the heap is good at what is smaller

class TensorAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &free_block, cpu};
    void* block = int64_t(bytes) >= smallest_in_arena ? arena_.take(int64_t(bytes)) : nullptr;
    if (!block && ::posix_memalign(&block, 64, bytes) != 0)
      fail(ErrorKind::budget, text("the system refused a tensor of ", bytes_text(int64_t(bytes))), "lower the tile, patch or batch size");
    return {block, block, &free_block, cpu};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_block; }
  void copy_data(void* into, const void* from, std::size_t bytes) const override { default_copy_data(into, from, bytes); }
  void trim() { arena_.trim(); }

  static TensorAllocator& only() {               // tensors may outlive every other object, so this one is never destroyed
    static auto* allocator = new TensorAllocator;
    return *allocator;
  }

 private:
  static void free_block(void* block) {
    if (block && !only().arena_.give_back(block)) ::free(block);
  }
  Arena arena_{int64_t{1} << 40};
};

bool in_use = false;

}  // namespace

void use_tensor_arena() {
  if (in_use) return;
  in_use = true;
  c10::SetCPUAllocator(&TensorAllocator::only(), 1);
}

void release_free_tensor_memory() {
  if (in_use) TensorAllocator::only().trim();
}

}  // namespace tomograd
