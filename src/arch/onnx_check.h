// For tests: ONNX files held against numbers computed by graph_reference.h, in ONNX Runtime (tests/support/check_onnx.py).
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "arch/graph_reference.h"
#include "arch/onnx_export.h"
#include "base/env.h"

namespace tomograd {

class OnnxCheck {
 public:
  OnnxCheck() {
    char pattern[] = "/tmp/tomograd_onnx_XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~OnnxCheck() { std::filesystem::remove_all(folder_); }

  static std::string python() { return TOMOGRAD_SOURCE_DIR "/.venv-test/bin/python"; }
  static bool available() { return std::system((python() + " -c 'import onnx, onnxruntime' 2>/dev/null").c_str()) == 0; }
  const std::string& folder() const { return folder_; }

  void save(const std::string& model, const std::function<void(OutputFile&)>& write) {
    Publication file(system_env(), folder_ + "/" + model);
    write(file.file());
    file.commit();
  }

  // Another order of summation in float is off by about as much as the reference in float; 8 times that is allowed (the most seen
  // is 3), which must still be far below the values themselves.
  static double tolerance(const graph_reference::Image<float>& single, const graph_reference::Image<double>& exact) {
    double largest = 0;
    for (double value : exact.values) largest = std::max(largest, std::abs(value));
    double allowed = 8 * std::max(graph_reference::rounding_error(single, exact), 1e-7 * largest);
    EXPECT_LT(allowed, 1e-3 * largest);
    return allowed;
  }

  struct Output { std::string name; std::vector<graph_reference::Image<double>> images; double tolerance; };  // an image per entry of the batch
  void add(const std::string& name, const std::string& model, const std::vector<graph_reference::Image<float>>& inputs, const std::vector<Output>& outputs) {
    std::string stem = text("case", cases_.size());
    nlohmann::json one = {{"name", name}, {"model", model}, {"input", stem + ".in"}, {"shape", shape_of(inputs)}, {"outputs", nlohmann::json::array()}};
    put(stem + ".in", inputs);
    for (const Output& output : outputs) {
      std::string file = text(stem, ".out", one["outputs"].size());
      put(file, output.images);
      one["outputs"].push_back({{"name", output.name}, {"file", file}, {"shape", shape_of(output.images)}, {"tolerance", output.tolerance}});
    }
    cases_.push_back(one);
  }

  // The network with any size, with a size along y alone and with each of `sizes` fixed, computed for all of them; all heads.
  void add_graph(const std::string& name, const Graph& graph, const std::vector<Extent>& sizes, bool fixed_too = true, int64_t batch = 1) {
    graph_reference::TestWeights weights(graph);
    WeightLookup lookup = weights.lookup();
    OnnxOptions options;
    options.all_heads = true;
    save(name + ".onnx", [&](OutputFile& to) { export_onnx(graph, lookup, options, to); });
    for (Extent size : sizes) {
      std::vector<graph_reference::Image<float>> inputs;
      std::vector<Output> outputs;
      for (int64_t n = 0; n < batch; ++n) {
        inputs.push_back(graph_reference::test_image<float>(graph.in_channels(), size, uint64_t(n)));
        auto single = graph_reference::Reference<float>(graph, lookup).compute(inputs.back());
        auto exact = graph_reference::Reference<double>(graph, lookup).compute(graph_reference::test_image<double>(graph.in_channels(), size, uint64_t(n)));
        for (size_t h = 0; h < graph.outputs.size(); ++h) {
          size_t node = size_t(graph.outputs[h].node);
          if (n == 0) outputs.push_back({h == 0 ? "output" : graph.nodes[node].name, {}, 0});
          outputs[h].tolerance = std::max(outputs[h].tolerance, tolerance(single[node], exact[node]));
          outputs[h].images.push_back(exact[node]);
        }
      }
      add(text(name, " ", to_string(size)), name + ".onnx", inputs, outputs);
      if (!fixed_too) continue;
      std::string model = text(name, "_", to_string(size), ".onnx");
      options.size = size;
      if (size == sizes.front()) {  // one axis fixed, the others not
        options.size.z = options.size.x = 0;
        save("partly_" + model, [&](OutputFile& to) { export_onnx(graph, lookup, options, to); });
        add(text(name, " partly fixed ", to_string(size)), "partly_" + model, inputs, outputs);
        options.size = size;
      }
      options.batch = batch;
      save(model, [&](OutputFile& to) { export_onnx(graph, lookup, options, to); });
      add(text(name, " fixed ", to_string(size)), model, inputs, outputs);
    }
  }

  int run(std::string& log) {
    publish_text(system_env(), folder_ + "/cases.json", nlohmann::json(cases_).dump());
    int status = std::system((python() + " " TOMOGRAD_SOURCE_DIR "/tests/support/check_onnx.py " + folder_ + " > " + folder_ + "/log.txt 2>&1").c_str());
    log = read_text(system_env(), folder_ + "/log.txt");
    return status;
  }

  void expect_equal() {
    std::string log;
    EXPECT_EQ(run(log), 0) << log;
    EXPECT_EQ(log.find("WRONG"), std::string::npos);
    EXPECT_GE(std::count(log.begin(), log.end(), '\n'), int64_t(cases_.size())) << log;
    if (std::getenv("TOMOGRAD_SHOW_ONNX")) std::fputs(log.c_str(), stderr);
  }

 private:
  template <class T>
  static std::vector<int64_t> shape_of(const std::vector<graph_reference::Image<T>>& images) {
    const auto& first = images.front();
    return {int64_t(images.size()), first.channels, first.size.z, first.size.y, first.size.x};
  }
  template <class T>
  void put(const std::string& file, const std::vector<graph_reference::Image<T>>& images) {
    std::string raw;
    for (const auto& image : images) raw.append(reinterpret_cast<const char*>(image.values.data()), image.values.size() * sizeof(T));
    publish_text(system_env(), folder_ + "/" + file, raw);
  }

  std::string folder_;
  std::vector<nlohmann::json> cases_;
};

}  // namespace tomograd
