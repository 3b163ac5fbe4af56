#include "training/gradient_sums.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/torch.h>

#include <functional>

#include "base/error.h"
#include "training/shared_memory.h"

namespace tomograd {
namespace {

struct GradientBucket {
  std::vector<size_t> members;                   // parameters
  int64_t numbers = 0;
  at::Tensor flat;
  size_t arrived = 0;
};

}  // namespace

struct GradientSums::State {
  State(RankGroup& group_, std::vector<std::pair<std::string, at::Tensor>> parameters_) : group(group_), parameters(std::move(parameters_)) {}

  RankGroup& group;
  std::vector<std::pair<std::string, at::Tensor>> parameters;
  std::vector<GradientBucket> buckets;
  std::vector<size_t> bucket_of;
  std::vector<at::Tensor> place;                 // of each parameter in its bucket
  std::vector<bool> has_arrived;
  bool may_share = false;                        // all ranks are on this host, and so are the parameters
  std::shared_ptr<SharedMemory> shared;
  at::Tensor own;                                // all buckets of this rank in a row, where they are shared
  size_t next = 0;                               // bucket that leaves next; on all ranks in the same order
  bool expecting = false;

  at::Tensor buckets_of(int64_t rank) const { return at::from_blob(shared->of(rank), {numbers()}, [keep = shared](void*) {}, plain_options()); }
  at::TensorOptions plain_options() const { return parameters[0].second.options().requires_grad(false); }
  int64_t numbers() const {
    int64_t all = 0;
    for (const GradientBucket& bucket : buckets) all += bucket.numbers;
    return all;
  }

  void allocate() {
    if (may_share) shared = SharedMemory::make(group, numbers() * parameters[0].second.element_size());
    if (shared) own = buckets_of(group.place().rank);
    int64_t begin = 0;
    for (GradientBucket& bucket : buckets) {
      bucket.flat = shared ? own.narrow(0, begin, bucket.numbers) : at::zeros({bucket.numbers}, plain_options());
      begin += bucket.numbers;
      int64_t from = 0;
      for (size_t i : bucket.members) {
        const at::Tensor& parameter = parameters[i].second;
        place[i] = bucket.flat.narrow(0, from, parameter.numel()).view(parameter.sizes());
        from += parameter.numel();
      }
    }
  }

  void arrive(size_t i) {
    if (!expecting) return;
    torch::NoGradGuard no_grad;
    at::Tensor& gradient = parameters[i].second.mutable_grad();
    place[i].copy_(gradient);
    gradient = place[i];                         // what held it until now is free for the rest of the pass
    has_arrived[i] = true;
    ++buckets[bucket_of[i]].arrived;
    if (shared) return;                          // all at once, in the end
    for (; next < buckets.size() && buckets[next].arrived == buckets[next].members.size(); ++next) group.begin_adding(buckets[next].flat);
  }

  void meet() {
    at::Tensor nothing = at::zeros({1}, at::kDouble);
    group.add_up(nothing);
  }

  // Between two meetings nobody writes what another reads.
  void add_up_in_memory() {
    int64_t ranks = group.place().ranks, rank = group.place().rank, all = own.numel();
    auto part = [&](const at::Tensor& whole, int64_t r) { return whole.narrow(0, all * r / ranks, all * (r + 1) / ranks - all * r / ranks); };
    torch::NoGradGuard no_grad;
    std::vector<at::Tensor> of_rank;
    for (int64_t r = 0; r < ranks; ++r) of_rank.push_back(r == rank ? own : buckets_of(r));
    meet();
    at::Tensor mine = part(own, rank);
    if (ranks == 2) {
      at::add_out(mine, part(of_rank[0], rank), part(of_rank[1], rank));
    } else {                                     // in the order of ranks, whose part it ever is
      at::Tensor sum = part(of_rank[0], rank) + part(of_rank[1], rank);
      for (int64_t r = 2; r < ranks; ++r) sum.add_(part(of_rank[size_t(r)], rank));
      mine.copy_(sum);
    }
    meet();
    for (int64_t r = 0; r < ranks; ++r)
      if (r != rank) part(own, r).copy_(part(of_rank[size_t(r)], r));
    meet();
  }
};

namespace {

struct ArrivalHook : torch::autograd::PostAccumulateGradHook {
  explicit ArrivalHook(std::function<void()> then_) : then(std::move(then_)) {}
  void operator()(const torch::autograd::Variable&) override { then(); }
  std::function<void()> then;
};

}  // namespace

GradientSums::GradientSums(RankGroup& group, const std::vector<std::pair<std::string, at::Tensor>>& parameters, int64_t bucket_bytes) : state_(std::make_unique<State>(group, parameters)) {
  State& s = *state_;
  s.bucket_of.resize(parameters.size());
  s.place.resize(parameters.size());
  s.may_share = !parameters.empty() && group.place().local_ranks == group.place().ranks;
  for (const auto& [name, parameter] : parameters) s.may_share = s.may_share && parameter.is_cpu() && parameter.scalar_type() == parameters[0].second.scalar_type();
  for (size_t i = parameters.size(); i-- > 0;) {
    const at::Tensor& parameter = parameters[i].second;
    if (s.buckets.empty() || (s.buckets.back().numbers + parameter.numel()) * parameter.element_size() > bucket_bytes) s.buckets.emplace_back();
    s.bucket_of[i] = s.buckets.size() - 1;
    s.buckets.back().members.push_back(i);
    s.buckets.back().numbers += parameter.numel();
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<ArrivalHook>([state = state_.get(), i] { state->arrive(i); }));
  }
}

GradientSums::~GradientSums() {
  for (auto& [name, parameter] : state_->parameters) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

void GradientSums::expect() {
  State& s = *state_;
  if (!s.buckets.empty() && !s.buckets[0].flat.defined()) s.allocate();
  for (GradientBucket& bucket : s.buckets) bucket.arrived = 0;
  s.has_arrived.assign(s.parameters.size(), false);
  s.next = 0;
  s.expecting = true;
}

void GradientSums::finish() {
  State& s = *state_;
  s.expecting = false;
  for (size_t i = 0; i < s.parameters.size(); ++i)
    if (!s.has_arrived[i]) fail_failure(text("parameter ", s.parameters[i].first, " has no gradient"));
  if (s.shared) s.add_up_in_memory();
  else s.group.finish_adding();
}

}  // namespace tomograd
