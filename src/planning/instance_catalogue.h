// Machines that can be had and what they cost: data with a date (share/instances.toml), which users edit as prices age.
// Nothing about a price is known to the program itself.
#pragma once

#include <string>
#include <vector>

#include "spec/field.h"

namespace tomograd {

struct DeviceSpec {                              // what computes one trial: a GPU, or all cores of a machine
  std::string name;
  bool cpu = false;
  double memory_gib = 0;                         // 0 = that of its instance
  double f32_teraflops = 1, f16_teraflops = 0, bf16_teraflops = 0;  // peak, dense; 0 = no such units
  double memory_gigabytes_per_second = 1;
  std::string note;
  template <class V> void visit(V&& v) {
    v(name, "name", "name that instances use; part of the name that the device itself reports");
    v(cpu, "cpu", "the cores of a machine and no GPU");
    v(memory_gib, "memory_gib", "memory of its own; 0 = it shares that of its instance", between(0, 1e5, "GiB"));
    v(f32_teraflops, "f32_teraflops", "peak rate in 32-bit arithmetic", between(1e-3, 1e6, "TFLOP/s"));
    v(f16_teraflops, "f16_teraflops", "peak rate in half precision, dense; 0 = no such units", between(0, 1e6, "TFLOP/s"));
    v(bf16_teraflops, "bf16_teraflops", "peak rate in bfloat16, dense; 0 = no such units", between(0, 1e6, "TFLOP/s"));
    v(memory_gigabytes_per_second, "memory_gigabytes_per_second", "bandwidth of its memory", between(0.1, 1e6, "GB/s"));
    v(note, "note", "what is uncertain about it");
  }
};

struct InstanceSpec {
  std::string type, provider = "aws", device, region;
  int64_t devices = 1, vcpus = 1, most = 0;
  double memory_gib = 1, network_gigabits_per_second = 1, local_disk_gigabytes = 0;
  double on_demand_per_hour = 0;
  std::vector<double> spot_per_hour;             // {low, high}; empty = none known
  std::string interruption = "unknown";
  bool example = false;
  double hours_factor = 0;
  std::string note;
  template <class V> void visit(V&& v) {
    v(type, "type", "name of the machine type");
    v(provider, "provider", "who lends it; own = a machine of yours, which no cluster file starts", one_of({"aws", "own"}));
    v(device, "device", "name of a [[device]]");
    v(region, "region", "where these prices hold; empty = as for the whole file");
    v(devices, "devices", "how many of these devices it has; each works on a trial of its own", between(1, 64));
    v(vcpus, "vcpus", "virtual processors", between(1, 1024));
    v(most, "most", "as many as there are; 0 = no limit", between(0, 1e6));
    v(memory_gib, "memory_gib", "main memory", between(0.1, 1e5, "GiB"));
    v(network_gigabits_per_second, "network_gigabits_per_second", "network that lasts, not in bursts", between(0.001, 1e5, "Gbit/s"));
    v(local_disk_gigabytes, "local_disk_gigabytes", "disks of its own", between(0, 1e6, "GB"));
    v(on_demand_per_hour, "on_demand_per_hour", "price of an hour", between(0, 1e5));
    v(spot_per_hour, "spot_per_hour", "smallest and largest spot price of an hour; empty = none known", between(0, 1e5));
    v(interruption, "interruption", "how often spot instances of this type are taken away", one_of({"low", "medium", "high", "unknown"}));
    v(example, "example", "to be edited: shown, and chosen only when it is asked for by --type");
    v(hours_factor, "hours_factor", "hours of a trial here per hour that --hours-per-trial states; 0 = it holds as it stands", between(0, 1e4));
    v(note, "note", "what is uncertain about it");
  }
};

struct InterruptionSpec {
  std::vector<double> low = {0.0005, 0.005}, medium = {0.002, 0.02}, high = {0.01, 0.1}, unknown = {0.0005, 0.1};
  template <class V> void visit(V&& v) {
    v(low, "low", "smallest and largest rate of the class", between(0, 60, "1/h"));
    v(medium, "medium", "smallest and largest rate of the class", between(0, 60, "1/h"));
    v(high, "high", "smallest and largest rate of the class", between(0, 60, "1/h"));
    v(unknown, "unknown", "smallest and largest rate where nothing is known", between(0, 60, "1/h"));
  }
};

struct ServiceSpec {                             // what is paid beside the machines
  double object_storage_per_gigabyte_month = 0, block_storage_per_gigabyte_month = 0, lustre_per_gigabyte_month = 0;
  double transfer_in_per_gigabyte = 0, transfer_out_per_gigabyte = 0, uplink_megabits_per_second = 100;
  std::string head_node = "t3.medium";
  double head_node_per_hour = 0;
  template <class V> void visit(V&& v) {
    v(object_storage_per_gigabyte_month, "object_storage_per_gigabyte_month", "S3", between(0, 1000));
    v(block_storage_per_gigabyte_month, "block_storage_per_gigabyte_month", "EBS", between(0, 1000));
    v(lustre_per_gigabyte_month, "lustre_per_gigabyte_month", "FSx for Lustre", between(0, 1000));
    v(transfer_in_per_gigabyte, "transfer_in_per_gigabyte", "into the cloud", between(0, 1000));
    v(transfer_out_per_gigabyte, "transfer_out_per_gigabyte", "out of it", between(0, 1000));
    v(uplink_megabits_per_second, "uplink_megabits_per_second", "from where the scans are to the cloud", between(0.01, 1e7, "Mbit/s"));
    v(head_node, "head_node", "type of the machine that only schedules");
    v(head_node_per_hour, "head_node_per_hour", "its price", between(0, 1000));
  }
};

struct InstanceCatalogue {
  std::string format = "tomograd.instances/1";
  std::string date, source, currency = "$", region;
  InterruptionSpec interruptions_per_hour;
  ServiceSpec services;
  std::vector<DeviceSpec> device;
  std::vector<InstanceSpec> instance;
  template <class V> void visit(V&& v) {
    v(format, "format", "kind and version of this file", one_of({"tomograd.instances/1"}));
    v(date, "date", "when these numbers were collected");
    v(source, "source", "where they come from");
    v(currency, "currency", "of all prices");
    v(region, "region", "where these prices hold");
    v(interruptions_per_hour, "interruptions_per_hour", "how often a spot instance is taken away");
    v(services, "services", "what is paid beside the machines");
    v(device, "device", "what computes");
    v(instance, "instance", "machines");
  }

  const DeviceSpec& device_of(const InstanceSpec& instance) const;   // which read_catalogue() has seen to be there
  const InstanceSpec& find(const std::string& type) const;           // Error(usage) naming the nearest type
};

// From the parsed file. Error(input): unknown keys, values out of range, a format that is newer, a date that is none, types or
// devices given twice, an instance whose device is missing, spot prices or rates that are not {low, high}.
InstanceCatalogue catalogue_from(const Value& parsed);

std::string money_text(const InstanceCatalogue& catalogue, double amount);  // "606 $", "4.32 $"
std::string plain_number(double number, int digits);                        // so many digits after the point: "8.0", "1152"

}  // namespace tomograd
