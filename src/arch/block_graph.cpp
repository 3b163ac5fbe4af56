// graph: a network from named blocks in TOML, in the order they stand in [[model.block]]. The last block is the result.
//
// Every block reads `from`, or the block before it (the first one: the input). A reference to a later block would be a cycle.
//   conv             norm -> activation -> dropout after it, or before it with order = "before"; each only when set.
//                    These become nodes "<name>.norm", "<name>.act", "<name>.dropout" around "<name>.conv".
//   transposed_conv  returns n * stride; takes norm, activation and dropout like conv.
//   crop             to `size`, to the size of block `like`, or by `margin` from both sides
//   msd              a mixed-scale dense stack of `depth` layers (msd.cpp); kernel 3x3x3, or 1x3x3 for planes. Its channels are those it
//                    reads and depth x width more. Norms stand before and after it as blocks of their own.
//   repeat           from = [first, last]: copies of that run of blocks, each reading where the one before ended; the copies
//                    of block b are called b.2, b.3, ...  A copy of a block that reads the block before the run reads the
//                    end of the copy before; blocks outside the run stay what they are.
// `repeat` of any other block puts it so many times in a row as "<name>.1", "<name>.2", ...; "<name>" is the last of them.
// channels = 0 of a convolution stands for the network's out_channels. The result must lie on the input's own grid.
#include <map>
#include <set>

#include "arch/axis.h"
#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t most_blocks = 10000;  // after all repeats; more is a slip of the pen, or a bomb of nested ones

Padding padding_named(const std::string& name) {
  if (name == "same") return Padding::same;
  if (name == "valid") return Padding::valid;
  if (name == "mirror") return Padding::mirror;
  if (name == "reflect") return Padding::reflect;
  fail_input(text("padding \"", name, "\" is none of same, valid, mirror, reflect"));
}

Activation activation_named(const std::string& name) {
  for (Activation one : {Activation::relu, Activation::leaky_relu, Activation::prelu, Activation::elu, Activation::swish, Activation::sigmoid})
    if (name == activation_name(one)) return one;
  return Activation::none;
}

// The blocks with every op "repeat" replaced by copies.
std::vector<BlockSpec> unrolled(const std::vector<BlockSpec>& blocks) {
  std::vector<BlockSpec> list;
  auto place = [&](const std::string& name) {
    for (size_t i = 0; i < list.size(); ++i)
      if (list[i].name == name) return i;
    fail_input(text("repeats \"", name, "\", which is no block above it"));
  };
  for (const BlockSpec& block : blocks) {
    if (block.op != "repeat") {
      list.push_back(block);
      continue;
    }
    with_context(text("block \"", block.name, "\""), [&] {
      if (block.from.size() != 2) fail_input(text("from has ", block.from.size(), " entries, expected the first and the last block to repeat"));
      size_t first = place(block.from[0]), last = place(block.from[1]);
      if (last < first) fail_input(text("\"", block.from[1], "\" stands before \"", block.from[0], "\""));
      std::string before = first == 0 ? "input" : list[first - 1].name, end = list.back().name;
      std::vector<BlockSpec> run(list.begin() + int64_t(first), list.begin() + int64_t(last) + 1);
      if (int64_t(list.size() + run.size()) * block.repeat > most_blocks) fail_input(text("makes more than ", most_blocks, " blocks"));
      for (int64_t copy = 2; copy < block.repeat + 2; ++copy) {
        std::map<std::string, std::string> renamed{{before, end}};
        for (const BlockSpec& one : run) renamed[one.name] = text(one.name, ".", copy);
        for (size_t i = 0; i < run.size(); ++i) {
          BlockSpec one = run[i];
          one.name = renamed[one.name];
          if (one.from.empty() && i == 0) one.from = {end};
          for (std::string& name : one.from)
            if (renamed.count(name) && !(i == 0 && name == end)) name = renamed[name];
          if (renamed.count(one.like) && one.like != before) one.like = renamed[one.like];
          list.push_back(one);
        }
        end = list.back().name;
      }
    });
  }
  int64_t all = 0;
  for (const BlockSpec& block : list) all += block.repeat;
  if (all > most_blocks) fail_input(text("the network has ", all, " blocks with all repeats, at most ", most_blocks, " are built"));
  return list;
}

class BlockGraph {
 public:
  explicit BlockGraph(const ModelSpec& spec) : spec_(spec), build_("graph", spec.in_channels) { places_["input"] = 0; }

  Graph build() {
    auto blocks = unrolled(spec_.block);
    if (blocks.empty()) fail_input("the network has no blocks", "list them as [[model.block]]");
    for (const BlockSpec& block : blocks) {
      if (block.name.empty()) fail_input(text("block ", places_.size(), " has no name"));
      with_context(text("block \"", block.name, "\""), [&] {
        if (block.name == "input" || places_.count(block.name)) fail_input("the name is taken already");
        add(block, blocks);
      });
    }
    Graph graph = build_.finish({{here_, 1.0}});
    if (graph.out_channels() != spec_.out_channels)
      fail_input(text("the last block, \"", blocks.back().name, "\", has ", graph.out_channels(), " channels, but the network has ", spec_.out_channels, " classes"),
                 "leave `channels` of the last convolution 0 to follow out_channels");
    check_grid(graph);
    std::set<std::string> names;
    for (const Parameter& parameter : parameters(graph))
      if (!names.insert(parameter.name).second) fail_input(text("two blocks have the parameter \"", parameter.name, "\""), "give one of them another name");
    return graph;
  }

 private:
  void add(const BlockSpec& block, const std::vector<BlockSpec>& all) {
    std::vector<int> from;
    for (const std::string& name : block.from) from.push_back(find(name, block, all));
    if (from.empty()) from = {here_};
    bool joins = block.op == "concat" || block.op == "add";
    if (!joins && from.size() != 1) fail_input(text("reads ", from.size(), " blocks, but ", block.op, " takes one"));
    if (block.op == "add" && from.size() != 2) fail_input(text("reads ", from.size(), " blocks, but add takes two"));
    if (joins) check_lattices(from);
    int x = from.front();
    for (int64_t i = 1; i <= block.repeat; ++i) {
      std::string name = block.repeat > 1 ? text(block.name, ".", i) : block.name;
      if (joins && i > 1) from.front() = x;
      x = one(name, block, x, from, all);
    }
    places_[block.name] = here_ = x;
  }

  int one(const std::string& name, const BlockSpec& block, int x, const std::vector<int>& from, const std::vector<BlockSpec>& all) {
    if (block.op == "conv" || block.op == "transposed_conv") return convolution(name, block, x);
    if (block.op == "norm") {
      if (block.norm == "none") fail_input("norm is not set, expected batch or instance");
      return norm(name, block, x);
    }
    if (block.op == "activation") {
      if (block.activation == "none") fail_input("activation is not set, expected relu, leaky_relu, prelu, elu, swish or sigmoid");
      return build_.activation(name, x, activation_named(block.activation), block.slope, block.shared_slope);
    }
    if (block.op == "dropout") return build_.dropout(name, x, block.dropout, block.whole_channels);
    if (block.op == "bias") return build_.bias(name, x);
    if (block.op == "subsample") return build_.subsample(name, x, block.factor);
    if (block.op == "concat") return build_.concat(name, from);
    if (block.op == "pool") {
      if (block.mode == "nearest" || block.mode == "linear") fail_input(text("mode \"", block.mode, "\" of a pool is none of max, avg"));
      int node = build_.max_pool(name, x, block.factor, Padding::same);
      set_padding(node, block);
      build_.at(node).max_pool = block.mode != "avg";
      return node;
    }
    if (block.op == "upsample") {
      if (block.mode == "max" || block.mode == "avg") fail_input(text("mode \"", block.mode, "\" of an upsample is none of nearest, linear"));
      int node = build_.upsample(name, x, block.factor);
      build_.at(node).linear_upsample = block.mode == "linear";
      return node;
    }
    if (block.op == "add") {
      int64_t a = build_.channels(from[0]), b = build_.channels(from[1]);
      if (a != b && !block.pad_channels)
        fail_input(text("adds \"", build_.at(from[0]).name, "\" of ", a, " channels and \"", build_.at(from[1]).name, "\" of ", b),
                   "set pad_channels = true to fill up with zeros");
      return build_.add(name, from[0], from[1], block.pad_channels);
    }
    if (block.op == "msd") return mixed_scale(name, block, x);
    if (block.op == "crop") return crop(name, block, x, all);
    fail_input(text("op \"", block.op, "\" is unknown"));
  }

  int convolution(const std::string& name, const BlockSpec& block, int x) {
    bool decorated = block.norm != "none" || block.activation != "none" || block.dropout > 0;
    std::string own = decorated ? name + ".conv" : name;
    int64_t channels = block.channels > 0 ? block.channels : spec_.out_channels;
    if (decorated && block.order == "before") x = decorate(name, block, x);
    if (block.op == "conv") {
      ConvOptions options;
      options.stride = block.stride;
      options.dilation = block.dilation;
      options.bias = block.bias;
      x = build_.conv(own, x, channels, block.kernel, options);
      set_padding(x, block);
    } else {
      if (block.dilation != cube(1)) fail_input(text("dilation is ", to_string(block.dilation), ", but a transposed_conv has none"));
      if (!block.padding.empty()) fail_input("a transposed_conv takes no padding: it returns n x stride");
      x = build_.transposed_conv(own, x, channels, block.kernel, block.stride, block.bias);
    }
    if (block.starts_at_zero) build_.at(x).weight_stddev = 0;
    return decorated && block.order == "after" ? decorate(name, block, x) : x;
  }

  int mixed_scale(const std::string& name, const BlockSpec& block, int x) {
    bool planes = block.kernel == Extent{1, 3, 3};
    if (!planes && block.kernel != cube(3)) fail_input(text("kernel is ", to_string(block.kernel), ", but an msd takes 3x3x3, or 1x3x3 for planes"));
    if (block.channels != 0)
      fail_input(text("channels is ", block.channels, ", but an msd has those it reads and depth x width more"), "leave channels out, set depth and width");
    return build_.msd(name, x, {block.depth, block.width, block.dilations, planes ? 2 : 3, block.border}, spec_.out_channels);
  }

  int decorate(const std::string& name, const BlockSpec& block, int x) {
    if (block.norm != "none") x = norm(name + ".norm", block, x);
    if (block.activation != "none") x = build_.activation(name + ".act", x, activation_named(block.activation), block.slope, block.shared_slope);
    if (block.dropout > 0) x = build_.dropout(name + ".dropout", x, block.dropout, block.whole_channels);
    return x;
  }

  int norm(const std::string& name, const BlockSpec& block, int x) {
    int node = build_.norm(name, x, block.norm == "batch" ? Norm::batch : Norm::instance, block.scale, block.shift, block.epsilon);
    build_.at(node).running_mean_of_60 = block.statistics == "last60";
    return node;
  }

  int crop(const std::string& name, const BlockSpec& block, int x, const std::vector<BlockSpec>& all) {
    int ways = !block.like.empty() + (block.size != cube(0)) + (block.margin != cube(0));
    if (ways != 1) fail_input(text("sets ", ways, " of like, size and margin, expected exactly one"));
    if (!block.like.empty()) {
      int like = find(block.like, block, all);
      int node = build_.crop_like(name, x, like, block.anchor);
      return node;
    }
    int node = build_.crop_margin(name, x, block.margin, block.margin);
    for (int axis = 0; axis < 3 && block.size != cube(0); ++axis)
      if (block.size[axis] < 1) fail_input(text("size is ", to_string(block.size), ", expected at least one voxel per axis"));
    build_.at(node).crop_size = block.size;
    build_.at(node).crop_anchor = block.anchor;
    return node;
  }

  void set_padding(int node, const BlockSpec& block) {
    if (block.padding.empty()) return;
    if (block.padding.size() != 1 && block.padding.size() != 3) fail_input(text("padding has ", block.padding.size(), " entries, expected 1 or 3 (Z, Y, X)"));
    for (size_t axis = 0; axis < 3; ++axis) {
      build_.at(node).padding[axis] = padding_named(block.padding.size() == 1 ? block.padding[0] : block.padding[axis]);
      if (Padding given = build_.at(node).padding[axis]; block.op == "pool" && (given == Padding::mirror || given == Padding::reflect)) fail_input("a pool is padded same or valid, not mirror or reflect");
    }
  }

  int find(const std::string& name, const BlockSpec& block, const std::vector<BlockSpec>& all) {
    auto found = places_.find(name);
    if (found != places_.end()) return found->second;
    std::vector<std::string> known{"input"};
    for (const BlockSpec& other : all) known.push_back(other.name);
    if (name == block.name) fail_input(text("reads \"", name, "\", which is itself: a cycle"));
    for (const BlockSpec& other : all)
      if (other.name == name) fail_input(text("reads \"", name, "\", which comes after it: blocks must stand in the order of the data flow, a cycle is impossible"));
    std::string near = nearest_name(name, known);
    fail_input(text("reads \"", name, "\", but no block has that name"), near.empty() ? "" : text("did you mean \"", near, "\"?"));
  }

  // Joined blocks must have the same step of the input between their voxels.
  void check_lattices(const std::vector<int>& from) {
    const Graph& so_far = build_.peek();
    for (int axis = 0; axis < 3; ++axis) {
      auto lattices = axis_lattice(so_far, axis, std::vector<int64_t>(so_far.nodes.size(), 1));
      const Lattice& first = lattices[size_t(from.front())];
      for (int other : from) {
        const Lattice& second = lattices[size_t(other)];
        if (first.step_up != second.step_up || first.step_down != second.step_down)
          fail_input(text("joins \"", build_.at(from.front()).name, "\", whose voxels are ", first.step(), " input voxels apart along ", "zyx"[axis], ", and \"",
                          build_.at(other).name, "\", whose voxels are ", second.step(), " apart"),
                     "up-sample the coarser one first");
      }
    }
  }

  static void check_grid(const Graph& graph) {
    for (int axis = 0; axis < 3; ++axis) {
      auto lattices = axis_lattice(graph, axis, std::vector<int64_t>(graph.nodes.size(), 1));
      const Lattice& end = lattices.back();
      if (end.step_up != 1 || end.step_down != 1)
        fail_input(text("the result's voxels are ", end.step(), " input voxels apart along ", "zyx"[axis], ", expected 1"),
                   "end the network with an upsample or transposed_conv block");
    }
    legal_sizes(graph);  // throws when there is none
  }

  const ModelSpec& spec_;
  Builder build_;
  std::map<std::string, int> places_;
  int here_ = 0;
};

}  // namespace

Graph build_from_blocks(const ModelSpec& spec) { return BlockGraph(spec).build(); }

}  // namespace tomograd
