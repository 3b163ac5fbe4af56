#include "nn/head_loss.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/extent.h"
#include "kernels/softmax_loss.h"

namespace tomograd {
namespace {

constexpr int ignored = 255;
constexpr int64_t chunk = 8192;  // voxels of one partial sum; a constant, so that threads do not change the result
constexpr double deepmedic_epsilon = 1e-6;

// What the first sweep over the voxels finds.
struct Sweep {
  int64_t patches = 0, classes = 0, voxels = 0;
  std::vector<ClassSums> sums;                   // [patch][class]: I, P, G and the logarithms
  double counted_weight = 0, cross_entropy = 0;  // sums over all patches
};

template <class T>
ClassSums sums_of_class(const T* p, const T* log_p, const uint8_t* label, int64_t voxels, int c) {
  if constexpr (std::is_same_v<T, float>) return softmax_loss_kernels().sums(p, log_p, label, voxels, c);
  ClassSums s;
  for (int64_t i = 0; i < voxels; ++i) {
    if (label[i] == c) s.inside += p[i], s.truth += 1, s.log_truth += log_p[i];
    if (label[i] != ignored) s.predicted += p[i];
  }
  return s;
}

void check_labels(const uint8_t* label, int64_t count, int64_t classes, double known) {
  if (known == double(count)) return;
  for (int64_t i = 0; i < count; ++i)
    if (label[i] != ignored && label[i] >= classes) fail_failure(text("a label is ", int(label[i]), ", the network has ", classes, " classes"));
}

// DeepMedic's cross-entropy is of p + 1e-6, which log p does not give.
template <class T>
double deepmedic_entropy(const T* p, const uint8_t* label, int64_t voxels, int64_t from, int64_t to, const std::vector<double>& weight) {
  double sum = 0;
  for (int64_t i = from; i < to; ++i)
    if (label[i] != ignored) sum -= weight[label[i]] * std::log(double(p[label[i] * voxels + i]) + deepmedic_epsilon);
  return sum;
}

template <class T>
Sweep first_sweep(const LossSpec& spec, const T* log_p, const T* p, const uint8_t* labels, int64_t patches, int64_t classes, int64_t voxels,
                  const std::vector<double>& weight) {
  Sweep s{patches, classes, voxels, std::vector<ClassSums>(size_t(patches * classes)), 0, 0};
  bool deepmedic = spec.kind == "deepmedic";
  int64_t chunks = ceil_div(voxels, chunk), total = patches * chunks;
  std::vector<ClassSums> part(size_t(total * classes));
  std::vector<double> entropy(size_t(total), 0.0);
  at::parallel_for(0, total, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t patch = t / chunks, from = t % chunks * chunk, count = std::min(voxels, from + chunk) - from;
      const uint8_t* label = labels + patch * voxels + from;
      double known = double(std::count(label, label + count, uint8_t{ignored}));
      for (int64_t c = 0; c < classes; ++c) {
        int64_t place = (patch * classes + c) * voxels + from;
        known += (part[size_t(t * classes + c)] = sums_of_class(p + place, log_p + place, label, count, int(c))).truth;
      }
      check_labels(label, count, classes, known);
      if (deepmedic) entropy[size_t(t)] = deepmedic_entropy(p + patch * classes * voxels, labels + patch * voxels, voxels, from, from + count, weight);
    }
  });
  for (int64_t t = 0; t < total; ++t) {
    s.cross_entropy += entropy[size_t(t)];
    for (int64_t c = 0; c < classes; ++c) {
      ClassSums& into = s.sums[size_t(t / chunks * classes + c)];
      const ClassSums& add = part[size_t(t * classes + c)];
      into.inside += add.inside, into.predicted += add.predicted, into.truth += add.truth;
      s.counted_weight += add.truth * (deepmedic ? 1 : weight[size_t(c)]);
      if (!deepmedic) s.cross_entropy -= weight[size_t(c)] * add.log_truth;
    }
  }
  return s;
}

// The sweep over all rows of a split batch. A row is swept by one rank alone, so adding up gives every rank the bits of one process;
// what is summed over the voxels of several rows is rounded once more for each rank.
Sweep over_ranks(const Sweep& own, const BatchShare& share) {
  int64_t width = own.classes * 3;
  at::Tensor sums = at::zeros({share.all * width + 2}, at::kDouble);
  double* place = sums.data_ptr<double>();
  if (!share.idle()) {
    for (size_t i = 0; i < own.sums.size(); ++i) {
      double* of_class = place + share.first * width + int64_t(i) * 3;
      of_class[0] = own.sums[i].inside, of_class[1] = own.sums[i].predicted, of_class[2] = own.sums[i].truth;
    }
    place[share.all * width] = own.counted_weight, place[share.all * width + 1] = own.cross_entropy;
  }
  share.ranks->add_up(sums);
  place = sums.data_ptr<double>();
  Sweep all{share.all, own.classes, own.voxels, std::vector<ClassSums>(size_t(share.all * own.classes)), place[share.all * width], place[share.all * width + 1]};
  for (size_t i = 0; i < all.sums.size(); ++i) all.sums[i].inside = place[3 * i], all.sums[i].predicted = place[3 * i + 1], all.sums[i].truth = place[3 * i + 2];
  return all;
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

// Slopes of the rows that are here; an idle rank's one row has none, as its voxels are not counted.
std::vector<Slopes> own_rows(const std::vector<Slopes>& all, const Sweep& own, const BatchShare& share) {
  std::vector<Slopes> rows(own.sums.size());
  if (!share.idle()) std::copy_n(all.begin() + share.first * own.classes, rows.size(), rows.begin());
  return rows;
}

template <class T>
void add_mix(const T* p, const uint8_t* label, int64_t voxels, int c, const Slopes& slope, T* mix) {
  T a = T(slope.everywhere), b = T(slope.at_truth);
  if constexpr (std::is_same_v<T, float>) return softmax_loss_kernels().add_mix(p, label, voxels, c, a, b, mix);
  for (int64_t i = 0; i < voxels; ++i) mix[i] += p[i] * (a + (label[i] == c ? b : T(0)));
}

template <class T>
void to_gradient(T* p, const uint8_t* label, int64_t voxels, int c, const Slopes& slope, const T* mix, const T* entropy) {
  T a = T(slope.everywhere), b = T(slope.at_truth);
  if constexpr (std::is_same_v<T, float>) return softmax_loss_kernels().gradient(p, label, voxels, c, a, b, mix, entropy);
  for (int64_t i = 0; i < voxels; ++i) {
    T is = label[i] == c ? T(1) : T(0), counted = label[i] == ignored ? T(0) : T(1);
    p[i] = counted * p[i] * (a + is * b - mix[i]) + entropy[i] * (p[i] - is);
  }
}

// p becomes d loss / d logits in place: softmax's Jacobian turns slopes a into p (a - sum_k p_k a_k).
template <class T>
void second_sweep(const LossSpec& spec, const Sweep& s, const uint8_t* labels, const std::vector<double>& weight, const std::vector<Slopes>& slopes,
                  double ce_share, T* p) {
  bool deepmedic = spec.kind == "deepmedic";
  int64_t chunks = ceil_div(s.voxels, chunk);
  at::parallel_for(0, s.patches * chunks, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> mix(size_t(std::min(chunk, s.voxels))), ce(mix.size()), share(256, T(0));  // share[ignored] stays 0
    for (int c = 0; c < ignored; ++c) share[size_t(c)] = T(ce_share * weight[size_t(c)]);
    for (int64_t t = begin; t < end; ++t) {
      int64_t n = t / chunks, from = t % chunks * chunk, count = std::min(s.voxels, from + chunk) - from;
      const uint8_t* label = labels + n * s.voxels + from;
      T* block = p + n * s.classes * s.voxels + from;
      for (int64_t i = 0; i < count; ++i) {
        mix[size_t(i)] = 0;
        ce[size_t(i)] = share[label[i]];
        if (deepmedic && label[i] != ignored) {
          T true_p = block[label[i] * s.voxels + i];  // -log(p + e) has the slope of cross-entropy times p / (p + e)
          ce[size_t(i)] *= true_p / (true_p + T(deepmedic_epsilon));
        }
      }
      for (int64_t c = 0; c < s.classes; ++c) add_mix(block + c * s.voxels, label, count, int(c), slopes[size_t(n * s.classes + c)], mix.data());
      for (int64_t c = 0; c < s.classes; ++c) to_gradient(block + c * s.voxels, label, count, int(c), slopes[size_t(n * s.classes + c)], mix.data(), ce.data());
    }
  });
}

struct Result { double value = 0; at::Tensor gradient; };

template <class T>
Result evaluate(const LossSpec& spec, const at::Tensor& logits, const at::Tensor& labels, bool want_gradient, LossParts* parts, const BatchShare& share) {
  int64_t patches = logits.size(0), classes = logits.size(1), voxels = labels.numel() / std::max<int64_t>(1, patches);
  std::vector<double> weight(256, 1.0);
  for (size_t c = 0; c < spec.class_weights.size(); ++c) weight[c] = spec.class_weights[c];
  at::Tensor log_p = at::log_softmax(logits.contiguous(), 1), p = at::exp(log_p);
  Sweep own = first_sweep<T>(spec, log_p.data_ptr<T>(), p.data_ptr<T>(), labels.data_ptr<uint8_t>(), patches, classes, voxels, weight);
  log_p = at::Tensor();
  const Sweep s = share.split() ? over_ranks(own, share) : own;
  bool pure_entropy = spec.kind == "ce" || spec.kind == "deepmedic", both = spec.kind == "dice_ce";
  double ce = s.counted_weight > 0 ? s.cross_entropy / s.counted_weight : 0;
  double dice_weight = both ? spec.dice_weight : pure_entropy ? 0 : 1, ce_weight = both ? spec.ce_weight : pure_entropy ? 1 : 0, dice = 0;
  std::vector<Slopes> slopes(s.sums.size());
  if (dice_weight > 0) dice = spec.kind == "generalized_dice" ? generalized_dice_loss(spec, s, slopes) : dice_loss(spec, s, slopes);
  if (share.split()) slopes = own_rows(slopes, own, share);
  for (Slopes& slope : slopes) slope.at_truth *= dice_weight, slope.everywhere *= dice_weight;
  if (parts) {
    if (dice_weight > 0) parts->parts.emplace_back("dice_loss", dice);
    if (ce_weight > 0) parts->parts.emplace_back("cross_entropy", ce);
  }
  if (want_gradient) second_sweep<T>(spec, own, labels.data_ptr<uint8_t>(), weight, slopes, s.counted_weight > 0 ? ce_weight / s.counted_weight : 0, p.data_ptr<T>());
  return {dice_weight * dice + ce_weight * ce, want_gradient ? p : at::Tensor()};
}

struct HeadLoss : torch::autograd::Function<HeadLoss> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits, const at::Tensor& labels, const LossSpec* spec, LossParts* parts,
                            const BatchShare* share) {
    bool want_gradient = logits.requires_grad();
    Result result = logits.scalar_type() == at::kDouble ? evaluate<double>(*spec, logits, labels, want_gradient, parts, *share)
                                                        : evaluate<float>(*spec, logits, labels, want_gradient, parts, *share);
    if (want_gradient) context->save_for_backward({result.gradient});
    return at::full({}, result.value, logits.options());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& from_above) {
    return {context->get_saved_variables()[0] * from_above[0], at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor head_loss(const LossSpec& spec, const at::Tensor& logits, const at::Tensor& labels, LossParts* parts, const BatchShare& share) {
  if (!spec.class_weights.empty() && int64_t(spec.class_weights.size()) != logits.size(1))
    fail_input(text("loss.class_weights has ", spec.class_weights.size(), " numbers, the network has ", logits.size(1), " classes"));
  if (logits.device() != labels.device()) fail_failure("loss: logits and labels lie on different devices");
  // Off the CPU the few sums travel through a copy; the sweeps above are memory-bound and small beside a training step.
  at::Tensor here = logits.to(logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat).cpu();
  return HeadLoss::apply(here, labels.cpu().contiguous(), &spec, parts, &share);
}

}  // namespace tomograd
