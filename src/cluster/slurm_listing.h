// What a cluster offers and what waits in it, for people: sinfo, squeue and scontrol show node as records; pure functions of the text. A line in which
// anything is not as it should be is left out whole and counted, so that a table never shows a number that was guessed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tomograd {

struct SlurmShare {                              // of nodes or of processors
  int64_t allocated = 0, idle = 0, other = 0, total = 0;             // other: down, drained, reserved
  bool operator==(const SlurmShare&) const = default;
};

struct SlurmPartition {
  std::string name, state;                       // up, down, drain, inact
  bool usual = false;                            // the default one
  int64_t limit_seconds = -1;                    // -1: no limit
  SlurmShare nodes, cpus;
  int64_t memory_bytes = 0, gpus = 0;            // of all its nodes
  int64_t memory_promised_bytes = -1, memory_free_bytes = -1;        // to jobs; by the operating systems; -1: not told
};

struct SlurmQueued {
  std::string id, array;                         // "4711_[3-9%2]" and its "3-9%2"; array "" = none
  std::string partition, state, reason, name;    // state in Slurm's words: PENDING
  int64_t elapsed_seconds = 0, limit_seconds = -1;
  int64_t cpus = 0, nodes = 0, memory_bytes = 0; // memory of a node; 0 = the cluster's default
  std::string starts;                            // expected or real, local time, 2026-11-27T14:35:15; "" = not known
};

struct SlurmNode {
  std::vector<std::string> partitions;
  int64_t memory_promised_bytes = 0, memory_free_bytes = -1;
};

template <class Record>
struct SlurmListing {
  std::vector<Record> records;
  int64_t strange = 0;                           // lines that were not understood
};

constexpr const char* partition_format = "%P|%a|%l|%F|%C|%m|%G";     // of sinfo --exact: one line for nodes that are alike
SlurmListing<SlurmPartition> parse_partitions(const std::string& text);  // lines of one partition added up
constexpr const char* queued_format = "%i|%P|%T|%M|%l|%C|%m|%D|%S|%r|%j";  // the name last, as it may hold anything
SlurmListing<SlurmQueued> parse_queued(const std::string& text);
SlurmListing<SlurmNode> parse_nodes(const std::string& text);            // of scontrol --oneliner show node

// Memory of the nodes added to their partitions.
void add_memory(std::vector<SlurmPartition>& partitions, const std::vector<SlurmNode>& nodes);

int64_t slurm_seconds(const std::string& time);  // "2-03:04:05", "4:05", "UNLIMITED" = -1; -2 = no time
int64_t slurm_gpus(const std::string& gres);     // "gpu:a100:4(S:0-1),shard:8" = 4; -1 = not understood

}  // namespace tomograd
