#include "kernels/few_channel_conv.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "kernels/cpu_isa.h"

namespace tomograd {
namespace {

TEST(FewChannelConv, AllInstructionSetsFollowTheReference) {
  for (auto [in, out] : {std::pair<int64_t, int64_t>{1, 1}, {2, 2}, {3, 5}, {8, 7}, {2, 8}})
    for (Extent size : {Extent{1, 1, 1}, Extent{2, 3, 17}, Extent{3, 2, 16}, Extent{2, 5, 33}}) {
      FewChannelShape shape{in, out, size, padded_row(size.x), in == 2 ? size.voxels() + 5 : 0};
      Random random(uint64_t(in * 100 + out), "few", 0, uint64_t(size.x));
      std::vector<float> padded(size_t(in * (size.z + 2) * (size.y + 2) * shape.row)), g(size_t(out * size.z * size.y * shape.row)), weight(size_t(in * out * 27)), bias(size_t(out), 0.0f);
      for (int64_t c = 0; c < in; ++c)
        for (int64_t z = 1; z <= size.z; ++z)
          for (int64_t y = 1; y <= size.y; ++y)
            for (int64_t x = 1; x <= size.x; ++x) padded[size_t(((c * (size.z + 2) + z) * (size.y + 2) + y) * shape.row + x)] = float(random.normal());
      for (int64_t i = 0; i < out * size.z * size.y; ++i)
        for (int64_t x = 0; x < size.x; ++x) g[size_t(i * shape.row + x)] = float(random.normal());
      for (float& w : weight) w = float(random.normal());
      for (float& b : bias) b = float(random.normal());
      for (CpuIsa isa : {CpuIsa::avx2, CpuIsa::avx512, CpuIsa::avx512bf16}) {
        if (isa > best_isa()) continue;
        force_isa(isa);
        for (int64_t z = 0; z < size.z; ++z) {
          std::vector<float> plain(size_t(out * shape.between_outputs()), 9.0f), fast = plain, plain_dw(weight.size()), fast_dw(weight.size());
          few_channel_reference().forward(shape, padded.data(), weight.data(), z % 2 ? bias.data() : nullptr, z, plain.data());
          few_channel_kernels().forward(shape, padded.data(), weight.data(), z % 2 ? bias.data() : nullptr, z, fast.data());
          few_channel_reference().weight_gradient(shape, padded.data(), g.data(), z, plain_dw.data());
          few_channel_kernels().weight_gradient(shape, padded.data(), g.data(), z, fast_dw.data());
          // eps * terms * magnitude of a product of two normal numbers
          for (size_t i = 0; i < fast.size(); ++i) ASSERT_NEAR(plain[i], fast[i], 6e-8 * double(in * 27) * 16) << "in " << in << " out " << out << " " << to_string(size);
          for (size_t i = 0; i < fast_dw.size(); ++i) ASSERT_NEAR(plain_dw[i], fast_dw[i], 6e-8 * double(size.y * size.x + 16) * 16);
        }
      }
      force_isa(best_isa());
    }
}

}  // namespace
}  // namespace tomograd
