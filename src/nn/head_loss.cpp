#include "nn/head_loss.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <cmath>

#include "base/error.h"
#include "base/extent.h"

namespace tomograd {
namespace {

constexpr int ignored = 255;
constexpr int64_t chunk = 8192;  // voxels of one partial sum; a constant, so that threads do not change the result
constexpr double deepmedic_epsilon = 1e-6;

struct ClassSums { double inside = 0, predicted = 0, truth = 0; };  // I, P, G

// What the loss says about each (patch, class) after the first sweep: d loss / d p = from_truth * g + always, inside counted
// voxels, and the same for cross-entropy: d loss / d logits += ce_share * w[label] * (p - g).
struct Sweep {
  int64_t patches = 0, classes = 0, voxels = 0;
  std::vector<ClassSums> sums;                   // [patch][class]
  double counted_weight = 0, cross_entropy = 0;  // sums over all patches
};

template <class T>
struct View {
  const T* log_p;                                // [patch][class][voxel]
  const uint8_t* label;                          // [patch][voxel]
};

template <class T>
Sweep first_sweep(const LossSpec& spec, const View<T>& v, int64_t patches, int64_t classes, int64_t voxels, const std::vector<double>& weight, T* p) {
  Sweep s{patches, classes, voxels, std::vector<ClassSums>(size_t(patches * classes)), 0, 0};
  bool deepmedic = spec.kind == "deepmedic", dice = spec.kind != "ce" && !deepmedic, any_bad = false;
  int64_t chunks = ceil_div(voxels, chunk), total = patches * chunks;
  std::vector<ClassSums> part(size_t(total * classes));
  std::vector<std::array<double, 2>> entropy(size_t(total), {0, 0});
  std::vector<uint8_t> bad(size_t(total), 0);
  at::parallel_for(0, total, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t patch = t / chunks, from = t % chunks * chunk, to = std::min(voxels, from + chunk);
      const uint8_t* label = v.label + patch * voxels;
      const T* log_p = v.log_p + patch * classes * voxels;
      double weights = 0, sum = 0;
      for (int64_t i = from; i < to; ++i) {
        int c = label[i];
        if (c == ignored) continue;
        if (c >= classes) { bad[size_t(t)] = label[i]; continue; }
        double w = weight[size_t(c)], lp = log_p[c * voxels + i];
        weights += deepmedic ? 1 : w;
        sum -= w * (deepmedic ? std::log(std::exp(lp) + deepmedic_epsilon) : lp);
      }
      entropy[size_t(t)] = {weights, sum};
      if (!dice) continue;
      for (int64_t c = 0; c < classes; ++c) {
        const T* pc = p + (patch * classes + c) * voxels;
        double inside = 0, predicted = 0;
        int64_t truth = 0;
        for (int64_t i = from; i < to; ++i) {
          bool is = label[i] == c, counted = label[i] != ignored;
          inside += is ? double(pc[i]) : 0;
          predicted += counted ? double(pc[i]) : 0;
          truth += is;
        }
        part[size_t(t * classes + c)] = {inside, predicted, double(truth)};
      }
    }
  });
  for (int64_t t = 0; t < total; ++t) {
    s.counted_weight += entropy[size_t(t)][0];
    s.cross_entropy += entropy[size_t(t)][1];
    any_bad = any_bad || bad[size_t(t)];
    if (any_bad) fail_failure(text("a label is ", int(bad[size_t(t)]), ", the network has ", classes, " classes"));
    for (int64_t c = 0; c < classes; ++c) {
      ClassSums& into = s.sums[size_t(t / chunks * classes + c)];
      const ClassSums& add = part[size_t(t * classes + c)];
      into.inside += add.inside, into.predicted += add.predicted, into.truth += add.truth;
    }
  }
  return s;
}

struct Slopes { double at_truth = 0, everywhere = 0; };  // d loss / d p: everywhere + at_truth where the label is the class

std::vector<ClassSums> over_batch(const Sweep& s) {
  std::vector<ClassSums> sums(static_cast<size_t>(s.classes));
  for (size_t i = 0; i < s.sums.size(); ++i) {
    ClassSums& into = sums[i % size_t(s.classes)];
    into.inside += s.sums[i].inside, into.predicted += s.sums[i].predicted, into.truth += s.sums[i].truth;
  }
  return sums;
}

double dice_loss(const LossSpec& spec, const Sweep& s, std::vector<Slopes>& slopes) {
  int64_t first = spec.include_background || s.classes == 1 ? 0 : 1;
  std::vector<ClassSums> batch = over_batch(s);
  double count = double(s.classes - first) * (spec.batch_dice ? 1 : double(s.patches)), mean = 0;
  for (int64_t n = 0; n < s.patches; ++n)
    for (int64_t c = first; c < s.classes; ++c) {
      const ClassSums& k = spec.batch_dice ? batch[size_t(c)] : s.sums[size_t(n * s.classes + c)];
      double top = 2 * k.inside + spec.smooth, bottom = k.predicted + k.truth + spec.smooth;
      if (bottom == 0) continue;  // no smoothing and nothing there: no error and no slope
      if (!spec.batch_dice || n == 0) mean += top / bottom / count;
      slopes[size_t(n * s.classes + c)] = {-2 / bottom / count, top / (bottom * bottom) / count};
    }
  return 1 - mean;
}

double generalized_dice_loss(const LossSpec& spec, const Sweep& s, std::vector<Slopes>& slopes) {
  std::vector<ClassSums> batch = over_batch(s);
  double result = 0;
  int64_t groups = spec.batch_dice ? 1 : s.patches;
  for (int64_t g = 0; g < groups; ++g) {
    const ClassSums* k = spec.batch_dice ? batch.data() : &s.sums[size_t(g * s.classes)];
    std::vector<double> w(static_cast<size_t>(s.classes), 0.0);
    int64_t first = spec.include_background || s.classes == 1 ? 0 : 1;
    double largest = 0, top = spec.smooth, bottom = spec.smooth;
    for (int64_t c = first; c < s.classes; ++c)
      if (k[c].truth > 0) largest = std::max(largest, w[size_t(c)] = 1 / (k[c].truth * k[c].truth));
    for (int64_t c = first; c < s.classes; ++c) {
      if (k[c].truth == 0) w[size_t(c)] = largest;
      top += 2 * w[size_t(c)] * k[c].inside;
      bottom += w[size_t(c)] * (k[c].predicted + k[c].truth);
    }
    if (bottom == 0) continue;
    result += (1 - top / bottom) / double(groups);
    for (int64_t n = spec.batch_dice ? 0 : g; n < (spec.batch_dice ? s.patches : g + 1); ++n)
      for (int64_t c = first; c < s.classes; ++c)
        slopes[size_t(n * s.classes + c)] = {-2 * w[size_t(c)] / bottom / double(groups), w[size_t(c)] * top / (bottom * bottom) / double(groups)};
  }
  return result;
}

// p becomes d loss / d logits in place: softmax's Jacobian turns slopes a into p (a - sum_k p_k a_k).
template <class T>
void second_sweep(const LossSpec& spec, const Sweep& s, const uint8_t* labels, const std::vector<double>& weight, const std::vector<Slopes>& slopes,
                  double ce_share, T* p) {
  bool deepmedic = spec.kind == "deepmedic";
  int64_t chunks = ceil_div(s.voxels, chunk);
  at::parallel_for(0, s.patches * chunks, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> mix(size_t(std::min(chunk, s.voxels)));
    std::vector<T> ce(mix.size());
    for (int64_t t = begin; t < end; ++t) {
      int64_t n = t / chunks, from = t % chunks * chunk, count = std::min(s.voxels, from + chunk) - from;
      const uint8_t* label = labels + n * s.voxels + from;
      T* block = p + n * s.classes * s.voxels + from;
      for (int64_t i = 0; i < count; ++i) {
        mix[size_t(i)] = 0;
        ce[size_t(i)] = label[i] == ignored ? T(0) : T(ce_share * weight[label[i]]);
        if (deepmedic && label[i] != ignored) {
          T true_p = block[label[i] * s.voxels + i];  // -log(p + e) has the slope of cross-entropy times p / (p + e)
          ce[size_t(i)] *= true_p / (true_p + T(deepmedic_epsilon));
        }
      }
      for (int64_t c = 0; c < s.classes; ++c) {
        T a = T(slopes[size_t(n * s.classes + c)].everywhere), b = T(slopes[size_t(n * s.classes + c)].at_truth);
        const T* pc = block + c * s.voxels;
        for (int64_t i = 0; i < count; ++i) mix[size_t(i)] += pc[i] * (a + (label[i] == c ? b : T(0)));
      }
      for (int64_t c = 0; c < s.classes; ++c) {
        T a = T(slopes[size_t(n * s.classes + c)].everywhere), b = T(slopes[size_t(n * s.classes + c)].at_truth);
        T* pc = block + c * s.voxels;
        for (int64_t i = 0; i < count; ++i) {
          T is = label[i] == c ? T(1) : T(0), counted = label[i] == ignored ? T(0) : T(1);
          pc[i] = counted * pc[i] * (a + is * b - mix[size_t(i)]) + ce[size_t(i)] * (pc[i] - is);
        }
      }
    }
  });
}

struct Result { double value = 0; at::Tensor gradient; };

template <class T>
Result evaluate(const LossSpec& spec, const at::Tensor& logits, const at::Tensor& labels, bool want_gradient, LossParts* parts) {
  int64_t patches = logits.size(0), classes = logits.size(1), voxels = labels.numel() / std::max<int64_t>(1, patches);
  std::vector<double> weight(256, 1.0);
  for (size_t c = 0; c < spec.class_weights.size(); ++c) weight[c] = spec.class_weights[c];
  at::Tensor log_p = at::log_softmax(logits.contiguous(), 1), p = at::exp(log_p);
  Sweep s = first_sweep<T>(spec, {log_p.data_ptr<T>(), labels.data_ptr<uint8_t>()}, patches, classes, voxels, weight, p.data_ptr<T>());
  log_p = at::Tensor();
  bool pure_entropy = spec.kind == "ce" || spec.kind == "deepmedic", both = spec.kind == "dice_ce";
  double ce = s.counted_weight > 0 ? s.cross_entropy / s.counted_weight : 0;
  double dice_weight = both ? spec.dice_weight : pure_entropy ? 0 : 1, ce_weight = both ? spec.ce_weight : pure_entropy ? 1 : 0, dice = 0;
  std::vector<Slopes> slopes(s.sums.size());
  if (dice_weight > 0) dice = spec.kind == "generalized_dice" ? generalized_dice_loss(spec, s, slopes) : dice_loss(spec, s, slopes);
  for (Slopes& slope : slopes) slope.at_truth *= dice_weight, slope.everywhere *= dice_weight;
  if (parts) {
    if (dice_weight > 0) parts->parts.emplace_back("dice", dice);
    if (ce_weight > 0) parts->parts.emplace_back("ce", ce);
  }
  if (want_gradient) second_sweep<T>(spec, s, labels.data_ptr<uint8_t>(), weight, slopes, s.counted_weight > 0 ? ce_weight / s.counted_weight : 0, p.data_ptr<T>());
  return {dice_weight * dice + ce_weight * ce, want_gradient ? p : at::Tensor()};
}

struct HeadLoss : torch::autograd::Function<HeadLoss> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits, const at::Tensor& labels, const LossSpec* spec, LossParts* parts) {
    bool want_gradient = logits.requires_grad();
    Result result = logits.scalar_type() == at::kDouble ? evaluate<double>(*spec, logits, labels, want_gradient, parts)
                                                        : evaluate<float>(*spec, logits, labels, want_gradient, parts);
    if (want_gradient) context->save_for_backward({result.gradient});
    return at::full({}, result.value, logits.options());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& from_above) {
    return {context->get_saved_variables()[0] * from_above[0], at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor head_loss(const LossSpec& spec, const at::Tensor& logits, const at::Tensor& labels, LossParts* parts) {
  if (!spec.class_weights.empty() && int64_t(spec.class_weights.size()) != logits.size(1))
    fail_input(text("loss.class_weights has ", spec.class_weights.size(), " numbers, the network has ", logits.size(1), " classes"));
  if (logits.device() != labels.device()) fail_failure("loss: logits and labels lie on different devices");
  // Off the CPU the few sums travel through a copy; the sweeps above are memory-bound and small beside a training step.
  at::Tensor here = logits.to(logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat).cpu();
  return HeadLoss::apply(here, labels.cpu().contiguous(), &spec, parts);
}

}  // namespace tomograd
