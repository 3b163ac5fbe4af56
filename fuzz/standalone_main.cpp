// Drives a fuzz target without libFuzzer, so that gcc suffices. usage:
//   x_fuzz PATH...                                     replays files and folders; exit 1 when one is a finding
//   x_fuzz -seconds N [-seed S] [-dict FILE] [-max_len BYTES] [-findings DIR] PATH...   mutates them for N seconds
// Built with -fsanitize-coverage=trace-pc it keeps inputs that reach new code, as libFuzzer does. The target runs in a child
// process: a crash, a stack overflow or a hang ends the child, and its input lies in shared memory, where we find it.
// A finding is also: more than 1 s of processor time (a whole one, or memory far beyond the input's size).
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fuzz/mutate.h"

extern "C" {
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Of the address sanitizer, absent without it.
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, size_t), void (*)(const volatile void*)) __attribute__((weak));
size_t __sanitizer_get_allocated_size(const volatile void*) __attribute__((weak));
const char* __asan_default_options() { return "detect_leaks=0:handle_abort=0:detect_stack_use_after_return=0:malloc_context_size=12"; }
const char* __ubsan_default_options() { return "print_stacktrace=1"; }
}

namespace {

namespace fs = std::filesystem;
using tomograd::Dice;
using tomograd::Mutator;

constexpr size_t map_size = size_t(1) << 16, largest_input = size_t(1) << 21, arena_size = size_t(64) << 20, most_inputs = 20000;
constexpr double most_seconds = 1;

struct Shared {  // survives the children
  uint64_t executions, inputs, used, current, size;
  bool started;
  size_t begin[most_inputs], length[most_inputs];
  uint8_t seen[map_size], bytes[largest_input], arena[arena_size];
  std::string input(size_t i) const { return {reinterpret_cast<const char*>(arena) + begin[i], length[i]}; }
  void keep(const std::string& s) {
    if (inputs == most_inputs || used + s.size() > arena_size) return;
    begin[inputs] = used, length[inputs] = s.size();
    std::memcpy(arena + used, s.data(), s.size());
    used += s.size(), ++inputs;
  }
};

Shared* shared = nullptr;
uint8_t reached[map_size];
uintptr_t place_before = 0;
int64_t live_bytes = 0, most_bytes = INT64_MAX;

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

double wall_seconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

[[noreturn]] void fail(const char* what, double value) {
  std::fprintf(stderr, "FINDING: %s %g\n", what, value);
  std::abort();
}

void on_malloc(const volatile void*, size_t bytes) {
  live_bytes += int64_t(bytes);
  if (live_bytes > most_bytes) {
    double held = double(live_bytes);
    most_bytes = INT64_MAX;
    fail("bytes of memory held for this input:", held);
  }
}
void on_free(const volatile void* at) {
  if (at) live_bytes -= int64_t(__sanitizer_get_allocated_size(at));
}

// Runs one input; whether it reached anything new.
bool run(const std::string& input) {
  std::memcpy(shared->bytes, input.data(), input.size());
  shared->size = input.size(), shared->started = true;
  std::memset(reached, 0, map_size);
  place_before = 0;
  itimerval limit{};
  limit.it_value.tv_sec = 10;                    // of processor time; then SIGPROF ends the child
  setitimer(ITIMER_PROF, &limit, nullptr);
  live_bytes = 0, most_bytes = (int64_t{64} << 20) + 8192 * int64_t(input.size());
  double begin = processor_seconds();
  {
    std::vector<uint8_t> exact(input.begin(), input.end());  // of its very size, so that a byte too far is seen
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  double seconds = processor_seconds() - begin;
  most_bytes = INT64_MAX;
  if (seconds > most_seconds) fail("seconds of processor time:", seconds);
  ++shared->executions;
  shared->started = false;
  bool fresh = false;
  for (size_t i = 0; i < map_size; ++i) {
    if (reached[i] == 0) continue;
    uint8_t n = reached[i], bucket = uint8_t(1 << (n < 4 ? n - 1 : n < 8 ? 3 : n < 16 ? 4 : n < 32 ? 5 : n < 128 ? 6 : 7));
    if (shared->seen[i] & bucket) continue;
    shared->seen[i] |= bucket;
    fresh = true;
  }
  return fresh;
}

std::vector<std::string> read_dictionary(const std::string& path) {  // as libFuzzer's: name="text with \xNN", # comments
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    size_t begin = line.find('"'), end = line.rfind('"');
    if (line.empty() || line[0] == '#' || begin == std::string::npos || end <= begin) continue;
    std::string word;
    for (size_t i = begin + 1; i < end; ++i) {
      if (line[i] != '\\' || i + 1 >= end) word += line[i];
      else if (line[i + 1] == 'x') word += char(std::stoi(line.substr(i + 2, 2), nullptr, 16)), i += 3;
      else word += line[++i];
    }
    words.push_back(word);
  }
  return words;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Calls child() in a process of its own; whether that ended well.
template <class Child>
bool in_child(Child&& child) {
  pid_t pid = fork();
  if (pid == 0) {
    if (__sanitizer_install_malloc_and_free_hooks && __sanitizer_get_allocated_size) __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    child();
    std::_Exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) std::fprintf(stderr, "FINDING: the reader was ended by signal %d%s\n", WTERMSIG(status), WTERMSIG(status) == SIGPROF ? ", 10 s of processor time" : "");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int replay(const std::vector<fs::path>& files) {
  int bad = 0;
  for (size_t next = 0; next < files.size();) {
    if (in_child([&] {
          for (shared->current = next; shared->current < files.size(); ++shared->current) {
            std::string input = read_file(files[shared->current]);
            if (input.size() <= largest_input) run(input);
          }
        }))
      break;
    std::fprintf(stderr, "^ %s\n\n", files[shared->current].c_str());
    ++bad, next = shared->current + 1;
  }
  std::printf("%zu inputs replayed, %d findings\n", files.size(), bad);
  return bad ? 1 : 0;
}

int fuzz(const std::vector<fs::path>& files, double seconds, uint64_t seed, const Mutator& mutator, const std::string& folder) {
  constexpr int enough = 20;
  for (const auto& file : files)
    if (std::string input = read_file(file); input.size() <= largest_input) shared->keep(input);
  if (shared->inputs == 0) shared->keep("");
  size_t seeds = shared->inputs;
  double end = wall_seconds() + seconds;
  int found = 0;
  for (uint64_t child = 0; found < enough && wall_seconds() < end; ++child) {
    if (in_child([&] {
          if (child == 0)
            for (size_t i = 0; i < seeds; ++i) run(shared->input(i));
          Dice dice{seed * 1000003 + child};
          while (wall_seconds() < end) {
            size_t recent = std::min<size_t>(shared->inputs, 64), all = shared->inputs;
            size_t pick = dice.below(2) ? dice.below(all) : all - 1 - dice.below(recent);
            std::string input = mutator.mutated(shared->input(pick), shared->input(dice.below(all)), dice);
            if (run(input)) shared->keep(input);
          }
        }))
      break;
    if (!shared->started) break;                 // it was no input that ended the child
    std::string input(reinterpret_cast<const char*>(shared->bytes), shared->size);
    fs::create_directories(folder);
    char name[40];
    std::snprintf(name, sizeof name, "finding-%016zx", std::hash<std::string>{}(input));
    std::ofstream(fs::path(folder) / name, std::ios::binary) << input;
    std::fprintf(stderr, "^ kept as %s (%zu bytes)\n\n", (fs::path(folder) / name).c_str(), input.size());
    ++found, shared->started = false;
  }
  int places = int(std::count_if(shared->seen, shared->seen + map_size, [](uint8_t b) { return b != 0; }));
  std::printf("%llu executions, %zu inputs from %zu seeds, %d branches reached, %d findings\n", static_cast<unsigned long long>(shared->executions),
              size_t(shared->inputs), seeds, places, found);
  return found ? 1 : 0;
}

}  // namespace

// Called at every branch of code compiled with -fsanitize-coverage=trace-pc.
extern "C" void __sanitizer_cov_trace_pc() {
  uintptr_t place = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) * 0x9E3779B97F4A7C15 >> 40;
  uint8_t& count = reached[(place ^ place_before) % map_size];
  if (count < 255) ++count;
  place_before = place >> 1;
}

int main(int argc, char** argv) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return std::perror("mmap"), 2;
  shared = static_cast<Shared*>(memory);
  double seconds = 0;
  uint64_t seed = 1;
  size_t longest = size_t(1) << 16;
  std::string dictionary, folder = "findings";
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "-seconds") seconds = std::atof(value.c_str()), ++i;
    else if (word == "-seed") seed = std::strtoull(value.c_str(), nullptr, 10), ++i;
    else if (word == "-dict") dictionary = value, ++i;
    else if (word == "-max_len") longest = std::min(largest_input, size_t(std::strtoull(value.c_str(), nullptr, 10))), ++i;
    else if (word == "-findings") folder = value, ++i;
    else if (fs::is_directory(word)) {
      for (const auto& entry : fs::recursive_directory_iterator(word))
        if (entry.is_regular_file()) files.push_back(entry.path());
    } else if (fs::exists(word)) files.push_back(word);
    else return std::fprintf(stderr, "there is no '%s'\n", word.c_str()), 2;
  }
  std::sort(files.begin(), files.end());
  if (seconds <= 0) return replay(files);
  return fuzz(files, seconds, seed, Mutator(dictionary.empty() ? std::vector<std::string>{} : read_dictionary(dictionary), longest), folder);
}
