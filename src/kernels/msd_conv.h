// The mixed-scale dense network's convolutions (Pelt & Sethian, PNAS 2018): every layer has one output channel per dilated
// 3x3x3 convolution over all channels before it, so a stack of feature maps grows channel by channel and nothing is ever
// copied: layer after layer reads the stack's first channels and writes the next one, ReLU included.
//
// Where time goes: one output channel cannot fill a vector with channels, as libraries do, so a vector holds neighbours along
// x; registers hold several planes spaced by the dilation, so that a voxel that was loaded serves three taps of z; rows of
// a layer alone are taken one after the other (walking them in residue classes modulo the dilation keeps more of them in the first-level
// cache, and was slower: memory no longer sees what comes next) and asked for some rows ahead; those that serve several layers in classes.
//
// The sum of one voxel is one chain of f32 multiply-adds: bias, then channels ascending, within a channel ky, kx, kz
// ascending. It does not depend on vector width, blocks, threads or tiles: the same bits come out of all of them.
//
// Borders: reflect (edge not repeated: c b | a b c, periodic with 2n - 2, any n >= 2) or zeros. Rows of the stack carry their
// border along x in memory (`pad` voxels on both sides); y and z choose other rows and planes.
//
// Networks in 2-D take kernel 3x3 over y and x: the stack is then laid out with one row per plane, size {y, 1, x}, one slice of
// z at a time, and the tap over rows falls away ("flat").
//
// bf16: two channels lie side by side, [pair][z][y][x][2], in the places of one float channel; products of bf16 are summed in
// f32, pair by pair. A channel without partner has zeros beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/extent.h"

namespace tomograd {

struct MsdLayout {
  Extent size;                                   // planes, rows, voxels of a row
  bool reflect = true;                           // else zeros
  bool flat = false;                             // 2-D
  int64_t pad = 0;                               // voxels on both sides of a row, >= the largest dilation
  int64_t row = 0, plane = 0, channel = 0;       // floats (bf16: pairs) from one to the next
  int64_t taps() const { return flat ? 9 : 27; }
  int64_t at(int64_t c, int64_t z, int64_t y, int64_t x) const { return c * channel + z * plane + y * row + pad + x; }
  // Of a stack of so many channels (bf16: pairs). Vectors may look past the last row, never write there.
  int64_t floats(int64_t channels) const { return channels * channel + 64; }
};
// Planes are spaced so that those that one block reads do not fall into the same sets of a 32 KB, 8-way cache.
MsdLayout msd_layout(Extent size, int64_t largest_dilation, bool reflect, bool flat);

int64_t reflected(int64_t i, int64_t n);         // which voxel of [0, n) stands at i; n = 1 has only one
// The same by the border's rule: -1 where zeros stand.
inline int64_t msd_place(const MsdLayout& layout, int64_t i, int64_t n) { return i >= 0 && i < n ? i : layout.reflect ? reflected(i, n) : -1; }

// Fills the padding of a row, with zeros where the layout has no reflection. voxels: the row's first voxel, behind its padding.
void msd_pad_row(const MsdLayout& layout, float* voxels, bool left = true, bool right = true);

struct MsdLayer {
  int64_t inputs = 0;                            // channels [0, inputs) of the stack are read
  int64_t dilation = 1;
  const float* weight = nullptr;                 // [inputs][kz][ky][kx], flat: [inputs][ky][kx]
  float bias = 0;
  int64_t output = 0;                            // channel that is written, >= inputs
  int64_t first = 0;                             // [0, first) are summed already, bias and all; < inputs, in bf16 even
  float* sums = nullptr;                         // bf16: those sums, in f32, laid out as a channel; in f32 they lie in the output's place
};

// How work is cut into pieces that run in any order, on any thread, each with scratch memory of its own.
struct MsdPieces {
  int64_t count = 0, scratch_floats = 0;
  bool cuts_rows = false;                        // then the padding of rows is left to the caller
};

struct MsdKernels {
  // Channel `output` in a box of the volume = max(0, bias + sum). The box must lie as far inside the faces that are not the
  // volume's own (tiles) as the dilation reaches. Padding is filled at the ends of rows that the box reaches, unless pieces cut
  // rows; a box that reaches one must hold as many voxels beyond it as the padding has.
  MsdPieces (*forward_pieces)(const MsdLayout& layout, const Box& box, int64_t dilation);
  void (*forward)(const MsdLayout& layout, const MsdLayer& layer, const Box& box, int64_t piece, float* stack, float* scratch);
  // The same on pairs of bf16 for layers[0]; weight: [(inputs + 1) / 2][taps] pairs as msd_pair_weights() makes them. Where the kernels
  // take several layers together, layers[1], ... of the same dilation and `first` get what is read meanwhile added to their sums: all
  // whole pairs of layers[0].inputs.
  int64_t together = 1;
  MsdPieces (*forward_bf16_pieces)(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box);
  void (*forward_bf16)(const MsdLayout& layout, const MsdLayer* layers, int64_t count, const Box& box, int64_t piece, float* pairs, float* scratch);

  // Adds channels [layer.first, end) to the sums of several layers of one dilation and one `first`, in the places of their outputs, none
  // of them before `end`; sums of first = 0 begin with the bias. What is read serves all of them.
  MsdPieces (*push_pieces)(const MsdLayout& layout, const Box& box, int64_t dilation, int64_t layers);
  void (*push)(const MsdLayout& layout, const MsdLayer* layers, int64_t count, int64_t end, const Box& box, int64_t piece, float* stack, float* scratch);

  // The adjoint of one layer over the whole volume. g = grad[output] where stack[output] > 0 (the chain above has put it there).
  // For every channel c in [first, inputs): grad[c] += adjoint of the convolution of g. For every c < inputs:
  // weight_sums[group][c][tap][16] += sums of g times stack[c], in 16 lanes; bias_sums[group][16] likewise. A piece belongs to one
  // group, groups are constants of the size: pieces of a group run in order on one thread, so that threads do not matter.
  MsdPieces (*backward_groups)(const MsdLayout& layout);
  void (*backward)(const MsdLayout& layout, const MsdLayer& layer, int64_t first, int64_t group, const float* stack, float* grad,
                   float* weight_sums, float* bias_sums, float* scratch);
};

const MsdKernels& msd_kernels();
const MsdKernels& msd_reference();

// Weights [inputs][taps] as bf16, each one of the two numbers beside it: nearest, but for those few of a kernel that are rounded the
// other way, at least cost in squares, so that the sum of its taps stays as it was. Feature maps are smooth and never negative:
// an error of the sum moves every voxel alike, layer after layer, where errors of single taps cancel.
std::vector<uint16_t> msd_rounded_weights(const float* weight, int64_t inputs, int64_t taps);
// The same, two channels in one word; a missing last channel is 0.
std::vector<float> msd_pair_weights(const float* weight, int64_t inputs, int64_t taps);
uint16_t to_bf16(float x);
inline uint32_t bf16_pair(float low, float high) { return to_bf16(low) | uint32_t(to_bf16(high)) << 16; }
float from_bf16(uint16_t x);

}  // namespace tomograd
