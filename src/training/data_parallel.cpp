#include "training/data_parallel.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "spec/text_formats.h"
#include "training/nowhere_env.h"

namespace tomograd {
namespace {

// What must be the same on all ranks, in 64 bits. Where the data lie, which of its GPUs a host gives and how many threads it has may differ.
int64_t fingerprint_of(Network& network, RunSpec spec, const Value& inputs, int64_t step) {
  spec.out = spec.data = "";
  spec.device = spec.device.substr(0, spec.device.find(':'));
  spec.threads = 0;
  std::string all = to_toml(spec_to_value(spec)) + to_json(inputs) + text(step);
  for (const auto& [name, tensor] : network.state()) {
    double sum = tensor.detach().to(at::kDouble).abs().sum().item<double>();
    all.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  }
  std::string digest = digest_of(all);
  return int64_t(std::stoull(digest.substr(digest.size() - 15), nullptr, 16));
}

}  // namespace

BatchShare share_of(int64_t rank, int64_t ranks, int64_t batch) {
  BatchShare share;
  share.first = batch * rank / ranks;
  share.count = batch * (rank + 1) / ranks - share.first;
  share.all = batch;
  return share;
}

DataParallel::DataParallel(RankGroup* group, int64_t batch) : group_(group) {
  share_ = group ? share_of(group->place().rank, group->place().ranks, batch) : share_of(0, 1, batch);
  share_.ranks = group;
  if (group && leads() && batch < group->place().ranks)
    warn(text("sampling.batch is ", batch, ": ", group->place().ranks - batch, " of ", group->place().ranks, " ranks have no patch to learn from"));
}

bool DataParallel::leads() const { return !group_ || group_->place().rank == 0; }

RunSpec DataParallel::own(RunSpec spec) const {
  if (!group_) return spec;
  spec.sampling.batch = std::max<int64_t>(1, share_.count);
  if (share_.idle()) spec.sampling.workers = 0;  // nobody takes what they would make
  return spec;
}

Env& DataParallel::records(Env& env) const { return leads() ? env : nowhere_env(); }
// Buckets of gradients, and those of the others on this host as far as they are read here (training/gradient_sums.h).
int64_t DataParallel::bytes(int64_t parameters) const { return group_ ? 4 * parameters * group_->place().local_ranks : 0; }

void DataParallel::record(Value& manifest, const std::optional<Value>& before) const {
  int64_t ranks = group_ ? group_->place().ranks : 1, were = 1;
  if (group_) manifest["ranks"] = ranks;
  if (!before) return;
  if (const Value* recorded = before->find("ranks")) were = recorded->as_integer();
  if (were != ranks && leads())
    warn(text("this run was begun with ", were, were == 1 ? " rank" : " ranks", " and goes on with ", ranks, ": the same patches in the same order, but from here on its bits differ from those of a run that is not interrupted"));
}

void DataParallel::begin(Network& network, const RunSpec& spec, const Value& inputs, int64_t step) {
  if (!group_) return;
  const RankPlace& place = group_->place();
  at::Tensor all = at::zeros({place.ranks}, at::kLong);
  all[place.rank] = fingerprint_of(network, spec, inputs, step);
  group_->add_up_when_all_are_here(all);
  for (int64_t rank = 1; rank < place.ranks; ++rank)
    if (all[rank].item<int64_t>() != all[0].item<int64_t>())
      fail_usage(text("rank ", rank, " would not train what rank 0 trains: its spec, its input files, its weights or its step differ"),
                 "every rank needs the same RUN.toml, data and run folder and the same kind of processor; name what 'auto' finds on each host, such as --precision");
  network.share_batch(share_);
  sums_.emplace(*group_, network.parameters());
}

Turn DataParallel::agree(const Turn& own) {
  if (!group_) return own;
  if (!leads()) FAILPOINT("train.other_rank_turn");
  at::Tensor all = at::zeros({3}, at::kDouble);
  double* values = all.data_ptr<double>();
  if (leads()) values[0] = own.ends, values[1] = own.position;
  values[2] = own.stops;
  group_->add_up_when_all_are_here(all);
  values = all.data_ptr<double>();
  return {values[0] > 0, values[2] > 0, values[1]};
}

int64_t DataParallel::first_patch(int64_t step_patch) const { return step_patch + (share_.idle() ? 0 : share_.first); }

Batch DataParallel::next(PatchQueue& queue) const {
  Batch batch = queue.next();
  if (!share_.idle()) return batch;
  std::fill(batch.images.begin(), batch.images.end(), 0.0f);
  std::fill(batch.labels.begin(), batch.labels.end(), uint8_t{255});
  return batch;
}

void DataParallel::backward(const at::Tensor& loss, bool last) {
  if (sums_ && last) sums_->expect();
  loss.backward();
  if (sums_ && last) sums_->finish();
}

}  // namespace tomograd
