#include "restoration/image_prior.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "restoration/stopping.h"

namespace tomograd {
namespace {

// With so many rejections in a row the accepted output is the odd one (or, with tiles, out of date): what is there now is taken.
constexpr int64_t most_rejections = 20;

std::vector<std::string> code_channel_names(int64_t count) {
  std::vector<std::string> names;
  for (int64_t c = 0; c < count; ++c) names.push_back(text("code", c));
  return names;
}

OptimizerSpec adam(const RestoreSpec& spec) {
  OptimizerSpec optimizer;
  optimizer.kind = "adam";
  optimizer.learning_rate = spec.learning_rate;
  optimizer.weight_decay = 0;
  return optimizer;
}

void copy_or_clone(NamedTensors& into, const NamedTensors& from) {
  torch::NoGradGuard no_grad;
  if (into.empty())
    for (const auto& [name, tensor] : from) into.emplace_back(name, tensor.detach().clone());
  else
    for (size_t i = 0; i < from.size(); ++i) into[i].second.copy_(from[i].second);
}

std::map<std::string, at::Tensor> by_name(const NamedTensors& tensors) { return {tensors.begin(), tensors.end()}; }

template <class T>
void copy_box(const T* from, Extent size, const Box& box, T* to) {
  for (int64_t z = 0; z < box.size.z; ++z)
    for (int64_t y = 0; y < box.size.y; ++y)
      std::memcpy(to + (z * box.size.y + y) * box.size.x, from + ((box.begin.z + z) * size.y + box.begin.y + y) * size.x + box.begin.x, size_t(box.size.x) * sizeof(T));
}

at::Tensor cropped(const at::Tensor& field, Extent begin, Extent size) {
  return field.narrow(2, begin.z, size.z).narrow(3, begin.y, size.y).narrow(4, begin.x, size.x);
}

Box seen_box(const SliceProfile& profile, Box thin) {
  thin.begin[profile.axis] /= profile.factor;
  thin.size[profile.axis] /= profile.factor;
  return thin;
}

}  // namespace

double psnr_of(double mean_square) { return mean_square == 0 ? std::numeric_limits<double>::infinity() : -10 * std::log10(mean_square); }

ImagePrior::ImagePrior(const RestoreSpec& spec, const RestorePlan& plan, const ObservedVoxels& observation, Precision precision)
    : spec_(spec), plan_(plan), observation_(observation), profile_(slice_profile(spec.profile, spec.task == "superres" ? spec.factor : 1, plan.axis)),
      network_(plan.graph, uint64_t(spec.seed), code_channel_names(plan.graph.in_channels())), optimizer_(adam(spec), network_.parameters()), code_(spec, plan.restored.size),
      code_type_(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat), tiles_(size_t(plan.tiles.count())) {
  network_.set_precision(precision);
  network_.use_recomputing(spec_.recompute);
  seen_size_ = profile_.seen(plan.tiles.tile);
  if (!profile_.is_identity()) seen_ = Buffer<float>(seen_size_.voxels());
  if (tiles_.size() > 1) {
    part_voxels_ = Buffer<float>(seen_size_.voxels());
    if (!observation.use.empty()) part_use_ = Buffer<uint8_t>(seen_size_.voxels());
  }
  for (size_t i = 0; i < tiles_.size(); ++i) {
    tiles_[i].average = Buffer<float>(plan.tiles.tile.voxels());
    tiles_[i].fitted = count_fitted(observed_part(int64_t(i)).use, seen_size_.voxels());
  }
}

ImagePrior::Window ImagePrior::observed_part(int64_t tile) {
  bool uses = !observation_.use.empty();
  if (tiles_.size() == 1) return {observation_.voxels.data(), uses ? observation_.use.data() : nullptr};
  Box box = seen_box(profile_, plan_.tiles.box(tile));
  copy_box(observation_.voxels.data(), plan_.observed.size, box, part_voxels_.data());
  if (uses) copy_box(observation_.use.data(), plan_.observed.size, box, part_use_.data());
  return {part_voxels_.data(), uses ? part_use_.data() : nullptr};
}

void ImagePrior::save() {
  copy_or_clone(saved_weights_, network_.parameters());
  copy_or_clone(saved_moments_, optimizer_.state());
}

void ImagePrior::take_back() {
  network_.load(by_name(saved_weights_), true);
  optimizer_.load(by_name(saved_moments_));
}

bool ImagePrior::accepts(Tile& tile, double squared, double psnr) {
  bool worse = tile.accepted > 0 && spec_.backtrack_db > 0 && psnr < tile.psnr - spec_.backtrack_db;
  if (std::isfinite(squared) && (!worse || rejected_in_a_row_ >= most_rejections)) {
    rejected_in_a_row_ = 0;
    tile.psnr = psnr;
    return true;
  }
  ++taken_back_;
  if (++rejected_in_a_row_ > most_rejections || saved_weights_.empty()) fail_failure(text("the network's output is not finite at iteration ", iteration_), "lower learning_rate");
  return false;
}

void ImagePrior::average_in(Tile& tile, const float* output, const Window& seen_by) {
  double t = double(tile.accepted++), share = t == 0 ? 1 : 1 - std::min(spec_.average, (1 + t) / (10 + t));
  double moved = update_average(output, tile.average.data(), plan_.tiles.tile.voxels(), share);
  tile.variance = (1 - share) * (tile.variance + share * moved);
  if (!seen_by.use) return;
  const float* seen = tile.average.data();
  if (!profile_.is_identity()) {
    apply(profile_, plan_.tiles.tile, tile.average.data(), seen_.data());
    seen = seen_.data();
  }
  DataErrors errors = data_errors(observation_.term, seen, seen_by.voxels, seen_by.use, seen_size_.voxels(), tile.fitted, nullptr);
  tile.held_out = errors.held_out, tile.held_out_voxels = errors.held_out_voxels;
}

PriorStep ImagePrior::step() {
  int64_t index = iteration_ % int64_t(tiles_.size());
  Tile& tile = tiles_[size_t(index)];
  Extent begin = plan_.crop_begin(), size = plan_.tiles.tile;
  at::Tensor field = network_.forward(code_.at({plan_.tiles.box(index).begin, plan_.field}, iteration_, code_type_), true, iteration_)[0];
  ++iteration_;
  Window part = observed_part(index);
  at::Tensor output = cropped(field.detach(), begin, size).contiguous();
  at::Tensor gradient = at::empty_like(output);
  float *values = output.data_ptr<float>(), *slopes = gradient.data_ptr<float>();
  DataErrors errors;
  if (profile_.is_identity()) {
    errors = data_errors(observation_.term, values, part.voxels, part.use, seen_size_.voxels(), tile.fitted, slopes);
  } else {
    apply(profile_, size, values, seen_.data());
    errors = data_errors(observation_.term, seen_.data(), part.voxels, part.use, seen_size_.voxels(), tile.fitted, seen_.data());
    apply_transposed(profile_, size, seen_.data(), slopes);
  }
  PriorStep step;
  step.psnr = psnr_of(tile.fitted > 0 ? errors.squared : 0);
  step.round_over = index + 1 == int64_t(tiles_.size());
  step.accepted = accepts(tile, errors.squared, step.psnr);
  if (!step.accepted) {
    take_back();
    return step;
  }
  average_in(tile, values, part);
  if (tile.fitted == 0) return step;
  save();
  at::Tensor whole = gradient;
  if (!(plan_.field == size)) {
    whole = at::zeros_like(field, at::MemoryFormat::Contiguous);
    cropped(whole, begin, size).copy_(gradient);
  }
  output = at::Tensor(), gradient = at::Tensor();
  optimizer_.zero_gradients();
  field.backward(whole);
  optimizer_.step(spec_.learning_rate);
  return step;
}

double ImagePrior::variance() const {
  double sum = 0;
  for (const Tile& tile : tiles_) sum += tile.variance;
  return sum / double(tiles_.size());
}

double ImagePrior::held_out_loss() const {
  double sum = 0, voxels = 0;
  for (const Tile& tile : tiles_) sum += tile.held_out * double(tile.held_out_voxels), voxels += double(tile.held_out_voxels);
  return voxels > 0 ? sum / voxels : std::numeric_limits<double>::quiet_NaN();
}

void ImagePrior::keep_best() {
  for (Tile& tile : tiles_) {
    if (tile.best.empty()) tile.best = Buffer<float>(tile.average.size());
    std::copy(tile.average.begin(), tile.average.end(), tile.best.begin());
  }
}

void ImagePrior::write(bool best, float* into) const {
  std::fill(into, into + plan_.restored.size.voxels(), 0.0f);
  for (size_t i = 0; i < tiles_.size(); ++i)
    if (tiles_[i].accepted > 0) plan_.tiles.add(int64_t(i), (best && !tiles_[i].best.empty() ? tiles_[i].best : tiles_[i].average).data(), into);
}

}  // namespace tomograd
