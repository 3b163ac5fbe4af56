// Volumes as the page looks at them. What is asked goes to a process that decodes (decode_worker.h), which is started when it is first wanted,
// ended when nobody looks at volumes any more, and started anew when a file was too much for it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "server/decoder_process.h"
#include "server/served_roots.h"
#include "server/volume_view.h"
#include "spec/value.h"

namespace tomograd {

// The process died or was killed while it answered, also when it had nothing else to do.
struct DecoderFailed : Error {
  using Error::Error;
};

class VolumeShelf {                              // thread-safe
 public:
  VolumeShelf(ServedRoots& roots, Clock& clock, DecoderOptions options) : roots_(roots), clock_(clock), options_(std::move(options)), program_(options_.command.empty() ? "" : options_.command[0]) {}

  VolumeFacts facts(const std::string& path);    // Error(input) as open_boxes(); all of these: DecoderFailed
  // axis as the file stores it, 0 = z; index in voxels of the level; tile: number of row and column. Error(usage): there is none.
  PlaneTile tile(const std::string& path, int64_t level, int64_t channel, int axis, int64_t index, int64_t row, int64_t column);
  // At most so many voxels along each axis, by whole factors. Error(input): 2^30 voxels would have to be decoded for it.
  Volume small_copy(const std::string& path, int64_t channel, int64_t most, Extent* factor = nullptr);
  ValueRange range(const std::string& path, int64_t channel);
  Geometry grid(const std::string& path);        // as read_scan_header()
  std::map<int64_t, int64_t> label_voxels(const std::string& path);  // as read_label_voxels()
  Value sampling(const std::string& dataset, const Value& run, int64_t patches, int64_t cases);  // sampling_preview.h
  std::string version(const std::string& path) const;  // changes with the file; of a folder, with its metadata
  void release(double unused_seconds);
  int64_t kept_bytes();                          // voxels that the process keeps
  pid_t process();                               // -1 = none runs

 private:
  struct Refused {                               // what ended a process a moment ago is not tried again and again
    std::string path, version, why;
    double until = 0;
  };
  Value ask(const std::string& path, Value question, Buffer<float>* voxels = nullptr, int64_t most_voxels = 0);
  Value ask_of(DecoderProcess& process, const std::string& question, double most_seconds, Buffer<float>* voxels = nullptr, int64_t most_voxels = 0);
  std::shared_ptr<DecoderProcess> running();
  [[noreturn]] void refuse(const std::string& path, const std::string& version, const std::string& why);

  ServedRoots& roots_;
  Clock& clock_;
  const DecoderOptions options_;
  const DecoderProgram program_;
  std::mutex mutex_;
  std::shared_ptr<DecoderProcess> process_;
  double used_ = 0;
  std::vector<Refused> refused_;
  std::mutex alone_;                             // one at a time is tried by itself
};

}  // namespace tomograd
