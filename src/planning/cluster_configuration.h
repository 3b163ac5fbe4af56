// A cluster of cloud instances as one object, from which both its AWS ParallelCluster file and its drawing are written, so that
// the picture shows what is started and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planning/experiment_plan.h"

namespace tomograd {

struct ClusterQueue {
  std::string name;                              // letters, digits, hyphens
  std::vector<std::string> types;
  bool spot = false;
  int64_t min_count = 0, max_count = 1;          // instances
  int64_t devices = 1, devices_of_a_trial = 1;   // of one instance, and how many of them a trial takes
  std::string device;                            // "T4"; what the drawing writes into each
  bool cpu = false;
};

struct ClusterConfiguration {
  std::string name, region = "us-east-1", os = "ubuntu2204", head_node = "t3.medium";
  std::string subnet = "subnet-00000000000000000", key_name = "your-key", bucket = "your-bucket";  // to be replaced
  std::vector<ClusterQueue> queues;
  int64_t shared_gigabytes = 50;                 // EBS at /shared: program and experiment folder
  int64_t lustre_gigabytes = 0;                  // FSx for Lustre at /fsx, which imports the bucket's data; 0 = none
  double dataset_bytes = 0, results_bytes = 0;   // for the drawing's arrows; 0 = not known
};

struct ClusterPlaces { std::string subnet, key_name, bucket; };  // the user's own; empty = a placeholder

ClusterConfiguration cluster_of(const ExperimentPlan& plan, const Choice& choice, const InstanceCatalogue& catalogue, const ClusterPlaces& places = {});

// Letters, digits and hyphens, beginning with a letter, at most 60: what CloudFormation takes as a stack's name.
std::string cluster_name(const std::string& any);

// Version 3 of the configuration file (docs.aws.amazon.com/parallelcluster, "Cluster configuration file").
std::string parallelcluster_yaml(const ClusterConfiguration& cluster);

std::string cluster_svg(const ClusterConfiguration& cluster);

}  // namespace tomograd
