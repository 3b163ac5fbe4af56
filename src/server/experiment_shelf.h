// The experiments below the served folders: found by their stores, opened once, and read anew only when their store has changed. What
// is listed of each (its summary) stays; trials and events, which may be many megabytes, go when nobody has asked for a while.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "experiments/run_terms.h"
#include "experiments/trial_store.h"
#include "report/timeline.h"
#include "server/served_roots.h"
#include "spec/experiment_spec.h"

namespace tomograd {

struct ExperimentView {                          // what a store held at one moment; not changed any more
  std::string version;                           // of what is here: another one is told apart even when the file's time is the same
  std::string sign;                              // of the store when this was read
  ExperimentRecord record;
  ExperimentSpec spec;
  TrialCounts counts;
  bool stop_requested = false;
  std::vector<TrialRecord> trials;
  std::vector<StoreEvent> events;
  Timeline timeline;
  int64_t planned = 0;                           // trials in the end
  std::optional<RunTerms> terms;                 // on which it was last run; none = nobody recorded them
};
using ExperimentViewPtr = std::shared_ptr<const ExperimentView>;

class ServedExperiment {                         // thread-safe
 public:
  // read_only: a store of an older version is not brought to this one, and unreadable.
  ServedExperiment(ServedRoots& roots, std::string folder, Clock& clock, bool read_only = false);

  const std::string& id() const { return id_; }
  const std::string& folder() const { return folder_; }
  ExperimentViewPtr view();                      // Error: the store cannot be read
  Value summary();                               // as in docs/api.md; state `unreadable` where it cannot be read
  std::shared_ptr<TrialStore> store();           // to change something
  void release(double unused_seconds);           // what was kept since then

  // The text that make() gave for this key and version, or gives now; one maker at a time.
  std::string kept(const std::string& key, const std::string& version, const std::function<std::string()>& make);

 private:
  struct Sign {                                  // of the store, to see whether it changed
    std::string version;
    bool settled = false;                        // a further change would be seen
  };
  Sign sign();
  std::string version_of(const Sign& sign) const;
  std::string terms_sign() const;
  void open();
  void read(const Sign& now, bool with_trials);
  Value summarize(const ExperimentView& view) const;
  std::string where() const;

  ServedRoots& roots_;
  const std::string folder_, id_;
  Clock& clock_;
  const bool read_only_;
  std::mutex mutex_;
  std::shared_ptr<TrialStore> store_;
  std::string database_;                         // address; "" = a file
  Sign seen_;
  int64_t last_event_ = 0;
  double read_at_ = -1e9, asked_at_ = -1e9, used_at_ = 0;
  std::string summary_version_, terms_seen_;
  Value summary_;
  TrialCounts counts_;
  bool stop_ = false;
  double lease_seconds_ = 60;
  ExperimentViewPtr view_;

  struct Kept { std::string key, version, text; };
  std::mutex kept_mutex_;
  std::vector<Kept> kept_;
};

class ExperimentShelf {                          // thread-safe
 public:
  ExperimentShelf(ServedRoots& roots, Clock& clock, bool read_only = false) : roots_(roots), clock_(clock), read_only_(read_only) {}

  std::vector<std::shared_ptr<ServedExperiment>> all();         // looks for new ones every few seconds at most
  std::shared_ptr<ServedExperiment> find(const std::string& id);  // null: none
  void look_again();                             // at the next question
  void release(double unused_seconds);

 private:
  ServedRoots& roots_;
  Clock& clock_;
  const bool read_only_;
  std::mutex mutex_;
  double look_next_ = -1e9;
  std::vector<std::shared_ptr<ServedExperiment>> found_;
};

// Folders below the roots that `is_it` takes, down to some levels; hidden ones, stores of voxels and what lies in a folder that was
// taken are not looked through. Bounded: at most this many folders are looked at.
std::vector<std::string> folders_below(ServedRoots& roots, const std::function<bool(const std::string& folder, const std::vector<std::string>& names)>& is_it, size_t most = 20'000);

}  // namespace tomograd
