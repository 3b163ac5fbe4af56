#include "restoration/plane_fit.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/random.h"
#include "volume/cubic_slices.h"

namespace tomograd {
namespace {

constexpr int64_t iterations_of_a_round = 10;    // between looks at the held-out slices, which cost a third of a batch each
// Adam's first steps move every weight by the learning rate, and all of them together throw an output that starts at interpolation 10 dB below it.
constexpr int64_t warm_up = 100;
constexpr double recovery = 1.02;                // of the pace, by each step that is not taken back

// Said to be channels last, as all that convolutions make of it then is; with one channel the memory is the same.
at::Tensor planes_of(int64_t planes, int64_t rows, int64_t width) { return at::empty({planes, 1, 1, rows, width}, at::TensorOptions().memory_format(at::MemoryFormat::ChannelsLast3d)); }

}  // namespace

PlaneFit::PlaneFit(const RestoreSpec& spec, const RestorePlan& plan, const float* voxels, Precision precision)
    : spec_(spec), plan_(plan), voxels_(voxels), profile_(slice_profile(spec.profile, spec.factor, plan.axis)), pairs_(profile_, plan.observed.size, voxels),
      network_(plan.graph, uint64_t(spec.seed), {"slices"}), averaged_(plan.graph, uint64_t(spec.seed), {"slices"}), optimizer_(adam_of(spec, spec.average), network_.parameters()) {
  for (Network* network : {&network_, &averaged_}) network->set_precision(precision);
  network_.use_recomputing(spec.recompute);
  int64_t slices = plan.observed.size[plan.axis];
  int64_t held = spec.stop.rule == "none" ? 0 : std::max<int64_t>(1, int64_t(std::lround(spec.stop.holdout * double(slices))));
  if (held >= slices) fail_input("there is one slice, and with a stopping rule one is held out", "add --stop none");
  fitted_.resize(size_t(slices));
  std::iota(fitted_.begin(), fitted_.end(), 0);
  for (int64_t k = held - 1; k >= 0; --k) {      // evenly spread, and half a distance from both ends
    int64_t slice = (2 * k + 1) * slices / (2 * held);
    held_out_.push_back(slice);
    fitted_.erase(fitted_.begin() + slice);
  }
}

std::vector<PlaneWindow> PlaneFit::drawn() const {
  Random random(uint64_t(spec_.seed), "restoration/planes", uint64_t(iteration_));
  int64_t height = plan_.field.y * spec_.factor, width = plan_.field.x;
  PlaneWindow window;
  window.rows = pairs_.axes()[size_t(random.below(int64_t(pairs_.axes().size())))];
  window.columns = 3 - plan_.axis - window.rows;
  std::vector<PlaneWindow> windows;
  for (int64_t p = 0; p < plan_.planes; ++p) {
    window.plane = fitted_[size_t(random.below(int64_t(fitted_.size())))];
    window.row = random.below(std::max<int64_t>(0, plan_.observed.size[window.rows] - height) / spec_.factor + 1) * spec_.factor;
    window.column = random.below(std::max<int64_t>(0, plan_.observed.size[window.columns] - width) + 1);
    window.rows_backwards = random.chance(0.5), window.columns_backwards = random.chance(0.5);
    windows.push_back(window);
  }
  return windows;
}

PlaneFit::Batch PlaneFit::read(const std::vector<PlaneWindow>& windows) const {
  int64_t rows = plan_.field.y, height = rows * spec_.factor, width = plan_.field.x, planes = int64_t(windows.size());
  Batch batch{planes_of(planes, rows, width), Buffer<float>(planes * height * width), Buffer<float>(planes * height * width)};
  float* coarse = batch.coarse.data_ptr<float>();
  at::parallel_for(0, planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) pairs_.fill(windows[size_t(p)], height, width, coarse + p * rows * width, batch.interpolated.data() + p * height * width, batch.fine.data() + p * height * width);
  });
  return batch;
}

FitStep PlaneFit::step() {
  Batch batch = read(drawn());
  at::Tensor field = network_.forward(batch.coarse, true, iteration_)[0], said = field.detach().contiguous(), slopes = at::empty_like(said);
  PlaneErrors errors = plane_errors({plan_.planes, spec_.factor, plan_.field.y, plan_.field.x}, said.data_ptr<float>(), batch.interpolated.data(), batch.fine.data(), slopes.data_ptr<float>());
  ++iteration_;
  FitStep step;
  step.psnr = psnr_of(errors.squared);
  step.round_over = iteration_ % iterations_of_a_round == 0;
  // Against what interpolation of the volume usually misses: in windows of background it misses nothing, and any output is infinitely worse.
  double allowed = (std::pow(10, spec_.backtrack_db / 10) - 1) * pairs_.interpolation_error();
  bool worse = spec_.backtrack_db > 0 && errors.squared > errors.of_interpolation + allowed && !saved_weights_.empty();
  step.accepted = backtracking_.accepts(std::isfinite(errors.squared), worse, !saved_weights_.empty(), iteration_);
  if (step.accepted) {
    saved_weights_.save(network_.parameters()), saved_moments_.save(optimizer_.state());
    optimizer_.zero_gradients();
    field.backward(slopes);
    optimizer_.step(spec_.learning_rate * pace_ * std::min(1.0, double(iteration_) / double(warm_up)));
    pace_ = std::min(1.0, pace_ * recovery);
  } else {
    pace_ /= 2;
    network_.load(saved_weights_.by_name(), true);
    optimizer_.load(saved_moments_.by_name());
  }
  if (step.round_over && !held_out_.empty()) held_out_loss_ = held_out_error();
  return step;
}

double PlaneFit::held_out_error() {
  NamedTensors weights = optimizer_.averaged();
  averaged_.load({weights.begin(), weights.end()}, true);
  double sum = 0, count = 0;
  for (int rows : pairs_.axes())
    for (int64_t slice : held_out_) {
      PlaneWindow window{rows, 3 - plan_.axis - rows, slice, 0, 0, false, false};
      window.row = std::max<int64_t>(0, plan_.observed.size[rows] - plan_.field.y * spec_.factor) / spec_.factor / 2 * spec_.factor;  // the middle of the slice
      window.column = std::max<int64_t>(0, plan_.observed.size[window.columns] - plan_.field.x) / 2;
      Batch batch = read({window});
      at::Tensor said = averaged_.forward(batch.coarse, false)[0].contiguous();
      sum += plane_errors({1, spec_.factor, plan_.field.y, plan_.field.x}, said.data_ptr<float>(), batch.interpolated.data(), batch.fine.data(), nullptr).squared;
      ++count;
    }
  return sum / count;
}

double PlaneFit::criterion(const std::string& rule) const { return rule == "holdout" ? held_out_loss_ : std::numeric_limits<double>::quiet_NaN(); }

// Planes whose rows are the thick slices.
void PlaneFit::add_planes(int columns_axis, float weight, float* into) {
  Extent seen = plan_.observed.size, thin = plan_.restored.size;
  PlaneWindow window{plan_.axis, columns_axis, 0, 0, 0, false, false};
  int across = window.across();
  int64_t slices = seen[plan_.axis], columns = seen[columns_axis], factor = spec_.factor;
  Extent field = field_for(plan_.graph, {1, slices, columns});
  int64_t at_once = plan_.shown_at_once(field), stride[3] = {thin.y * thin.x, thin.x, 1};
  for (int64_t first = 0; first < seen[across]; first += at_once) {
    int64_t planes = std::min(at_once, seen[across] - first);
    at::Tensor coarse = planes_of(planes, field.y, field.x);
    for (int64_t p = 0; p < planes; ++p) {
      window.plane = first + p;
      copy_window(voxels_, seen, window, field.y, field.x, coarse.data_ptr<float>() + p * field.voxels());
    }
    at::Tensor said = averaged_.forward(std::move(coarse), false)[0].contiguous();
    const float* values = said.data_ptr<float>();
    at::parallel_for(0, planes * slices, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        for (int64_t k = 0; k < factor; ++k) {
          int64_t p = i / slices, r = i % slices;
          const float* from = values + ((p * factor + k) * field.y + r) * field.x;
          float* to = into + (first + p) * stride[across] + (r * factor + k) * stride[plan_.axis];
          for (int64_t c = 0; c < columns; ++c) to[c * stride[columns_axis]] += weight * from[c];
        }
    });
  }
}

void PlaneFit::write(bool best, float* into) {
  NamedTensors weights = optimizer_.averaged();
  averaged_.load(best && has_best() ? best_.by_name() : std::map<std::string, at::Tensor>{weights.begin(), weights.end()}, true);
  cubic_slices(voxels_, plan_.observed.size, plan_.axis, spec_.factor, into);
  for (int axis = 0; axis < 3; ++axis)
    if (axis != plan_.axis) add_planes(axis, 0.5f, into);
}

}  // namespace tomograd
