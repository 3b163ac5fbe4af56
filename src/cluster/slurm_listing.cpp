#include "cluster/slurm_listing.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>

namespace tomograd {
namespace {

constexpr int64_t mebibyte = int64_t{1} << 20, no_time = -2, most_number = int64_t{1} << 40;

bool whole_number(const std::string& digits, int64_t& value) {
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return code == std::errc() && end == digits.data() + digits.size() && value >= 0 && value < most_number && digits[0] != '-';
}

std::vector<std::string> fields_of(const std::string& line, char by, size_t most) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t to; parts.size() + 1 < most && (to = line.find(by, from)) != std::string::npos; from = to + 1) parts.push_back(line.substr(from, to - from));
  parts.push_back(line.substr(from));
  return parts;
}

// "3/1/0/4": allocated, idle, other, all.
bool take_share(const std::string& field, SlurmShare& share) {
  auto parts = fields_of(field, '/', 5);
  return parts.size() == 4 && whole_number(parts[0], share.allocated) && whole_number(parts[1], share.idle) && whole_number(parts[2], share.other) && whole_number(parts[3], share.total) &&
         share.allocated + share.idle + share.other == share.total;
}

void add(SlurmShare& to, const SlurmShare& share) { to.allocated += share.allocated, to.idle += share.idle, to.other += share.other, to.total += share.total; }

// "300M", "4G", "1.50T", "64000Mc" (of each processor), "0"; mebibytes without a unit.
bool take_memory(std::string field, int64_t cpus, int64_t& bytes) {
  bool of_each = false;
  if (!field.empty() && (field.back() == 'c' || field.back() == 'n')) of_each = field.back() == 'c', field.pop_back();
  double unit = double(mebibyte);
  const std::string units = "KMGTP";
  if (size_t at = field.empty() ? std::string::npos : units.find(field.back()); at != std::string::npos) {
    unit = 1024;
    for (; at > 0; --at) unit *= 1024;
    field.pop_back();
  }
  double value = 0;
  auto [end, code] = std::from_chars(field.data(), field.data() + field.size(), value, std::chars_format::fixed);
  if (code != std::errc() || end != field.data() + field.size() || !(value >= 0) || value * unit > double(int64_t{1} << 60)) return false;
  bytes = int64_t(value * unit) * (of_each ? std::max<int64_t>(1, cpus) : 1);
  return true;
}

bool is_moment(const std::string& field) {
  const std::string shape = "0000-00-00T00:00:00";
  if (field.size() != shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == '0' ? field[i] < '0' || field[i] > '9' : field[i] != shape[i]) return false;
  return true;
}

template <class Record>
SlurmListing<Record> listed(const std::string& text, const std::function<bool(const std::string& line, Record& record)>& take) {
  SlurmListing<Record> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    Record record;
    if (take(line, record)) result.records.push_back(std::move(record));
    else ++result.strange;
  }
  return result;
}

bool take_partition(const std::string& line, SlurmPartition& record) {
  auto parts = fields_of(line, '|', 8);
  if (parts.size() != 7) return false;
  record.name = parts[0], record.state = parts[1], record.limit_seconds = slurm_seconds(parts[2]);
  if (!record.name.empty() && record.name.back() == '*') record.usual = true, record.name.pop_back();
  int64_t memory = 0;
  const int64_t gpus = slurm_gpus(parts[6]);
  if (record.name.empty() || record.state.empty() || record.limit_seconds == no_time || !take_share(parts[3], record.nodes) || !take_share(parts[4], record.cpus) || !whole_number(parts[5], memory) || gpus < 0) return false;
  record.memory_bytes = memory * mebibyte * record.nodes.total, record.gpus = gpus * record.nodes.total;
  return true;
}

bool take_queued(const std::string& line, SlurmQueued& record) {
  auto parts = fields_of(line, '|', 11);
  int64_t id = 0;
  if (parts.size() != 11 || !whole_number(parts[0].substr(0, parts[0].find_first_of("_+")), id) || id == 0) return false;
  record.id = parts[0], record.partition = parts[1], record.state = parts[2], record.reason = parts[9] == "None" ? "" : parts[9], record.name = parts[10];
  if (size_t bar = record.id.find('_'); bar != std::string::npos) {
    record.array = record.id.substr(bar + 1);
    std::erase_if(record.array, [](char c) { return c == '[' || c == ']'; });
  }
  record.elapsed_seconds = slurm_seconds(parts[3]), record.limit_seconds = slurm_seconds(parts[4]);
  if (parts[3] == "INVALID") record.elapsed_seconds = 0;             // of a job that has just begun, by another clock
  if (record.elapsed_seconds < 0 || record.limit_seconds == no_time || !whole_number(parts[5], record.cpus) || !take_memory(parts[6], record.cpus, record.memory_bytes) || !whole_number(parts[7], record.nodes)) return false;
  if (parts[8] != "N/A" && !is_moment(parts[8])) return false;
  record.starts = parts[8] == "N/A" ? "" : parts[8];
  return !record.state.empty() && record.state.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string::npos;
}

bool take_node(const std::string& line, SlurmNode& record) {
  auto field = [&](const std::string& name) {
    size_t at = line.find(" " + name + "=");
    if (at == std::string::npos) return std::string();
    at += name.size() + 2;
    return line.substr(at, line.find(' ', at) - at);
  };
  int64_t promised = 0, free = 0;
  if (!line.starts_with("NodeName=") || !whole_number(field("AllocMem"), promised)) return false;
  record.partitions = fields_of(field("Partitions"), ',', 1000), record.memory_promised_bytes = promised * mebibyte;
  if (const std::string told = field("FreeMem"); whole_number(told, free)) record.memory_free_bytes = free * mebibyte;   // N/A of a node that is down
  return true;
}

}  // namespace

int64_t slurm_seconds(const std::string& time) {
  if (time == "UNLIMITED" || time == "infinite" || time == "NOT_SET") return -1;
  const size_t dash = time.find('-');
  int64_t days = 0, seconds = 0;
  if (dash != std::string::npos && !whole_number(time.substr(0, dash), days)) return no_time;
  const auto parts = fields_of(dash == std::string::npos ? time : time.substr(dash + 1), ':', 4);
  if (parts.size() > 3 || (parts.size() < 3 && dash != std::string::npos) || parts.size() < 2) return no_time;
  for (size_t i = 0; i < parts.size(); ++i) {
    int64_t part = 0;
    if (!whole_number(parts[i], part) || (i > 0 && (part > 59 || parts[i].size() != 2))) return no_time;
    seconds = seconds * 60 + part;
  }
  return days * 86'400 + seconds;
}

int64_t slurm_gpus(const std::string& gres) {
  if (gres == "(null)" || gres == "N/A" || gres.empty()) return 0;
  std::string plain;                             // without "(S:0-1)", which holds commas of its own
  int depth = 0;
  for (char c : gres) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0 && c != ')') plain += c;
  }
  int64_t gpus = 0;
  for (const auto& one : fields_of(plain, ',', 1000)) {
    const auto parts = fields_of(one, ':', 4);
    int64_t count = 1;
    if (parts[0] != "gpu") continue;
    if (parts.size() > 1 && !whole_number(parts.back(), count)) {
      if (parts.size() > 2) return -1;
      count = 1;                                 // "gpu:a100"
    }
    gpus += count;
  }
  return gpus;
}

SlurmListing<SlurmPartition> parse_partitions(const std::string& text) {
  const auto lines = listed<SlurmPartition>(text, take_partition);
  SlurmListing<SlurmPartition> result;
  result.strange = lines.strange;
  for (const auto& line : lines.records) {
    auto known = std::find_if(result.records.begin(), result.records.end(), [&](const SlurmPartition& one) { return one.name == line.name; });
    if (known == result.records.end()) {
      result.records.push_back(line);
      continue;
    }
    add(known->nodes, line.nodes), add(known->cpus, line.cpus);
    known->memory_bytes += line.memory_bytes, known->gpus += line.gpus;
  }
  return result;
}

SlurmListing<SlurmQueued> parse_queued(const std::string& text) { return listed<SlurmQueued>(text, take_queued); }
SlurmListing<SlurmNode> parse_nodes(const std::string& text) { return listed<SlurmNode>(text, take_node); }

void add_memory(std::vector<SlurmPartition>& partitions, const std::vector<SlurmNode>& nodes) {
  for (auto& partition : partitions)
    for (const auto& node : nodes) {
      if (std::find(node.partitions.begin(), node.partitions.end(), partition.name) == node.partitions.end()) continue;
      partition.memory_promised_bytes = std::max<int64_t>(0, partition.memory_promised_bytes) + node.memory_promised_bytes;
      if (node.memory_free_bytes >= 0) partition.memory_free_bytes = std::max<int64_t>(0, partition.memory_free_bytes) + node.memory_free_bytes;
    }
}

}  // namespace tomograd
