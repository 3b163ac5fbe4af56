// The kernels of msd_conv.h for one instruction set, gathered.
#include "kernels/msd_conv.h"

namespace tomograd::TOMOGRAD_ISA {

MsdPieces msd_forward_pieces(const MsdLayout& layout, const Box& box, int64_t dilation);
void msd_forward(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* stack, float* scratch);
MsdPieces msd_forward_bf16_pieces(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box);
void msd_forward_bf16(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, int64_t piece, float* pairs, float* scratch);
MsdPieces msd_push_pieces(const MsdLayout& layout, const Box& box, int64_t dilation, int64_t layers);
void msd_push(const MsdLayout& layout, const MsdLayer* layers, int64_t count, int64_t end, const Box& box, int64_t piece, float* stack, float* scratch);
MsdPieces msd_backward_groups(const MsdLayout& layout);
void msd_backward(const MsdLayout& layout, const MsdLayer& layer, int64_t first, int64_t group, const float* stack, float* grad, float* weight_sums, float* bias_sums, float* scratch);

// Where products of pairs are quick, memory is what they wait for: then two layers read together.
#if defined(TOMOGRAD_ISA_avx512bf16)
constexpr int64_t together = 2;
#else
constexpr int64_t together = 1;
#endif
extern const MsdKernels msd_kernels;
const MsdKernels msd_kernels = {msd_forward_pieces, msd_forward, together, msd_forward_bf16_pieces, msd_forward_bf16, msd_push_pieces, msd_push, msd_backward_groups, msd_backward};

}  // namespace tomograd::TOMOGRAD_ISA
