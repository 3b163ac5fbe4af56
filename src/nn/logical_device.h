// Private to the engine rooms
// Devices that a machine without several GPUs can be divided into, to split a network over them as over GPUs: each has an account
// of the CPU tensors that are made on it and a limit of its own, and a value gets from one to the other by a copy.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace tomograd {

// From now on CPU tensors are booked to the device that their thread works for; once per process. Tensors made before are nobody's.
void use_logical_devices();

struct DeviceAccount { int64_t bytes = 0, peak_bytes = 0; };
DeviceAccount logical_device_account(int device);
void reset_logical_device_peak(int device);      // to what it holds now
// Error(budget) for a tensor that would go beyond `bytes`; 0 = no limit.
void limit_logical_device(int device, int64_t bytes);

class OnLogicalDevice {                          // what this thread does while it stands
 public:
  explicit OnLogicalDevice(int device);          // -1 = nobody's
  ~OnLogicalDevice();
  OnLogicalDevice(const OnLogicalDevice&) = delete;

 private:
  int before_;
};

// A copy of x on `to`, whose gradient is copied back to `from`.
at::Tensor cross_link(const at::Tensor& x, int from, int to);

// The backward steps between y and `inputs`, which y was computed from, will work for `device`.
void backward_on_logical_device(int device, const at::Tensor& y, const std::vector<at::Tensor>& inputs);

}  // namespace tomograd
