#include "kernels/msd_conv.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/cpu_isa.h"

namespace tomograd {

namespace isa_avx2 { extern const MsdKernels msd_kernels; }
namespace isa_avx512 { extern const MsdKernels msd_kernels; }
namespace isa_avx512bf16 { extern const MsdKernels msd_kernels; }
namespace isa_amx {
MsdPieces msd_forward_bf16_pieces(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box);
void msd_forward_bf16(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, int64_t piece, float* pairs, float* scratch);
}

namespace {

// Two layers together: three read less once more and want twice the memory for sums that wait, to no gain in time.
const MsdKernels& with_matrix_tiles() {
  static const MsdKernels kernels = [] {
    MsdKernels own = isa_avx512bf16::msd_kernels;
    own.together = 2, own.forward_bf16_pieces = isa_amx::msd_forward_bf16_pieces, own.forward_bf16 = isa_amx::msd_forward_bf16;
    return own;
  }();
  return kernels;
}

}  // namespace

const MsdKernels& msd_kernels() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::msd_kernels;
    case CpuIsa::avx512: return isa_avx512::msd_kernels;
    case CpuIsa::avx512bf16: return isa_avx512bf16::msd_kernels;
    case CpuIsa::amx: return with_matrix_tiles();
    case CpuIsa::plain: break;
  }
  return msd_reference();
}

namespace {

constexpr int64_t line_floats = 16, sets = 64, block_planes = 8, row_lines = 8, spread = 5;

// The most lines that fall into one set when a block reads three rows of eight planes spaced by the dilation.
int64_t crowding(int64_t plane_lines, int64_t row, int64_t dilation) {
  int64_t taken[sets] = {};
  for (int64_t p = 0; p < block_planes; ++p)
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t i = 0; i < row_lines; ++i) ++taken[(p * dilation * plane_lines + r * dilation * row / line_floats + i) % sets];
  return *std::max_element(taken, taken + sets);
}

}  // namespace

MsdLayout msd_layout(Extent size, int64_t largest_dilation, bool reflect, bool flat) {
  MsdLayout layout;
  layout.size = size, layout.reflect = reflect, layout.flat = flat;
  layout.pad = largest_dilation;
  layout.row = size.x + 2 * layout.pad;
  int64_t best = 1 << 20, lines = ceil_div(size.y * layout.row, line_floats), chosen = lines;
  for (int64_t more = 0; more < 16; ++more) {    // at most 1 KB a plane
    int64_t worst = 0;
    for (int64_t d = 1; d <= largest_dilation; ++d) worst = std::max(worst, crowding(lines + more, layout.row, d));
    if (worst < best) best = worst, chosen = lines + more;
  }
  layout.plane = chosen * line_floats;
  // Matrix tiles read 16 channels at one place: their lines fall into different sets.
  layout.channel = (size.z * chosen + (spread - size.z * chosen % sets + sets) % sets) * line_floats;
  return layout;
}

int64_t reflected(int64_t i, int64_t n) {
  if (n == 1) return 0;
  int64_t period = 2 * n - 2, k = i % period;
  if (k < 0) k += period;
  return k < n ? k : period - k;
}

void msd_pad_row(const MsdLayout& layout, float* voxels, bool left, bool right) {
  int64_t n = layout.size.x;
  bool once = n > layout.pad;                    // one bounce is enough
  for (int64_t k = 1; left && k <= layout.pad; ++k) voxels[-k] = !layout.reflect ? 0.0f : voxels[once ? k : reflected(-k, n)];
  for (int64_t k = 1; right && k <= layout.pad; ++k) voxels[n - 1 + k] = !layout.reflect ? 0.0f : voxels[once ? n - 1 - k : reflected(n - 1 + k, n)];
}

uint16_t to_bf16(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t(bits >> 16 | 0x40);  // a NaN stays one
  return uint16_t((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

float from_bf16(uint16_t x) { return std::bit_cast<float>(uint32_t(x) << 16); }

namespace {

// The other of the two bf16 that x lies between; `nearest` itself where x is one of them or the other is no number.
uint16_t other_neighbour(float x, uint16_t nearest) {
  uint16_t below = uint16_t(std::bit_cast<uint32_t>(x) >> 16), beyond = uint16_t(below + 1);  // in magnitude
  uint16_t other = nearest == below ? beyond : below;
  return from_bf16(nearest) == x || (other & 0x7f80u) == 0x7f80u ? nearest : other;
}

void round_taps(const float* weight, int64_t taps, uint16_t* rounded) {
  double left = 0;                               // what the sum has lost
  for (int64_t t = 0; t < taps; ++t) rounded[t] = to_bf16(weight[t]), left += double(weight[t]) - from_bf16(rounded[t]);
  while (std::isfinite(left)) {
    int64_t best = -1;
    double least = INFINITY;
    for (int64_t t = 0; t < taps; ++t) {
      double w = weight[t], now = from_bf16(rounded[t]), then = from_bf16(other_neighbour(weight[t], rounded[t]));
      double gain = left * left - (left - (then - now)) * (left - (then - now)), cost = (w - then) * (w - then) - (w - now) * (w - now);
      if (gain > 0 && cost >= 0 && cost < least * gain) best = t, least = cost / gain;
    }
    if (best < 0) return;
    left += from_bf16(rounded[best]);
    rounded[best] = other_neighbour(weight[best], rounded[best]);
    left -= from_bf16(rounded[best]);
  }
}

}  // namespace

std::vector<uint16_t> msd_rounded_weights(const float* weight, int64_t inputs, int64_t taps) {
  std::vector<uint16_t> rounded(size_t(inputs * taps));
  for (int64_t c = 0; c < inputs; ++c) round_taps(weight + c * taps, taps, rounded.data() + c * taps);
  return rounded;
}

std::vector<float> msd_pair_weights(const float* weight, int64_t inputs, int64_t taps) {
  std::vector<uint16_t> rounded = msd_rounded_weights(weight, inputs, taps);
  std::vector<float> pairs(size_t(ceil_div(inputs, 2) * taps));
  for (int64_t c = 0; c < inputs; c += 2)
    for (int64_t t = 0; t < taps; ++t) {
      uint32_t low = rounded[size_t(c * taps + t)], high = c + 1 < inputs ? rounded[size_t((c + 1) * taps + t)] : 0;
      pairs[size_t(c / 2 * taps + t)] = std::bit_cast<float>(low | high << 16);
    }
  return pairs;
}

}  // namespace tomograd
