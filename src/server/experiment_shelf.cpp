#include "server/experiment_shelf.h"

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "experiments/open_store.h"
#include "experiments/postgres_store.h"
#include "experiments/proposing.h"
#include "server/experiment_values.h"

namespace tomograd {
namespace {

constexpr double look_seconds = 4, look_share = 20,  // looking takes at most a twentieth of the time
    database_seconds = 1, patience_seconds = 5;
constexpr int64_t settled_ns = 100'000'000;      // file times have steps: two changes within one cannot be told apart

std::string short_hash(const std::string& text) { return digest_of(text).substr(7, 12); }

}  // namespace

ServedExperiment::ServedExperiment(ServedRoots& roots, std::string folder, Clock& clock, bool read_only) : roots_(roots), folder_(std::move(folder)), id_(roots.id_of(folder_)), clock_(clock), read_only_(read_only) {}

void ServedExperiment::open() {
  if (store_) return;
  Env& env = roots_.env();
  const std::string address_file = join_path(folder_, "store.address"), file = join_path(folder_, "experiment.sqlite");
  if (env.kind(address_file) == FileKind::file) {
    database_ = read_text(env, address_file, 4096);
    while (!database_.empty() && database_.back() == '\n') database_.pop_back();
    if (!is_postgres_address(database_)) fail_input("store.address names no PostgreSQL database");
  } else if (roots_.look(file).kind != FileKind::file) {
    fail_input("there is no experiment.sqlite any more");
  }
  StoreOptions options;
  options.patience_seconds = patience_seconds, options.migrate = !read_only_;
  store_ = open_trial_store(database_.empty() ? file : database_, clock_, options);
}

ServedExperiment::Sign ServedExperiment::sign() {
  if (database_.empty()) {
    // Every transaction writes the file. It is looked at without opening it: closing a second descriptor would drop SQLite's locks.
    FileLook look = roots_.look(join_path(folder_, "experiment.sqlite"));
    if (look.kind != FileKind::file) fail_input("there is no experiment.sqlite any more");
    return {short_hash(text(look.changed_ns, " ", look.bytes, " ", terms_sign())), look.changed_ns + settled_ns < clock_.unix_milliseconds() * 1'000'000};
  }
  if (clock_.monotonic_seconds() - asked_at_ < database_seconds && !seen_.version.empty()) return {seen_.version, true};
  asked_at_ = clock_.monotonic_seconds();
  TrialCounts counts = store_->counts();
  auto events = store_->events(last_event_);
  return {short_hash(text(events.empty() ? last_event_ : events.back().id, " ", counts.running, " ", counts.over(), " ", terms_sign())), true};
}

// Written when somebody runs it, whatever its store does then.
std::string ServedExperiment::terms_sign() const {
  const FileLook look = roots_.look(join_path(folder_, run_terms_name));
  return text(look.changed_ns, " ", look.bytes);
}

// mutex_ is held. Heartbeats change the file and nothing that a summary says, so trials are read again only after events.
void ServedExperiment::read(const Sign& now, bool with_trials) {
  const TrialCounts counts = store_->counts();
  const bool stop = store_->stop_requested();
  const auto fresh = store_->events(last_event_);
  const double time = clock_.monotonic_seconds();
  const std::string terms = terms_sign();
  const bool same = fresh.empty() && terms == terms_seen_ && counts == counts_ && stop == stop_ && !summary_.is_nothing() && (counts.running == 0 || time - read_at_ < lease_seconds_);
  seen_ = now;
  if (same && !with_trials) {
    if (summary_version_ != now.version) summary_["version"] = version_of(now), summary_version_ = now.version;
    return;
  }
  auto view = std::make_shared<ExperimentView>();
  auto record = store_->experiment();
  if (!record) fail_input("the experiment's store is empty: it was killed before its trials were recorded", "start it again with `tomograd experiment run EXPERIMENT.toml --resume`");
  view->record = std::move(*record), view->counts = counts, view->stop_requested = stop;
  view->spec = spec_from<ExperimentSpec>(view->record.spec);
  view->trials = store_->trials(), view->events = store_->events();
  view->timeline = make_timeline(view->events, view->trials, clock_.unix_milliseconds());
  view->planned = view->counts.total(), view->terms = read_run_terms(roots_.env(), folder_);
  if (proposes(view->spec.strategy)) view->planned = std::max(view->planned, trial_count(view->spec, dataset_facts_of(view->record)));
  counts_ = counts, stop_ = stop, terms_seen_ = terms, lease_seconds_ = view->record.lease_seconds, read_at_ = time;
  last_event_ = view->events.empty() ? 0 : view->events.back().id;
  view->sign = now.version, view->version = version_of(now);
  summary_ = summarize(*view), summary_version_ = now.version;
  view_ = std::move(view);
}

std::string ServedExperiment::version_of(const Sign& sign) const { return short_hash(text(sign.version, " ", last_event_, " ", counts_.running, " ", counts_.over(), " ", stop_)); }

ExperimentViewPtr ServedExperiment::view() {
  std::lock_guard lock(mutex_);
  used_at_ = clock_.monotonic_seconds();
  open();
  Sign now = sign();
  const bool stale = !view_ || view_->sign != now.version || !seen_.settled || (counts_.running > 0 && used_at_ - read_at_ > lease_seconds_);
  if (stale) read(now, true);
  return view_;
}

Value ServedExperiment::summary() {
  std::lock_guard lock(mutex_);
  try {
    open();
    Sign now = sign();
    const bool lease_over = counts_.running > 0 && clock_.monotonic_seconds() - read_at_ > lease_seconds_;
    if (summary_.is_nothing() || now.version != seen_.version || !seen_.settled || lease_over) read(now, false);
    return summary_;
  } catch (const Error& error) {
    store_.reset(), summary_ = Value(), view_.reset(), last_event_ = 0;
    Value v = Value::table();
    v["id"] = id_, v["name"] = file_name(folder_), v["root"] = int64_t(*roots_.root_of(folder_)), v["folder"] = roots_.relative(folder_);
    v["state"] = "unreadable", v["version"] = "unreadable", v["error"] = roots_.masked(error.message());
    return v;
  }
}

std::shared_ptr<TrialStore> ServedExperiment::store() {
  std::lock_guard lock(mutex_);
  open();
  return store_;
}

void ServedExperiment::release(double unused_seconds) {
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || clock_.monotonic_seconds() - used_at_ < unused_seconds) return;
  view_.reset();
  std::unique_lock also(kept_mutex_, std::try_to_lock);
  if (also) kept_.clear();
}

std::string ServedExperiment::kept(const std::string& key, const std::string& version, const std::function<std::string()>& make) {
  std::lock_guard lock(kept_mutex_);
  auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.key == key; });
  if (found != kept_.end() && found->version == version) return found->text;
  std::string made = make();
  if (found != kept_.end()) *found = {key, version, made};
  else kept_.push_back({key, version, made});
  if (kept_.size() > 8) kept_.erase(kept_.begin());
  return made;
}

std::string ServedExperiment::where() const {
  if (!database_.empty()) return "database";
  return roots_.look(join_path(folder_, "owner.json")).kind == FileKind::file ? "slurm" : "local";
}

Value ServedExperiment::summarize(const ExperimentView& view) const {
  Value v = Value::table();
  v["id"] = id_, v["name"] = view.record.name, v["root"] = int64_t(*roots_.root_of(folder_)), v["folder"] = roots_.relative(folder_);
  add_summary(v, view);
  v["where"] = where(), v["version"] = view.version, v["error"] = Value();
  return v;
}

std::vector<std::string> folders_below(ServedRoots& roots, const std::function<bool(const std::string& folder, const std::vector<std::string>& names)>& is_it, size_t most) {
  constexpr int most_levels = 5;
  struct Next { std::string folder; int level; };
  std::vector<Next> next;
  for (size_t root = 0; root < roots.count(); ++root) next.push_back({roots.folder(root), 0});
  std::vector<std::string> found;
  for (size_t at = 0; at < next.size() && at < most; ++at) {   // breadth first: what lies deep is what is left out
    const auto [folder, level] = next[at];
    FolderContent content;
    try {
      content = roots.list(folder);
    } catch (const Error&) {                     // not ours to read
      continue;
    }
    if (is_it(folder, content.names)) {
      found.push_back(folder);
      continue;
    }
    if (level == most_levels) continue;
    for (const auto& name : content.folders)
      if (next.size() < most && !name.starts_with(".") && !name.ends_with(".zarr") && name != "node_modules" && name != "checkpoints") next.push_back({join_path(folder, name), level + 1});
  }
  return found;
}

std::vector<std::shared_ptr<ServedExperiment>> ExperimentShelf::all() {
  std::lock_guard lock(mutex_);
  const double begin = clock_.monotonic_seconds();
  if (begin < look_next_) return found_;
  auto is_store = [](const std::string&, const std::vector<std::string>& names) {
    return std::binary_search(names.begin(), names.end(), "experiment.sqlite") || std::binary_search(names.begin(), names.end(), "store.address");
  };
  std::vector<std::shared_ptr<ServedExperiment>> now;
  for (const auto& folder : folders_below(roots_, is_store)) {
    auto known = std::find_if(found_.begin(), found_.end(), [&](const auto& one) { return one->folder() == folder; });
    now.push_back(known != found_.end() ? *known : std::make_shared<ServedExperiment>(roots_, folder, clock_, read_only_));
  }
  const double end = clock_.monotonic_seconds();
  found_ = std::move(now), look_next_ = end + std::max(look_seconds, look_share * (end - begin));
  return found_;
}

std::shared_ptr<ServedExperiment> ExperimentShelf::find(const std::string& id) {
  for (const auto& one : all())
    if (one->id() == id) return one;
  return nullptr;
}

void ExperimentShelf::look_again() {
  std::lock_guard lock(mutex_);
  look_next_ = -1e9;
}

void ExperimentShelf::release(double unused_seconds) {
  std::vector<std::shared_ptr<ServedExperiment>> now;
  {
    std::lock_guard lock(mutex_);
    now = found_;
  }
  for (const auto& one : now) one->release(unused_seconds);
}

}  // namespace tomograd
