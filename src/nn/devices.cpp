// Private to the engine rooms
#include "nn/devices.h"

#include <torch/cuda.h>

#include <charconv>

#include "base/error.h"
#include "base/memory.h"

namespace tomograd {
namespace {

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    size_t comma = list.find(',', begin);
    parts.push_back(list.substr(begin, comma - begin));
    if (comma == std::string::npos) return parts;
    begin = comma + 1;
  }
}

[[noreturn]] void refuse_device(const std::string& device) {
  fail_input(text("device is '", device, "'"), "expected cpu, cuda:N, or several to split a network over: cuda:N,M or cpu,cpu");
}

}  // namespace

std::vector<std::string> devices_of(const std::string& device) {
  if (device == "cuda") return devices_of("cuda:0");
  if (device.rfind("cuda:", 0) != 0) {
    std::vector<std::string> parts = parts_of(device);
    for (const std::string& part : parts)
      if (part != "cpu") refuse_device(device);
    return parts;
  }
  std::vector<std::string> list;
  for (const std::string& part : parts_of(device.substr(5))) {
    int number = -1;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size() || number < 0) refuse_device(device);
    int there = torch::cuda::is_available() ? int(torch::cuda::device_count()) : 0;
    if (number >= there) fail_failure(text("device cuda:", number, " is not here; there are ", there), there == 0 ? "use --device cpu; tomograd doctor shows what was found" : "");
    list.push_back(text("cuda:", number));
  }
  return list;
}

std::string place_network(Network& network, const std::string& device, const std::string& split, Extent input, int64_t batch, int value_bytes) {
  std::vector<std::string> devices = devices_of(device);
  if (devices.size() == 1) {
    if (devices[0] == "cpu") return "";
    network.to_device(devices[0]);
    return "the network is on " + devices[0];
  }
  const Graph& graph = network.graph();
  if (split == "down_up" && devices.size() != 2) fail_input(text("split is 'down_up', which has two parts, but device names ", devices.size()), "name two devices, or use split = \"memory\"");
  DeviceOfNode device_of = split == "down_up" ? split_down_up(graph) : split_by_memory(graph, input, batch, value_bytes, int(devices.size()));
  std::string said = "the network is split over";
  std::vector<int64_t> bytes = part_bytes(graph, input, batch, value_bytes, device_of);
  for (size_t d = 0; d < devices.size(); ++d) {
    size_t first = 0;
    while (device_of[first] != int(d)) ++first;
    said += text(d ? ", " : " ", devices[d], " (from ", graph.nodes[first].name, " on, ", bytes_text(bytes[d]), " in training)");
  }
  network.split(device_of, devices);
  return said;
}

}  // namespace tomograd
