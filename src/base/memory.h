// Counted, aligned memory for everything large (volumes, blocks, patches, tiles), and the budget that --max-memory sets.
// A Buffer of 2 MiB or more asks the kernel for huge pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace tomograd {

int64_t counted_bytes();        // bytes now held by Buffers
int64_t counted_peak_bytes();   // the most there ever were
void set_memory_budget(int64_t bytes);  // 0 = none; a Buffer that would exceed it throws Error(budget) naming both numbers

void release_free_memory();        // what the heap keeps of freed blocks goes back to the system
int64_t process_peak_bytes();      // VmHWM of this process
int64_t process_resident_bytes();  // VmRSS of this process
int64_t available_memory_bytes();  // what the machine and the cgroup still allow this process

class Memory {  // raw counted memory, 64-byte aligned, uninitialised
 public:
  Memory() = default;
  explicit Memory(int64_t bytes);
  ~Memory();
  Memory(Memory&& other) noexcept { swap(other); }
  Memory& operator=(Memory&& other) noexcept { swap(other); return *this; }
  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  void swap(Memory& other) { std::swap(data_, other.data_); std::swap(bytes_, other.bytes_); }
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

template <class T>
class Buffer {  // `size` elements of a trivially copyable T, uninitialised unless filled
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) : memory_(size * int64_t(sizeof(T))), size_(size) {}
  Buffer(int64_t size, T value) : Buffer(size) { fill(value); }

  T* data() { return static_cast<T*>(memory_.data()); }
  const T* data() const { return static_cast<const T*>(memory_.data()); }
  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](int64_t i) { return data()[i]; }
  const T& operator[](int64_t i) const { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  std::span<T> span() { return {data(), size_t(size_)}; }
  std::span<const T> span() const { return {data(), size_t(size_)}; }
  void fill(T value) { for (int64_t i = 0; i < size_; ++i) data()[i] = value; }

 private:
  Memory memory_;
  int64_t size_ = 0;
};

std::string bytes_text(int64_t bytes);  // "1.25 GB" (powers of 1000)

}  // namespace tomograd
