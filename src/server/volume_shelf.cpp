#include "server/volume_shelf.h"

#include <algorithm>

#include "base/digest.h"
#include "server/asked_files.h"
#include "server/volume_values.h"
#include "spec/error_value.h"
#include "spec/text_formats.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

constexpr double refused_seconds = 60, housekeeping_seconds = 5;
constexpr size_t most_refused = 200;

Value question_of(const char* op) {
  Value question = Value::table();
  question["op"] = op;
  return question;
}

}  // namespace

std::string VolumeShelf::version(const std::string& path) const {
  FileLook look = roots_.look(path);
  std::string all = text(path, " ", look.changed_ns, " ", look.bytes);
  if (look.kind == FileKind::directory)
    for (const char* name : {"zarr.json", ".zarray", ".zattrs"}) all += text(" ", roots_.look(join_path(path, name)).changed_ns);
  return digest_of(all).substr(7, 16);
}

std::shared_ptr<DecoderProcess> VolumeShelf::running() {
  std::lock_guard lock(mutex_);
  used_ = clock_.monotonic_seconds();
  if (!process_) process_ = std::make_shared<DecoderProcess>(options_, program_);
  return process_;
}

void VolumeShelf::refuse(const std::string& path, const std::string& version, const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    if (refused_.size() >= most_refused) refused_.erase(refused_.begin());
    refused_.push_back({path, version, why, clock_.monotonic_seconds() + refused_seconds});
  }
  throw DecoderFailed(ErrorKind::failure, why, "look at the file with `tomograd info`; it is tried here again in a minute, or when it has changed");
}

// One question to one process. Its requests for files are answered meanwhile, and its answer is believed only as far as it is one.
Value VolumeShelf::ask_of(DecoderProcess& process, const std::string& question, double most_seconds, Buffer<float>* voxels, int64_t most_voxels) {
  auto turn = process.turn();
  struct Ending {                                // half an answer left in a socket would be taken for the next one
    DecoderProcess& process;
    bool whole = false;
    ~Ending() {
      if (!whole) process.kill();
    }
  } ending{process};
  turn->end_after(most_seconds);
  turn->send(MessageKind::request, question);
  for (;;) {
    Message message = turn->receive();
    if (give_file(roots_, *turn, message)) continue;
    const bool answer = message.kind == MessageKind::answer;
    if ((!answer && message.kind != MessageKind::error) || message.voxels > (answer ? most_voxels : 0)) throw OtherEndGone();
    if (message.voxels > 0) {
      *voxels = Buffer<float>(message.voxels);
      turn->receive_voxels(voxels->data(), message.voxels);
    }
    Value said;
    try {
      said = parse_json(message.text, "answer");
    } catch (const Error&) {
      throw OtherEndGone();
    }
    ending.whole = true;
    if (!answer) throw error_from(said);
    return said;
  }
}

// A process that dies takes with it what others have asked of it at the same moment. Each of them is asked once more, of a process that does
// nothing else, so that only the file that kills is refused.
Value VolumeShelf::ask(const std::string& path, Value question, Buffer<float>* voxels, int64_t most_voxels) {
  const std::string now = version(path), name = file_name(path);
  question["version"] = now;
  const std::string said = to_json(question, false) + "\n" + path;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(refused_, [&](const Refused& one) { return one.until < clock_.monotonic_seconds(); });
    for (const auto& one : refused_)
      if (one.path == path && one.version == now) throw DecoderFailed(ErrorKind::failure, one.why, "it is tried here again in a minute, or when it has changed");
  }
  const std::string late = text("decoding '", name, "' took more than ", options_.most_seconds, " s and was ended");
  auto process = running();
  auto forget = [&] {
    process->kill();
    std::lock_guard lock(mutex_);
    if (process_ == process) process_.reset();
  };
  try {
    return ask_of(*process, said, options_.most_seconds, voxels, most_voxels);
  } catch (const OtherEndLate&) {
    forget();
    refuse(path, now, late);
  } catch (const OtherEndGone&) {
    forget();
  }
  std::lock_guard lock(alone_);
  DecoderProcess another(options_, program_);
  try {
    return ask_of(another, said, options_.most_seconds, voxels, most_voxels);
  } catch (const OtherEndLate&) {
    refuse(path, now, late);
  } catch (const OtherEndGone&) {
    another.kill();
    refuse(path, now, text("the process that decoded '", name, "' ", another.how_it_ended()));
  }
}

VolumeFacts VolumeShelf::facts(const std::string& path) {
  VolumeFacts facts = facts_from(ask(path, question_of("facts")));
  for (const auto& name : facts.labels) {
    check_path_below(name, "a label image");
    facts.label_paths.push_back(join_path(path, "labels/" + name));
  }
  return facts;
}

PlaneTile VolumeShelf::tile(const std::string& path, int64_t level, int64_t channel, int axis, int64_t index, int64_t row, int64_t column) {
  Value question = question_of("tile");
  question["level"] = level, question["channel"] = channel, question["axis"] = int64_t(axis), question["index"] = index, question["row"] = row, question["column"] = column;
  PlaneTile tile;
  const Value said = ask(path, std::move(question), &tile.voxels, tile_voxels * tile_voxels);
  tile.height = said.at("height").as_integer(), tile.width = said.at("width").as_integer();
  if (tile.height < 1 || tile.width < 1 || tile.height > tile_voxels || tile.width > tile_voxels || tile.height * tile.width != tile.voxels.size()) fail_failure("a decoder sent a tile of another size than it says");
  return tile;
}

Volume VolumeShelf::small_copy(const std::string& path, int64_t channel, int64_t most, Extent* factor) {
  Value question = question_of("copy");
  question["channel"] = channel, question["most"] = most;
  Volume copy;
  const Value said = ask(path, std::move(question), &copy.voxels, most * most * most);
  copy.geometry = geometry_from(said.at("geometry"));
  if (!fits_inside(copy.geometry.size, cube(most)) || copy.geometry.size.voxels() != copy.voxels.size()) fail_failure("a decoder sent a copy of another size than it says");
  if (factor) *factor = extent_from(said.at("factor"));
  return copy;
}

ValueRange VolumeShelf::range(const std::string& path, int64_t channel) {
  Value question = question_of("range");
  question["channel"] = channel;
  return range_from(ask(path, std::move(question)));
}

Geometry VolumeShelf::grid(const std::string& path) { return geometry_from(ask(path, question_of("grid"))); }

std::map<int64_t, int64_t> VolumeShelf::label_voxels(const std::string& path) {
  std::map<int64_t, int64_t> counts;
  const Value said = ask(path, question_of("labels"));
  for (const auto& [label, count] : said.as_table()) counts[std::atoll(label.c_str())] = count.as_integer();
  return counts;
}

Value VolumeShelf::sampling(const std::string& dataset, const Value& run, int64_t patches, int64_t cases) {
  Value question = question_of("sampling");
  question["run"] = run, question["patches"] = patches, question["cases"] = cases;
  return ask(dataset, std::move(question));
}

void VolumeShelf::release(double unused_seconds) {
  std::shared_ptr<DecoderProcess> ending, kept;
  {
    std::lock_guard lock(mutex_);
    if (!process_) return;
    const bool unused = clock_.monotonic_seconds() - used_ >= unused_seconds && process_.use_count() == 1;
    if (unused) ending = std::move(process_), process_.reset();
    else if (process_.use_count() == 1) kept = process_;   // who is busy is asked another time
  }
  if (!kept) return;
  Value question = question_of("release");
  question["unused_seconds"] = unused_seconds, question["version"] = "";
  try {
    ask_of(*kept, to_json(question, false), housekeeping_seconds);
  } catch (const std::exception&) {              // it has died; who asks next finds out
  }
}

int64_t VolumeShelf::kept_bytes() {
  std::shared_ptr<DecoderProcess> now;
  {
    std::lock_guard lock(mutex_);
    now = process_;
  }
  if (!now) return 0;
  Value question = question_of("kept");
  question["version"] = "";
  return ask_of(*now, to_json(question, false), housekeeping_seconds).at("bytes").as_integer();
}

pid_t VolumeShelf::process() {
  std::lock_guard lock(mutex_);
  return process_ ? process_->process() : -1;
}

}  // namespace tomograd
