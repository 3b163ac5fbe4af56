#include "server/decoder_messages.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "spec/error_value.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr uint32_t most_message_text = 32u << 20;
constexpr size_t most_message_files = 16;

struct MessageHead {
  uint32_t kind = 0, text_bytes = 0;
  int64_t voxels = 0;
};

}  // namespace

MessageEnd::~MessageEnd() { ::close(socket_); }

void MessageEnd::end_after(double seconds) { end_ = seconds > 0 ? system_clock().monotonic_seconds() + seconds : 0; }

void MessageEnd::wait_until_readable() {
  while (end_ > 0) {
    const double left = end_ - system_clock().monotonic_seconds();
    if (left <= 0) throw OtherEndLate();
    pollfd one{socket_, POLLIN, 0};
    const int ready = ::poll(&one, 1, int(std::min(3.6e6, std::ceil(left * 1000))));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw OtherEndGone();
  }
}

void MessageEnd::take(void* into, size_t bytes, std::vector<int>* files, size_t most_files) {
  char* to = static_cast<char*>(into);
  while (bytes > 0) {
    wait_until_readable();
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_message_files)];
    iovec place{to, std::min<size_t>(bytes, size_t{1} << 30)};
    msghdr message{};
    message.msg_iov = &place, message.msg_iovlen = 1;
    if (files && most_files > 0) message.msg_control = control, message.msg_controllen = CMSG_SPACE(sizeof(int) * std::min(most_files, most_message_files));
    const ssize_t got = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);   // without room for them files that were sent are closed
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw OtherEndGone();
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); files && part; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
      const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int), before = files->size();
      files->resize(before + count);
      std::memcpy(files->data() + before, CMSG_DATA(part), count * sizeof(int));
    }
    to += got, bytes -= size_t(got);
  }
}

void MessageEnd::give(const void* from, size_t bytes, const std::vector<int>& files) {
  const char* at = static_cast<const char*>(from);
  for (bool first = true; bytes > 0; first = false) {
    ssize_t n = 0;
    if (first && !files.empty()) {
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_message_files)] = {};
      iovec place{const_cast<char*>(at), bytes};
      msghdr message{};
      message.msg_iov = &place, message.msg_iovlen = 1, message.msg_control = control, message.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
      cmsghdr* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET, part->cmsg_type = SCM_RIGHTS, part->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
      std::memcpy(CMSG_DATA(part), files.data(), sizeof(int) * files.size());
      n = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    } else {
      n = jailed_ ? ::write(socket_, at, bytes) : ::send(socket_, at, bytes, MSG_NOSIGNAL);
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) throw OtherEndLate();   // SO_SNDTIMEO: it does not read
    if (n <= 0) throw OtherEndGone();
    at += n, bytes -= size_t(n);
  }
}

void MessageEnd::send(MessageKind kind, const std::string& text, const float* voxels, int64_t count, const std::vector<int>& files) {
  MessageHead head{uint32_t(kind), uint32_t(text.size()), count};
  std::string all(reinterpret_cast<const char*>(&head), sizeof head);
  if (text.size() > most_message_text || files.size() > most_message_files) throw OtherEndGone();
  all += text;
  give(all.data(), all.size(), files);
  if (count > 0) give(voxels, size_t(count) * sizeof(float), {});
}

Message MessageEnd::receive(size_t most_files) {
  MessageHead head;
  Message message;
  take(&head, sizeof head, &message.files, most_files);
  if (head.kind < uint32_t(MessageKind::request) || head.kind > uint32_t(MessageKind::list) || head.text_bytes > most_message_text || head.voxels < 0) throw OtherEndGone();
  message.kind = MessageKind(head.kind), message.voxels = head.voxels;
  for (size_t got = 0; got < head.text_bytes;) {   // grows with what has come, not with what was promised
    const size_t next = std::min<size_t>(head.text_bytes - got, size_t{1} << 20);
    message.text.resize(got + next);
    take(message.text.data() + got, next);
    got += next;
  }
  return message;
}

std::string error_text(const Error& error) {
  std::string json = to_json(error_value(error), false);
  for (size_t i = 0; i < json.size();) {
    const auto first = static_cast<unsigned char>(json[i]);
    const size_t more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 4;
    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    bool good = more < 4 && i + more < json.size();
    for (size_t k = 1; good && k <= more; ++k) {
      const auto next = static_cast<unsigned char>(json[i + k]);
      good = (next & 0xc0) == 0x80, code = code << 6 | (next & 0x3f);
    }
    good = good && (more < 2 || code >= (more == 2 ? 0x800u : 0x10000u)) && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    if (!good) json[i] = '?';
    i += good ? more + 1 : 1;
  }
  return json;
}

void MessageEnd::receive_voxels(float* into, int64_t count) { take(into, size_t(count) * sizeof(float)); }

}  // namespace tomograd
