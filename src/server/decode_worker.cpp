#include "server/decode_worker.h"

#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "dataset/scan_file.h"
#include "server/asked_files.h"
#include "server/jail.h"
#include "server/sampling_preview.h"
#include "server/volume_decoder.h"
#include "server/volume_values.h"
#include "spec/extent_value.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int64_t most_block_bytes = int64_t{1} << 29;   // planes of three directions through 3e9 voxels of 16 bits lie in 325 MB of blocks

struct WorkerAnswer {
  Value value = Value::table();
  Buffer<float> voxels;
};

WorkerAnswer answer_to(VolumeDecoder& decoder, Env& env, const Value& asked, const std::string& path) {
  const std::string op = asked.at("op").as_text(), version = asked.at("version").as_text();
  const VolumeAsked volume{env, path, version};
  auto number = [&](const char* key) { return asked.at(key).as_integer(); };
  WorkerAnswer answer;
  if (op == "facts") {
    answer.value = facts_value(decoder.facts(volume));
  } else if (op == "tile") {
    PlaneTile tile = decoder.tile(volume, number("level"), number("channel"), int(number("axis")), number("index"), number("row"), number("column"));
    answer.value["height"] = tile.height, answer.value["width"] = tile.width, answer.voxels = std::move(tile.voxels);
  } else if (op == "copy") {
    Extent factor = cube(1);
    Volume copy = decoder.small_copy(volume, number("channel"), number("most"), &factor);
    answer.value["geometry"] = geometry_value(copy.geometry), answer.value["factor"] = extent_value(factor), answer.voxels = std::move(copy.voxels);
  } else if (op == "range") {
    answer.value = range_value(decoder.range(volume, number("channel")));
  } else if (op == "grid") {
    answer.value = geometry_value(read_scan_header(env, path).geometry);
  } else if (op == "labels") {
    for (const auto& [label, count] : read_label_voxels(env, path)) answer.value[std::to_string(label)] = count;
  } else if (op == "sampling") {
    answer.value = sampling_preview(env, path, asked);
  } else if (op == "release") {
    decoder.release(asked.at("unused_seconds").as_number());
    release_free_memory();
  } else if (op == "kept") {
    answer.value["bytes"] = decoder.kept_bytes();
  } else {
    fail_failure("nobody knows what '" + op + "' is");
  }
  return answer;
}

void serve_questions(MessageEnd& server, VolumeDecoder& decoder, const std::function<void(const std::string&)>& before) {
  AskedFiles files(server);
  try {
    for (;;) {
      Message question = server.receive();
      if (question.kind != MessageKind::request) return;
      try {
        const size_t line = std::min(question.text.find('\n'), question.text.size());
        const std::string path = question.text.substr(std::min(line + 1, question.text.size()));
        if (before) before(path);
        WorkerAnswer answer = answer_to(decoder, files, parse_json(std::string_view(question.text).substr(0, line), "question"), path);
        server.send(MessageKind::answer, to_json(answer.value, false), answer.voxels.data(), answer.voxels.size());
      } catch (const Error& error) {
        server.send(MessageKind::error, error_text(error));
      } catch (const std::bad_alloc&) {
        server.send(MessageKind::error, error_text(Error(ErrorKind::budget, "out of memory", "ask for a smaller part")));
      } catch (const OtherEndGone&) {
        throw;
      } catch (const std::exception& other) {
        server.send(MessageKind::error, error_text(Error(ErrorKind::failure, other.what())));
      }
    }
  } catch (const OtherEndGone&) {
  }
}

}  // namespace

void run_decode_worker(int socket, const std::function<void(const std::string& path)>& before) {
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_NAME, "tomograd-decode");       // started from a descriptor it would be called by its number
  set_log_sink([](LogLevel, const std::string&) {});       // it names files
  MessageEnd first(socket, true);
  Message hello = first.receive(16);
  const Value settings = parse_json(hello.text, "settings");
  std::vector<std::unique_ptr<MessageEnd>> ends;
  for (int file : hello.files) ends.push_back(std::make_unique<MessageEnd>(file, true));
  set_memory_budget(settings.at("memory_bytes").as_integer());
  JailLimits limits;
  // Beside the voxels: the program and its libraries, and what the heap and the stacks of its threads reserve.
  limits.address_bytes = settings.at("memory_bytes").as_integer() + (int64_t{1} << 30), limits.cpu_seconds = settings.at("cpu_seconds").as_integer();
  Value report = Value::table();
  report["jail"] = jail_text(enter_jail(limits));
  first.send(MessageKind::answer, to_json(report, false));
  VolumeDecoder decoder(system_clock(), std::min(most_block_bytes, settings.at("memory_bytes").as_integer() / 4));
  std::vector<std::jthread> threads;
  for (auto& end : ends) threads.emplace_back([&decoder, &before, server = end.get()] { serve_questions(*server, decoder, before); });
}

}  // namespace tomograd
