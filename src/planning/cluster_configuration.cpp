#include "planning/cluster_configuration.h"

#include <algorithm>

#include "base/error.h"

namespace tomograd {
namespace {

bool plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// A YAML scalar that no reader takes for anything but this text.
std::string quoted(const std::string& from) {
  std::string result = "'";
  for (char c : from) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

std::string bucket_access(const ClusterConfiguration& cluster, const std::string& indent) {
  return indent + "Iam:\n" + indent + "  S3Access:\n" + indent + "    - BucketName: " + quoted(cluster.bucket) + "\n" + indent + "      EnableWriteAccess: true\n";
}

void write_queue(std::string& yaml, const ClusterQueue& queue, const ClusterConfiguration& cluster) {
  yaml += "    - Name: " + queue.name + "\n";
  yaml += text("      CapacityType: ", queue.spot ? "SPOT" : "ONDEMAND", "\n");
  if (queue.spot && queue.types.size() > 1) yaml += "      AllocationStrategy: capacity-optimized\n";
  yaml += "      ComputeResources:\n";
  yaml += "        - Name: " + queue.name + "\n";
  yaml += "          Instances:\n";
  for (const auto& type : queue.types) yaml += "            - InstanceType: " + type + "\n";
  yaml += text("          MinCount: ", queue.min_count, "\n          MaxCount: ", queue.max_count, "\n");
  yaml += "      Networking:\n        SubnetIds:\n          - " + quoted(cluster.subnet) + "\n";
  yaml += "      CustomActions:\n        OnNodeConfigured:\n          Script: " + quoted("s3://" + cluster.bucket + "/setup.sh") + "\n";
  yaml += bucket_access(cluster, "      ");
}

}  // namespace

std::string cluster_name(const std::string& any) {
  std::string name;
  for (char c : any) {
    if (plain(c)) name += c;
    else if (!name.empty() && name.back() != '-') name += '-';
  }
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name = "tomograd-" + name;
  if (name.size() > 60) name.resize(60);
  while (name.back() == '-') name.pop_back();
  return name;
}

ClusterConfiguration cluster_of(const ExperimentPlan& plan, const Choice& choice, const InstanceCatalogue& catalogue, const ClusterPlaces& places) {
  const InstancePlan& chosen = plan.instances.at(choice.index);
  if (chosen.instance.provider != "aws") fail_usage("'" + chosen.instance.type + "' is a machine of yours, which ParallelCluster cannot start", "choose a type of the cloud with --type");
  ClusterConfiguration cluster;
  cluster.name = cluster_name(plan.question.name);
  cluster.region = chosen.instance.region.empty() ? catalogue.region : chosen.instance.region;
  cluster.head_node = catalogue.services.head_node;
  if (!places.subnet.empty()) cluster.subnet = places.subnet;
  if (!places.key_name.empty()) cluster.key_name = places.key_name;
  if (!places.bucket.empty()) cluster.bucket = places.bucket;
  ClusterQueue queue;
  queue.name = cluster_name(text(choice.spot ? "spot-" : "demand-", chosen.instance.type)).substr(0, 25);  // ParallelCluster's limit
  queue.types = {chosen.instance.type};
  queue.spot = choice.spot;
  queue.max_count = choice.spot ? chosen.spot.value().count : chosen.count, queue.devices = chosen.instance.devices, queue.devices_of_a_trial = chosen.devices_of_a_trial;
  queue.device = chosen.device.name, queue.cpu = chosen.device.cpu;
  // Trials do not talk to each other: neither a placement group nor a fast network, so that a node comes wherever there is room.
  cluster.queues = {queue};
  cluster.shared_gigabytes = plan.storage.shared_gigabytes, cluster.lustre_gigabytes = plan.storage.lustre_gigabytes;
  cluster.dataset_bytes = plan.storage.dataset_bytes, cluster.results_bytes = plan.storage.results_bytes;
  return cluster;
}

std::string parallelcluster_yaml(const ClusterConfiguration& cluster) {
  std::string yaml = "# AWS ParallelCluster 3, written by tomograd plan. Put in your own subnet, key and bucket; setup.sh in the bucket installs tomograd.\n";
  yaml += "# Nodes are started when trials wait and ended when they are idle; the head node runs, and costs, until the cluster is deleted:\n";
  yaml += "# pcluster delete-cluster --cluster-name " + cluster.name + "\n";
  yaml += "Region: " + cluster.region + "\n";
  yaml += "Image:\n  Os: " + cluster.os + "\n";
  yaml += "HeadNode:\n  InstanceType: " + cluster.head_node + "\n  Networking:\n    SubnetId: " + quoted(cluster.subnet) + "\n";
  yaml += "  Ssh:\n    KeyName: " + quoted(cluster.key_name) + "\n" + bucket_access(cluster, "  ");
  yaml += "Scheduling:\n  Scheduler: slurm\n  SlurmSettings:\n    ScaledownIdletime: 10\n    QueueUpdateStrategy: TERMINATE\n  SlurmQueues:\n";
  for (const auto& queue : cluster.queues) write_queue(yaml, queue, cluster);
  yaml += text("SharedStorage:\n  - Name: shared\n    MountDir: /shared\n    StorageType: Ebs\n    EbsSettings:\n      Size: ", cluster.shared_gigabytes, "\n      VolumeType: gp3\n");
  if (cluster.lustre_gigabytes > 0)
    yaml += text("  - Name: fsx\n    MountDir: /fsx\n    StorageType: FsxLustre\n    FsxLustreSettings:\n      StorageCapacity: ", cluster.lustre_gigabytes,
                 "\n      DeploymentType: SCRATCH_2\n      ImportPath: ") + quoted("s3://" + cluster.bucket + "/data") + "\n";
  return yaml;
}

}  // namespace tomograd
