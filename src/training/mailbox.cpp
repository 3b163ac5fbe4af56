#include "training/mailbox.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

#include "base/clock.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t count_at = 64, gone_at = 128, first_slot_at = 4096;
constexpr int turns_before_sleeping = 2000;      // some microseconds

using Count = std::atomic<uint32_t>;
Count& number_at(const SharedMemory& memory, int64_t rank, int64_t place) { return *reinterpret_cast<Count*>(static_cast<char*>(memory.of(rank)) + place); }

// Two slots in turns: who writes into one again has seen all others begin the sum in between, so they have read it.
char* slot_of(const SharedMemory& memory, int64_t rank, uint32_t sum) { return static_cast<char*>(memory.of(rank)) + first_slot_at + int64_t(sum % 2) * Mailbox::capacity; }

void sleep_while(Count& count, uint32_t value) {
  timespec at_most{0, 50'000'000};
  ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&count), FUTEX_WAIT, value, &at_most, nullptr, 0);
}

void wake_who_waits_for(Count& count) { ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&count), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

}  // namespace

std::unique_ptr<Mailbox> Mailbox::make(RankGroup& group) {
  auto memory = SharedMemory::make(group, first_slot_at + 2 * capacity);
  if (!memory) return nullptr;
  return std::unique_ptr<Mailbox>(new Mailbox(std::move(memory), group.place().rank, group.place().ranks));
}

Mailbox::~Mailbox() {
  number_at(*memory_, rank_, gone_at).store(1, std::memory_order_release);
  wake_who_waits_for(number_at(*memory_, rank_, count_at));
}

bool Mailbox::fits(const at::Tensor& values) { return values.is_cpu() && values.is_contiguous() && values.numel() * values.element_size() <= capacity; }

void Mailbox::wait_for(int64_t rank, double patience_seconds) {
  Count &count = number_at(*memory_, rank, count_at), &gone = number_at(*memory_, rank, gone_at);
  auto there = [&] { return int32_t(count.load(std::memory_order_acquire) - sum_) >= 0; };
  for (int turn = 0; turn < turns_before_sleeping; ++turn)
    if (there()) return;
  for (double began = system_clock().monotonic_seconds(); !there();) {
    uint32_t seen = count.load(std::memory_order_acquire);
    if (int32_t(seen - sum_) >= 0) return;
    sleep_while(count, seen);
    bool ended = gone.load(std::memory_order_acquire) || (::kill(memory_->process_of(rank), 0) != 0 && errno == ESRCH);
    if (there()) return;                         // it came, and then it ended
    if (ended || system_clock().monotonic_seconds() - began > patience_seconds)
      fail_failure(text(rank_lost_message, " (rank ", rank, ended ? " has ended)" : " did not come in time)"), "what that one said tells why; train --resume goes on from the last checkpoint");
  }
}

void Mailbox::add_up(at::Tensor& values, double patience_seconds) {
  ++sum_;
  std::memcpy(slot_of(*memory_, rank_, sum_), values.const_data_ptr(), size_t(values.numel() * values.element_size()));
  Count& own = number_at(*memory_, rank_, count_at);
  own.store(sum_, std::memory_order_release);
  wake_who_waits_for(own);
  for (int64_t r = 0; r < ranks_; ++r) {
    if (r != rank_) wait_for(r, patience_seconds);
    at::Tensor theirs = at::from_blob(slot_of(*memory_, r, sum_), values.sizes(), values.options());
    if (r == 0) values.copy_(theirs);
    else values.add_(theirs);
  }
}

}  // namespace tomograd
