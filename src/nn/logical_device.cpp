// Private to the engine rooms
#include "nn/logical_device.h"

#include <c10/core/CPUAllocator.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/torch.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/memory.h"

namespace tomograd {
namespace {

thread_local int current_device = -1;

struct Account : DeviceAccount { int64_t limit = 0; };

// Books every block to the device it was made on, and takes it from the allocator that was there before.
class BookingAllocator : public c10::Allocator {
 public:
  explicit BookingAllocator(c10::Allocator* inner) : inner_(inner) {}

  // The block itself is the context, as raw allocation (oneDNN's scratch) wants it.
  c10::DataPtr allocate(size_t bytes) override {
    int device = current_device;
    book(device, int64_t(bytes));
    c10::DataPtr inner;
    try {
      inner = inner_->allocate(bytes);
    } catch (...) {
      unbook(device, int64_t(bytes));
      throw;
    }
    void* block = inner.get();
    if (block) {
      std::lock_guard lock(mutex_);
      blocks_.emplace(block, Block{std::move(inner), device, int64_t(bytes)});
    }
    return {block, block, &give_back, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* into, const void* from, std::size_t bytes) const override { default_copy_data(into, from, bytes); }

  Account& account(int device) {
    if (size_t(device) >= accounts_.size()) accounts_.resize(size_t(device) + 1);
    return accounts_[size_t(device)];
  }
  std::mutex& mutex() { return mutex_; }

  static BookingAllocator*& installed() {        // tensors may outlive every other object, so it is never destroyed
    static BookingAllocator* allocator = nullptr;
    return allocator;
  }

 private:
  struct Block {
    c10::DataPtr data;
    int device;
    int64_t bytes;
  };

  void book(int device, int64_t bytes) {
    if (device < 0) return;
    std::lock_guard lock(mutex_);
    Account& a = account(device);
    if (a.limit > 0 && a.bytes + bytes > a.limit)
      fail(ErrorKind::budget, text("device ", device, " holds ", bytes_text(a.bytes), " of at most ", bytes_text(a.limit), " and has no room for a tensor of ", bytes_text(bytes)));
    a.bytes += bytes;
    a.peak_bytes = std::max(a.peak_bytes, a.bytes);
  }
  void unbook(int device, int64_t bytes) {
    if (device < 0) return;
    std::lock_guard lock(mutex_);
    account(device).bytes -= bytes;
  }
  static void give_back(void* block) {
    if (!block) return;
    BookingAllocator& of = *installed();
    Block gone;
    {
      std::lock_guard lock(of.mutex_);
      auto found = of.blocks_.find(block);
      gone = std::move(found->second);
      of.blocks_.erase(found);                   // before the memory can be somebody else's
    }
    of.unbook(gone.device, gone.bytes);
  }

  c10::Allocator* inner_;
  std::vector<Account> accounts_;
  std::unordered_map<void*, Block> blocks_;
  std::mutex mutex_;
};

BookingAllocator& booking() {
  if (!BookingAllocator::installed()) fail_failure("logical devices are not in use");
  return *BookingAllocator::installed();
}

struct Crossing : torch::autograd::Function<Crossing> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, int64_t from, int64_t to) {
    context->saved_data["from"] = from;
    OnLogicalDevice there{int(to)};
    return x.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& above) {
    OnLogicalDevice back{int(context->saved_data["from"].toInt())};
    return {above[0].clone(), at::Tensor(), at::Tensor()};
  }
};

struct Switch : torch::autograd::FunctionPreHook {
  explicit Switch(int to) : device(to) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& gradients) override {
    current_device = device;
    torch::autograd::Engine::get_default_engine().queue_callback([] { current_device = -1; });
    return gradients;
  }
  int device;
};

}  // namespace

void use_logical_devices() {
  if (BookingAllocator::installed()) return;
  BookingAllocator::installed() = new BookingAllocator(c10::GetCPUAllocator());
  c10::SetCPUAllocator(BookingAllocator::installed(), 2);
}

DeviceAccount logical_device_account(int device) {
  std::lock_guard lock(booking().mutex());
  return booking().account(device);
}

void reset_logical_device_peak(int device) {
  std::lock_guard lock(booking().mutex());
  Account& a = booking().account(device);
  a.peak_bytes = a.bytes;
}

void limit_logical_device(int device, int64_t bytes) {
  std::lock_guard lock(booking().mutex());
  booking().account(device).limit = bytes;
}

OnLogicalDevice::OnLogicalDevice(int device) : before_(current_device) { current_device = device; }
OnLogicalDevice::~OnLogicalDevice() { current_device = before_; }

at::Tensor cross_link(const at::Tensor& x, int from, int to) { return Crossing::apply(x, int64_t(from), int64_t(to)); }

void backward_on_logical_device(int device, const at::Tensor& y, const std::vector<at::Tensor>& inputs) {
  std::set<torch::autograd::Node*> seen;
  for (const at::Tensor& input : inputs) seen.insert(input.grad_fn().get());
  std::vector<torch::autograd::Node*> open = {y.grad_fn().get()};
  while (!open.empty()) {
    torch::autograd::Node* node = open.back();
    open.pop_back();
    if (!node || !seen.insert(node).second || node->num_outputs() == 0) continue;  // leaves have no further edges
    node->add_pre_hook(std::make_unique<Switch>(device));
    for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
  }
}

}  // namespace tomograd
