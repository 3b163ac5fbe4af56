// Private to the engine rooms
// An autograd function does not take undefined tensors; it takes optional ones.
#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace tomograd {

using MaybeTensor = std::optional<at::Tensor>;
inline at::Tensor tensor_or_none(const MaybeTensor& t) { return t ? *t : at::Tensor(); }
inline MaybeTensor if_defined(const at::Tensor& t) { return t.defined() ? MaybeTensor(t) : MaybeTensor(); }

}  // namespace tomograd
