// What a process can no longer do in its jail, tried from inside.
#include "server/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace tomograd {
namespace {

// Lines "name result errno", one per try, from a process that went into the jail first. result: what the call gave.
std::string from_inside(const std::vector<std::pair<std::string, std::function<long()>>>& tries, const JailLimits& limits = {}) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const JailReport jail = enter_jail(limits);
    std::string all = text(jail.system_calls ? "filtered" : "unfiltered", "\n");
    for (const auto& [name, attempt] : tries) {
      errno = 0;
      const long result = attempt();
      all += text(name, " ", result < 0 ? "refused" : "done", " ", errno, "\n");
    }
    [[maybe_unused]] ssize_t n = ::write(ends[1], all.data(), all.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string all;
  char piece[4096];
  for (ssize_t n; (n = ::read(ends[0], piece, sizeof piece)) > 0;) all.append(piece, size_t(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return all;
}

TEST(Jail, NeitherFilesNorSocketsNorOtherProgramsAreReachedFromInside) {
  if (!possible_jail().system_calls) GTEST_SKIP() << "no filter of system calls here: " << jail_text(possible_jail());
  const pid_t us = ::getpid();
  const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  char shell[] = "/bin/sh";
  char* argv[] = {shell, nullptr};
  const std::string said = from_inside({
      {"open", [] { return long(::open("/etc/passwd", O_RDONLY)); }},
      {"openat", [root] { return long(::openat(root, "etc/passwd", O_RDONLY)); }},
      {"openat2", [root] { uint64_t how[3] = {}; return ::syscall(SYS_openat2, root, "etc/passwd", how, sizeof how); }},
      {"create", [] { return long(::open("/tmp/tomograd-jail-test", O_WRONLY | O_CREAT, 0600)); }},
      {"stat", [] { struct stat facts; return long(::stat("/etc/passwd", &facts)); }},
      {"memfd", [] { return long(::memfd_create("x", 0)); }},
      {"socket", [] { return long(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"unix_socket", [] { return long(::socket(AF_UNIX, SOCK_STREAM, 0)); }},
      {"execve", [&] { return long(::execve(shell, argv, nullptr)); }},
      {"execveat", [&] { return ::syscall(SYS_execveat, root, "bin/sh", argv, nullptr, 0); }},
      {"fork", [] { const long child = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); if (child == 0) ::_exit(9); return child; }},
      {"clone3", [] { uint64_t how[11] = {}; return ::syscall(SYS_clone3, how, sizeof how); }},
      {"ptrace", [us] { return ::ptrace(PTRACE_ATTACH, us, nullptr, nullptr); }},
      {"kill", [us] { return long(::kill(us, 0)); }},
      {"process_vm", [us] { return ::syscall(SYS_process_vm_readv, us, nullptr, 0, nullptr, 0, 0); }},
      {"code", [] { return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1L : 0L; }},
      {"code_later", [] { void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return long(::mprotect(page, 4096, PROT_READ | PROT_EXEC)); }},
      {"unlink", [] { return long(::unlink("/tmp/tomograd-jail-nothing")); }},
      {"mount", [] { return ::syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, nullptr); }},
      {"unshare", [] { return long(::unshare(CLONE_NEWUSER)); }},
      {"keys", [] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }},
      {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0); }},
      {"ring", [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"memory", [] { return ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1L : 0L; }},
      {"thread", [] { long done = -1; std::thread([&] { done = 0; }).join(); return done; }},
      {"thread_open", [] { long file = 0; int code = 0; std::thread([&] { file = ::open("/etc/passwd", O_RDONLY), code = errno; }).join(); errno = code; return file; }},
  });
  ::close(root);
  EXPECT_EQ(said,
            text("filtered\n", "open refused 1\nopenat refused 1\nopenat2 refused 1\ncreate refused 1\nstat refused 1\nmemfd refused 1\nsocket refused 1\nunix_socket refused 1\nexecve refused 1\nexecveat refused 1\nfork refused 1\n",
                 "clone3 refused 38\nptrace refused 1\nkill refused 1\nprocess_vm refused 1\ncode refused 1\ncode_later refused 1\nunlink refused 1\nmount refused 1\nunshare refused 1\nkeys refused 1\nbpf refused 1\nring refused 1\n",
                 "memory done 0\nthread done 0\nthread_open refused 1\n"));
}

TEST(Jail, WhatWasOpenIsReadAndMemoryHasAnEnd) {
  if (!possible_jail().system_calls) GTEST_SKIP() << "no limit of memory here: " << jail_text(possible_jail());
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  JailLimits limits;
  limits.address_bytes = int64_t{3} << 30;
  const std::string said = from_inside({{"read", [file] { char c; return long(::pread(file, &c, 1, 0)); }}, {"much", [] { void* much = std::malloc(size_t{4} << 30); return much ? 0L : -1L; }}}, limits);
  ::close(file);
  EXPECT_EQ(said, "filtered\nread done 0\nmuch refused 12\n");
}

TEST(Jail, LandlockAloneKeepsFilesAwayToo) {
  if (possible_jail().landlock == 0) GTEST_SKIP() << "no Landlock here: " << jail_text(possible_jail());
  JailLimits limits;
  limits.filter = false;
  const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const std::string said = from_inside({{"open", [] { return long(::open("/etc/passwd", O_RDONLY)); }}, {"openat", [root] { return long(::openat(root, "etc/passwd", O_RDONLY)); }}, {"list", [] { return long(::open("/tmp", O_RDONLY | O_DIRECTORY)); }}}, limits);
  ::close(root);
  EXPECT_EQ(said, text("unfiltered\nopen refused ", EACCES, "\nopenat refused ", EACCES, "\nlist refused ", EACCES, "\n"));
}

TEST(Jail, SaysWhatItReaches) {
  EXPECT_EQ(jail_text({true, 4, true, true}), "system calls filtered, no files by name (Landlock 4), as nobody, resource limits");
  EXPECT_NE(jail_text({false, 0, false, true}).find("resource limits; "), std::string::npos);
  EXPECT_NE(possible_jail().limits, false);
}

}  // namespace
}  // namespace tomograd
