// msd: the mixed-scale dense network of Pelt and Sethian (PNAS 115, 2018): every layer sees the input and all layers before it
// at full resolution, through 3^D convolutions of different dilations; there is nothing else between input and result.
//
//   stack  Op::msd: `depth` layers of `width` channels (the paper's d and w; w = 1 is what it recommends). Channel j of layer i
//          has the dilation s_ij = dilations[(i w + j) mod length]. With the default 1, 2, ..., 10 that is the paper's
//          ((i w + j) mod 10) + 1. One list for all channels in a row is also what a list given by the user means; programs that
//          give all channels of a layer one dilation (msd_pytorch) agree with it for w = 1 only.
//   final  a 1x1x1 convolution with bias that reads the whole stack, input included.
//
// Parameters, with c_in and c_out channels in and out: 3^D sum over i of w (c_in + i w) + (c_in + w d) c_out + w d + c_out.
// Initial weights: all convolutions of the stack normal with variance 2 / n_c, n_c = 3^D (c_in + w (d - 1)) + c_out, the same for
// every layer; all biases and the whole final layer zero, so that training starts from equal shares of all classes.
// Borders: the paper's reflection is the one that does not repeat the edge voxel; here it also goes on, with period 2n - 2, where
// a dilation is larger than the image. 2-D networks work on every plane along z for itself.
#include "arch/msd.h"

#include <algorithm>
#include <cmath>

#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {

int Builder::msd(const std::string& name, int from, const MsdOptions& options, int64_t next) {
  constexpr int64_t most_channels = 1 << 20;
  if (options.depth < 1 || options.depth > most_channels) fail_input(text("depth is ", options.depth, ", expected 1 to ", most_channels, " layers"));
  if (options.width < 1 || options.width > most_channels / options.depth)
    fail_input(text("width is ", options.width, ", expected 1 to ", most_channels / options.depth, " channels per layer with a depth of ", options.depth));
  if (options.dims != 2 && options.dims != 3) fail_input(text("dims is ", options.dims, ", expected 2 or 3"));
  if (options.border != "reflect" && options.border != "zero") fail_input(text("border is \"", options.border, "\", expected reflect or zero"));
  std::vector<int64_t> list = options.dilations.empty() ? std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10} : options.dilations;
  for (int64_t dilation : list)
    if (dilation < 1 || dilation > 1000) fail_input(text("dilations has the entry ", dilation, ", expected 1 to 1000"));

  Node node;
  node.kernel = options.dims == 2 ? Extent{1, 3, 3} : cube(3);
  node.width = options.width;
  node.reflect = options.border == "reflect";
  for (int64_t i = 0; i < options.depth * options.width; ++i) node.layer_dilations.push_back(list[size_t(i) % list.size()]);
  int64_t weights = node.kernel.voxels() * (channels(from) + options.width * (options.depth - 1)) + next;
  node.weight_stddev = std::sqrt(2.0 / double(weights));
  return append(name, Op::msd, {from}, channels(from) + options.depth * options.width, node);
}

int64_t msd_reach(const Node& node, int axis) {
  int64_t reach = 0;
  auto layer = node.layer_dilations.begin();
  for (; node.kernel[axis] > 1 && layer != node.layer_dilations.end(); layer += node.width) reach += *std::max_element(layer, layer + node.width);
  return reach;
}

std::vector<int64_t> msd_dilations(const Node& node) {
  const auto& all = node.layer_dilations;
  std::vector<size_t> border(all.size(), 0);     // of each beginning of `all`: its longest part that both begins and ends it
  for (size_t i = 1; i < all.size(); ++i) {
    size_t length = border[i - 1];
    while (length > 0 && all[i] != all[length]) length = border[length - 1];
    border[i] = all[i] == all[length] ? length + 1 : 0;
  }
  return {all.begin(), all.end() - int64_t(border.back())};
}

std::string msd_dilations_text(const Node& node) {
  std::vector<int64_t> list = msd_dilations(node);
  if (list.size() == 1) return text("dilation ", list.front());
  constexpr size_t most_named = 8;
  bool ascending = list.size() > 2;
  for (size_t i = 1; i < list.size(); ++i) ascending &= list[i] == list[i - 1] + 1;
  std::string words = text("dilations ", list.front());
  if (ascending) words += text(" to ", list.back());
  else {
    for (size_t i = 1; i < std::min(list.size(), most_named); ++i) words += text(", ", list[i]);
    if (list.size() > most_named) words += text(", ... (", list.size(), " of them)");
  }
  return list.size() < node.layer_dilations.size() ? words + " in turn" : words;
}

Graph build_msd(const ModelSpec& spec) {
  MsdOptions options{spec.depth == 0 ? 100 : spec.depth, spec.width, spec.dilations, spec.dims, spec.border};
  Builder build(text("msd (", spec.dims, "-D, depth ", options.depth, ", width ", options.width, ")"), spec.in_channels);
  int x = build.conv("final", build.msd("stack", 0, options, spec.out_channels), spec.out_channels, cube(1));
  build.at(x).weight_stddev = 0;
  return build.finish({{x, 1.0}});
}

}  // namespace tomograd
