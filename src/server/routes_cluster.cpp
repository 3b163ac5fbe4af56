// The cluster: partitions and queue of this host's Slurm, and what waits in the experiments: how much, how long, for how much money, and until when.
#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/error.h"
#include "experiments/booking.h"
#include "server/page_routes.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

Value known_or_nothing(int64_t value) { return value < 0 ? Value() : Value(value); }

Value share_value(const SlurmShare& share) {
  Value v = Value::table();
  v["allocated"] = share.allocated, v["idle"] = share.idle, v["other"] = share.other, v["total"] = share.total;
  return v;
}

Value partition_value(const SlurmPartition& one) {
  Value v = Value::table();
  v["name"] = one.name, v["default"] = one.usual, v["state"] = one.state, v["time_limit_seconds"] = known_or_nothing(one.limit_seconds);
  v["nodes"] = share_value(one.nodes), v["cpus"] = share_value(one.cpus), v["gpus"] = one.gpus;
  v["memory_bytes"] = one.memory_bytes, v["memory_promised_bytes"] = known_or_nothing(one.memory_promised_bytes), v["memory_free_bytes"] = known_or_nothing(one.memory_free_bytes);
  return v;
}

// Slurm tells times of this host's zone.
Value moment_of(const std::string& local) {
  std::tm parts{};
  if (local.empty() || !::strptime(local.c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) return {};
  parts.tm_isdst = -1;
  return Value(int64_t(std::mktime(&parts)) * 1000);
}

Value queued_value(const SlurmQueued& one) {
  Value v = Value::table();
  v["id"] = one.id, v["array"] = one.array, v["name"] = one.name, v["partition"] = one.partition, v["state"] = one.state, v["reason"] = one.reason;
  v["elapsed_seconds"] = one.elapsed_seconds, v["time_limit_seconds"] = known_or_nothing(one.limit_seconds), v["starts_unix_milliseconds"] = moment_of(one.starts);
  v["cpus"] = one.cpus, v["nodes"] = one.nodes, v["memory_bytes"] = one.memory_bytes > 0 ? Value(one.memory_bytes) : Value();
  return v;
}

Value slurm_value(const ClusterWatch::Seen& seen) {
  Value v = Value::table();
  v["installed"] = seen.overview ? Value(seen.overview->installed) : Value(), v["asking"] = seen.asking, v["age_seconds"] = seen.overview ? Value(seen.age_seconds) : Value();
  Value::List partitions, queue;
  std::vector<std::string> troubles;
  if (seen.overview) {
    for (const auto& one : seen.overview->partitions) partitions.push_back(partition_value(one));
    for (const auto& one : seen.overview->queue) queue.push_back(queued_value(one));
    troubles = seen.overview->troubles;
  } else {
    troubles.push_back("Slurm has not answered yet");
  }
  v["partitions"] = std::move(partitions), v["queue"] = std::move(queue), v["queue_known"] = seen.overview && seen.overview->queue_known, v["more_queued"] = seen.overview ? seen.overview->more_queued : int64_t{0};
  v["troubles"] = Value::list_of(troubles);
  return v;
}

// From what the list of experiments says of one; nothing where no trial waits.
Value waiting_value(const Value& summary, int64_t now) {
  const Value* trials = summary.find("trials");
  if (!trials) return {};                        // unreadable
  auto count = [&](const char* key) { return trials->at(key).as_integer(); };
  const int64_t over = count("complete") + count("failed") + count("cancelled") + count("pruned"), waiting = summary.at("total_planned").as_integer() - over - count("running");
  if (waiting <= 0) return {};
  Value v = Value::table();
  for (const char* key : {"id", "name", "state", "currency", "affordable_trials"}) v[key] = summary.at(key);
  v["trials"] = waiting, v["trial_seconds"] = summary.at("trial_seconds");
  for (const char* key : {"work_seconds", "wall_seconds", "cost", "between", "open", "opens_in_seconds"}) v[key] = Value();
  const Value& terms = summary.at("terms");
  const int64_t workers = terms.is_table() ? terms.at("workers").as_integer() : std::max<int64_t>(1, summary.at("workers").as_integer());
  v["workers"] = workers;
  if (const Value& each = summary.at("trial_seconds"); each.is_number() && std::isfinite(each.as_number())) {
    const double work = each.as_number() * double(waiting);
    v["work_seconds"] = work, v["wall_seconds"] = each.as_number() * std::ceil(double(waiting) / double(workers));
    if (terms.is_table() && terms.at("price_per_hour").is_number()) v["cost"] = work / 3600 * terms.at("price_per_hour").as_number();
  }
  if (!terms.is_table() || terms.at("between").as_text().empty()) return v;
  try {
    const int64_t minute = local_minute_of_day(now), to_go = Booking(terms.at("between").as_text()).minutes_to_opening(minute);
    v["between"] = terms.at("between"), v["open"] = to_go == 0, v["opens_in_seconds"] = to_go == 0 ? 0.0 : double(to_go * 60) - double(now / 1000 % 60);
  } catch (const Error&) {
    // Written by somebody else: no hours that anybody would keep.
  }
  return v;
}

}  // namespace

void add_cluster_routes(RouteTable& table, PageParts& parts) {
  table.add({"GET", "/api/cluster", "Partitions and queue of this host's Slurm; what waits in the experiments", {}, false, [&parts](const Call&) {
               Value v = Value::table();
               v["format"] = "tomograd.cluster/1", v["now_unix_milliseconds"] = parts.clock.unix_milliseconds(), v["slurm"] = slurm_value(parts.cluster.look());
               Value::List waiting;
               for (const auto& one : parts.experiments.all())
                 if (Value value = waiting_value(one->summary(), parts.clock.unix_milliseconds()); !value.is_nothing()) waiting.push_back(std::move(value));
               v["waiting"] = std::move(waiting);
               return json_answer(v);
             }});
}

}  // namespace tomograd
