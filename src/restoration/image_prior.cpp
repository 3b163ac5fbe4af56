#include "restoration/image_prior.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "restoration/copy_box.h"
#include "restoration/stopping.h"

namespace tomograd {
namespace {

std::vector<std::string> code_channel_names(int64_t count) {
  std::vector<std::string> names;
  for (int64_t c = 0; c < count; ++c) names.push_back(text("code", c));
  return names;
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

OptimizerSpec adam_of(const RestoreSpec& spec, double average) {
  OptimizerSpec optimizer;
  optimizer.kind = "adam";
  optimizer.learning_rate = spec.learning_rate;
  optimizer.weight_decay = 0;
  optimizer.average = average;
  return optimizer;
}

double psnr_of(double mean_square) { return mean_square == 0 ? std::numeric_limits<double>::infinity() : -10 * std::log10(mean_square); }

ImagePrior::ImagePrior(const RestoreSpec& spec, const RestorePlan& plan, const ObservedVoxels& observation, Precision precision)
    : spec_(spec), plan_(plan), observation_(observation), profile_(slice_profile(spec.profile, spec.task == "superres" ? spec.factor : 1, plan.axis)),
      network_(plan.graph, uint64_t(spec.seed), code_channel_names(plan.graph.in_channels())), optimizer_(adam_of(spec, 0), network_.parameters()),
      lbfgs_(network_.parameters()), saved_lbfgs_(lbfgs_), image_(spec, profile_, plan.observed.size, observation.voxels.data(), observation.use.empty() ? nullptr : observation.use.data()), code_(spec, plan.restored.size, image_),
      code_type_(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat), tiles_(size_t(plan.tiles.count())) {
  network_.set_precision(precision);
  network_.use_recomputing(spec_.recompute);
  seen_size_ = profile_.seen(plan.tiles.tile);
  if (!profile_.is_identity()) seen_ = Buffer<float>(seen_size_.voxels());
  if (tiles_.size() > 1) part_voxels_ = Buffer<float>(seen_size_.voxels());
  if (image_.hides() || (tiles_.size() > 1 && !observation.use.empty())) part_use_ = Buffer<uint8_t>(seen_size_.voxels());
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
  saved_weights_.save(network_.parameters());
  if (spec_.optimizer == "lbfgs") saved_lbfgs_.load(lbfgs_.state());
  else saved_moments_.save(optimizer_.state());
}

void ImagePrior::take_back() {
  network_.load(saved_weights_.by_name(), true);
  if (spec_.optimizer == "lbfgs") lbfgs_.load(saved_lbfgs_.state());
  else optimizer_.load(saved_moments_.by_name());
}

bool ImagePrior::accepts(Tile& tile, const DataErrors& errors, double psnr) {
  bool worse = tile.accepted > 0 && spec_.backtrack_db > 0 && psnr < tile.psnr - spec_.backtrack_db;
  bool accepted = backtracking_.accepts(std::isfinite(errors.squared), worse, !saved_weights_.empty(), iteration_);
  if (accepted) tile.psnr = psnr;
  return accepted;
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

ImagePrior::Evaluation ImagePrior::evaluate(int64_t index, int64_t iteration) {
  const Tile& tile = tiles_[size_t(index)];
  Extent begin = plan_.crop_begin(), size = plan_.tiles.tile;
  Box box = plan_.tiles.box(index);
  Evaluation at;
  at.field = network_.forward(code_.at({box.begin, plan_.field}, box.begin - begin, iteration, code_type_), true, iteration)[0];
  Window part = observed_part(index);
  at.output = cropped(at.field.detach(), begin, size).contiguous();
  at.slopes = at::empty_like(at.output);
  float *values = at.output.data_ptr<float>(), *slopes = at.slopes.data_ptr<float>();
  if (!profile_.is_identity()) {
    apply(profile_, size, values, seen_.data());
    at.errors = data_errors(observation_.term, seen_.data(), part.voxels, part.use, seen_size_.voxels(), tile.fitted, seen_.data());
    apply_transposed(profile_, size, seen_.data(), slopes);
  } else if (image_.hides()) {
    if (!part.use) std::fill(part_use_.begin(), part_use_.end(), uint8_t(VoxelUse::fitted));
    else if (part.use != part_use_.data()) std::copy(part.use, part.use + seen_size_.voxels(), part_use_.begin());
    int64_t fitted = image_.fit_hidden(box, iteration, part_use_.data());
    at.errors = data_errors(observation_.term, values, part.voxels, part_use_.data(), seen_size_.voxels(), fitted, slopes);
  } else {
    at.errors = data_errors(observation_.term, values, part.voxels, part.use, seen_size_.voxels(), tile.fitted, slopes);
  }
  return at;
}

void ImagePrior::backward(Evaluation& at) {
  at::Tensor whole = at.slopes;
  if (!(plan_.field == plan_.tiles.tile)) {
    whole = at::zeros_like(at.field, at::MemoryFormat::Contiguous);
    cropped(whole, plan_.crop_begin(), plan_.tiles.tile).copy_(at.slopes);
  }
  at.output = at::Tensor(), at.slopes = at::Tensor();
  optimizer_.zero_gradients();
  at.field.backward(whole);
}

void ImagePrior::move(int64_t index, Evaluation& at) {
  int64_t iteration = iteration_ - 1;            // whose function it is
  double loss = at.errors.loss;
  backward(at);
  at.field = at::Tensor();
  if (spec_.optimizer == "adam") {
    optimizer_.step(spec_.learning_rate);
    return;
  }
  lbfgs_.step(spec_.learning_rate, loss, [&](bool gradients) {
    at::AutoGradMode grad_mode(gradients);
    Evaluation there = evaluate(index, iteration);
    double value = there.errors.loss;
    if (gradients) backward(there);
    return value;
  });
}

FitStep ImagePrior::step() {
  int64_t index = iteration_ % int64_t(tiles_.size());
  Tile& tile = tiles_[size_t(index)];
  Evaluation at = evaluate(index, iteration_);
  ++iteration_;
  FitStep step;
  step.psnr = psnr_of(tile.fitted > 0 ? at.errors.squared : 0);
  step.round_over = index + 1 == int64_t(tiles_.size());
  step.accepted = accepts(tile, at.errors, step.psnr);
  if (!step.accepted) {
    take_back();
    return step;
  }
  average_in(tile, at.output.data_ptr<float>(), observed_part(index));
  if (tile.fitted == 0) return step;
  save();
  move(index, at);
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

void ImagePrior::write(bool best, float* into) {
  std::fill(into, into + plan_.restored.size.voxels(), 0.0f);
  for (size_t i = 0; i < tiles_.size(); ++i)
    if (tiles_[i].accepted > 0) plan_.tiles.add(int64_t(i), (best && !tiles_[i].best.empty() ? tiles_[i].best : tiles_[i].average).data(), into);
}

}  // namespace tomograd
