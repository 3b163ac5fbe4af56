// Gloo's headers are those of Debian's libgloo-dev, its code is libtorch's own: only pointers to Gloo's types pass here, so the
// two need not be of one version, and libgloo is never linked.
#ifdef TOMOGRAD_GLOO
#define USE_C10D_GLOO 1
#endif
#ifdef TOMOGRAD_NCCL
#define USE_C10D_NCCL 1
#endif
#include "training/rank_group.h"

#include <torch/torch.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/error.h"
#include "training/mailbox.h"

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

namespace tomograd {

#ifndef USE_C10D_GLOO

struct RankGroup::State { RankPlace place; };

RankGroup::RankGroup(const RankPlace&) {
  fail_failure("this build cannot split a training over ranks: it was made without Gloo's headers", "install libgloo-dev and build again (scripts/setup.sh does), or train without --ranks");
}
void RankGroup::add_up(at::Tensor&) {}
void RankGroup::begin_adding(at::Tensor&) {}
void RankGroup::finish_adding() {}
void RankGroup::add_up_when_all_are_here(at::Tensor&) {}

#else

namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds patience_at_start = std::chrono::minutes(10), patience_in_a_step = std::chrono::minutes(5), patience_between_steps = std::chrono::hours(24);

// What Gloo says of a lost connection begins with a place in its source and ends with advice; between them are address and reason.
std::string reason_in(const std::string& message) {
  std::string line = message.substr(0, message.find('\n'));
  if (size_t end = line.find("] "); !line.empty() && line[0] == '[' && end != std::string::npos) line.erase(0, end + 2);
  line = line.substr(0, line.find(". "));
  return line.size() <= 300 ? line : line.substr(0, 300) + "...";
}

double seconds(Milliseconds time) { return double(time.count()) * 1e-3; }

template <class Body>
void with_other_ranks(Body&& body) {
  try {
    body();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_failure(text(rank_lost_message, " (", reason_in(error.what()), ")"), "what that one said tells why; train --resume goes on from the last checkpoint");
  }
}

c10::intrusive_ptr<c10d::Store> open_store(const RankPlace& place) {
  c10::intrusive_ptr<c10d::Store> store;
  if (!place.file.empty()) {
    store = c10::make_intrusive<c10d::FileStore>(place.file, int(place.ranks));
  } else {
    c10d::TCPStoreOptions options;
    options.port = uint16_t(place.port);
    options.isServer = place.serves;
    options.numWorkers = size_t(place.ranks);
    options.waitWorkers = false;
    options.timeout = patience_at_start;
    store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
  }
  store->setTimeout(patience_at_start);
  return c10::make_intrusive<c10d::PrefixStore>("tomograd", store);
}

bool on_this_host(const RankPlace& place) { return !place.file.empty() || place.host == "localhost" || place.host.rfind("127.", 0) == 0; }

std::shared_ptr<::gloo::transport::Device> open_device(const RankPlace& place) {
  if (on_this_host(place)) return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");  // nothing leaves the host
  if (!place.interface.empty()) return c10d::ProcessGroupGloo::createDeviceForInterface(place.interface);
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

}  // namespace

// Three groups over the same ranks, so that what one of them waits for cannot stand in the way of another: a batch norm in the
// middle of the backward pass, gradients on their way, and the meeting before each step.
struct RankGroup::State {
  RankPlace place;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Backend> sums, gradients, meetings, gpus;
  std::vector<c10::intrusive_ptr<c10d::Work>> begun;
  std::unique_ptr<Mailbox> mailbox;              // null: not all ranks are on this host

  c10::intrusive_ptr<c10d::Backend> gloo(const std::string& name, Milliseconds patience) {
    auto options = c10d::ProcessGroupGloo::Options::create(patience);
    options->threads = 1;                        // one after the other, in the order in which they were begun
    options->devices.push_back(open_device(place));
    return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>(name, store), int(place.rank), int(place.ranks), options);
  }

  c10d::Backend& for_tensor(const at::Tensor& values, const c10::intrusive_ptr<c10d::Backend>& of_cpus) {
    if (values.is_cpu()) return *of_cpus;
#ifdef USE_C10D_NCCL
    if (!gpus) gpus = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>("gpus", store), int(place.rank), int(place.ranks));
    return *gpus;
#else
    fail_failure("this build cannot split a training on GPUs over ranks: it was made without NCCL's headers", "build with a CUDA wheel of torch and its nvidia-nccl package, or use --device cpu");
#endif
  }

  void add(c10d::Backend& group, at::Tensor& values) {
    std::vector<at::Tensor> list = {values};
    group.allreduce(list)->wait();
  }
};

RankGroup::RankGroup(const RankPlace& place) : state_(new State{place, {}, {}, {}, {}, {}, {}, {}}) {
  State& s = *state_;
  with_context(text("rank ", place.rank, " of ", place.ranks, " waiting for the others", place.file.empty() ? text(" at ", place.host, ":", place.port) : ""), [&] {
    with_other_ranks([&] {
      s.store = open_store(place);
      s.sums = s.gloo("sums", patience_in_a_step);
      s.gradients = s.gloo("gradients", patience_in_a_step);
      s.meetings = s.gloo("meetings", patience_between_steps);
      if (place.local_ranks == place.ranks) s.mailbox = Mailbox::make(*this);
    });
  });
}

void RankGroup::add_up(at::Tensor& values) {
  if (state_->mailbox && Mailbox::fits(values)) return state_->mailbox->add_up(values, seconds(patience_in_a_step));
  with_other_ranks([&] { state_->add(state_->for_tensor(values, state_->sums), values); });
}

void RankGroup::begin_adding(at::Tensor& values) {
  with_other_ranks([&] {
    std::vector<at::Tensor> list = {values};
    state_->begun.push_back(state_->for_tensor(values, state_->gradients).allreduce(list));
  });
}

void RankGroup::finish_adding() {
  with_other_ranks([&] {
    auto begun = std::move(state_->begun);
    state_->begun.clear();
    for (auto& work : begun) work->wait();
  });
}

void RankGroup::add_up_when_all_are_here(at::Tensor& values) {
  if (state_->mailbox && Mailbox::fits(values)) return state_->mailbox->add_up(values, seconds(patience_between_steps));
  with_other_ranks([&] { state_->add(*state_->meetings, values); });
}

#endif

bool RankGroup::available() {
#ifdef USE_C10D_GLOO
  return true;
#else
  return false;
#endif
}

RankGroup::~RankGroup() = default;
const RankPlace& RankGroup::place() const { return state_->place; }

}  // namespace tomograd
