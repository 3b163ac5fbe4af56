// Private to the engine rooms
// The interior is copied once, then the borders of one axis after the other from inside the tensor itself, edges and corners
// with them. Backward goes the same way in reverse and adds instead. Libtorch's own kernel runs backward in a single thread for
// a single channels-last image, and an index per axis copies everything three times.
#include "nn/reflect_pad.h"

#include <torch/torch.h>

#include "base/error.h"
#include "kernels/msd_conv.h"

namespace tomograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// body(voxel of the border, voxel it shows) along an axis of n voxels, both counted in the padded image.
template <class Body>
void for_border(int64_t n, int64_t before, int64_t after, Body&& body) {
  for (int64_t i = -before; i < n + after; i = i == -1 ? n : i + 1)
    if (i < 0 || i >= n) body(before + i, before + reflected(i, n));
}

at::Tensor interior(at::Tensor padded, const Extent& before, const Extent& size) {
  for (int axis = 0; axis < 3; ++axis) padded = padded.narrow(axis + 2, before[axis], size[axis]);
  return padded;
}

struct ReflectPad : torch::autograd::Function<ReflectPad> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Extent& before, const Extent& after) {
    std::vector<int64_t> places;
    std::vector<int64_t> shape = x.sizes().vec();
    Extent size;
    for (int axis = 0; axis < 3; ++axis) {
      size[axis] = x.size(axis + 2);
      if (size[axis] < 2 && before[axis] + after[axis] > 0) fail_failure(text("cannot reflect ", size[axis], " voxel"));
      shape[size_t(axis) + 2] += before[axis] + after[axis];
      places.insert(places.end(), {before[axis], size[axis], after[axis]});
    }
    context->saved_data["places"] = places;
    at::Tensor padded = at::empty(shape, x.options(), x.suggest_memory_format());
    interior(padded, before, size).copy_(x);
    for (int axis = 0; axis < 3; ++axis)
      for_border(size[axis], before[axis], after[axis], [&](int64_t to, int64_t from) { padded.select(axis + 2, to).copy_(padded.select(axis + 2, from)); });
    return padded;
  }

  static variable_list backward(AutogradContext* context, const variable_list& above) {
    std::vector<int64_t> places = context->saved_data["places"].toIntVector();
    bool ours = above[0].use_count() == 1 && above[0].storage().use_count() == 1;  // nobody else will read it
    at::Tensor g = ours ? above[0] : above[0].clone();
    Extent before, size;
    for (int axis = 2; axis >= 0; --axis) {
      const int64_t* place = &places[size_t(3 * axis)];
      before[axis] = place[0], size[axis] = place[1];
      for_border(place[1], place[0], place[2], [&](int64_t from, int64_t to) { g.select(axis + 2, to).add_(g.select(axis + 2, from)); });
    }
    return {interior(g, before, size).contiguous(g.suggest_memory_format()), at::Tensor(), at::Tensor()};  // without the border, which takes memory and another layout
  }
};

}  // namespace

at::Tensor pad_reflected(const at::Tensor& x, const Extent& before, const Extent& after) { return ReflectPad::apply(x, before, after); }

}  // namespace tomograd
