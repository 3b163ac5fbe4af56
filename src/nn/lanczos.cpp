// Private to the engine rooms
// Along an axis the filter is a band matrix [m][n], the repeated edge folded into its first and last columns. A product with it
// is more arithmetic than a depthwise convolution, n per voxel, but far below that of the convolution before it; autograd keeps
// none of its input, since the matrix has no gradient, where a convolution would keep a padded copy for each axis.
#include "nn/lanczos.h"

#include <algorithm>

#include "arch/lanczos.h"

namespace tomograd {
namespace {

at::Tensor filter_matrix(int64_t lobes, int64_t factor, int64_t n) {
  LanczosFilter filter = lanczos_filter(lobes, factor);
  int64_t m = ceil_div(n, factor);
  at::Tensor matrix = at::zeros({m, n}, at::kDouble);
  double* row = matrix.data_ptr<double>();
  for (int64_t i = 0; i < m; ++i, row += n)
    for (size_t t = 0; t < filter.taps.size(); ++t) row[std::clamp<int64_t>(factor * i - filter.before + int64_t(t), 0, n - 1)] += filter.taps[t];
  return matrix;
}

}  // namespace

at::Tensor lanczos(const Node& node, const at::Tensor& x) {
  at::Tensor y = x.to(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
  for (int axis = 0; axis < 3; ++axis) {
    if (node.factor[axis] == 1) continue;
    at::Tensor matrix = filter_matrix(node.lobes, node.factor[axis], y.size(axis + 2)).to(y.options());
    y = at::matmul(y.transpose(axis + 2, 4), matrix.t()).transpose(axis + 2, 4);
  }
  return y.to(x.scalar_type());
}

}  // namespace tomograd
