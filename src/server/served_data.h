// Datasets and volumes below the served folders, and the ids under which the page knows files. An id is a hash of a place, so it is the
// same after a restart; what place it is, is remembered when the id is given out, or found by looking through everything once more.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dataset/dataset.h"
#include "server/served_roots.h"

namespace tomograd {

using DatasetPtr = std::shared_ptr<const Dataset>;

class ServedData {                               // thread-safe
 public:
  ServedData(ServedRoots& roots, Clock& clock) : roots_(roots), clock_(clock) {}

  std::vector<std::string> datasets();           // paths
  std::vector<std::string> volumes();            // paths, at most most_listed
  std::string version();                         // of the list of datasets
  DatasetPtr dataset(const std::string& path);   // Error(input) as read_dataset(); read anew when the file has changed
  std::string dataset_of(const std::string& id); // its path, "" = none

  std::string id_of(const std::string& path);    // gives it out; "" when the file lies in no served folder
  std::string path_of(const std::string& id);    // "" = none

  static constexpr size_t most_listed = 2000;
  // Of a dataset.json: some ten thousand cases. It is parsed here and not by the decoder, and as values in memory it may take twenty times as much.
  static constexpr int64_t most_dataset_bytes = int64_t{16} << 20;

 private:
  void look();                                   // mutex_ is held
  void look_at_predictions();

  ServedRoots& roots_;
  Clock& clock_;
  std::mutex mutex_;
  double look_next_ = -1e9;
  std::vector<std::string> datasets_, volumes_, experiments_;
  std::string version_;
  std::map<std::string, std::string> places_;    // id -> path
  struct Read {
    int64_t changed_ns = 0, bytes = 0;
    DatasetPtr dataset;
  };
  std::map<std::string, Read> read_;
};

}  // namespace tomograd
