#include "arch/weights_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>

#include "arch/builder.h"
#include "base/error.h"

namespace tomograd {
namespace {

class WeightsFiles : public testing::Test {
 protected:
  WeightsFiles() {
    char pattern[] = "/tmp/tomograd_weights_XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~WeightsFiles() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& json, const std::string& data, uint64_t length) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += char(length >> (8 * i));
    publish_text(system_env(), folder_ + "/w.safetensors", bytes + json + data);
    return folder_ + "/w.safetensors";
  }
  std::string write(const std::string& json, const std::string& data) { return write(json, data, json.size()); }
  std::string folder_;
};

std::string numbers(const std::vector<float>& values) {
  std::string raw(values.size() * 4, '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  return raw;
}

std::string entry(const std::string& type, const std::string& shape, const std::string& range) {
  return "{\"dtype\":\"" + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + range + "]}";
}

Graph small() {
  Builder build("small", 1);
  return build.finish({{build.conv("c", 0, 2, {1, 1, 3}), 1.0}});
}

TEST_F(WeightsFiles, GiveTheTensorsOfANetwork) {
  std::string json = "{\"__metadata__\":{\"format\":\"tomograd.model/1\",\"spec\":\"[model]\\n[[model.block]]\"},\"c.bias\":" + entry("F32", "2", "24,32") +
                     ",\"c.weight\":" + entry("F32", "2,1,1,1,3", "0,24") + ",\"n.ring_position\":" + entry("I64", "1", "32,40") + "}";
  WeightsFile file(system_env(), write(json, numbers({1, 2, 3, 4, 5, 6, 7, 8, 0, 0})));
  file.check(small());
  EXPECT_EQ(file.metadata().at("spec"), "[model]\n[[model.block]]");
  auto bias = file.read("c.bias");
  EXPECT_EQ(std::vector<float>(bias.begin(), bias.end()), (std::vector<float>{7, 8}));
  auto weight = file.read("c.weight");
  EXPECT_EQ(std::vector<float>(weight.begin(), weight.end()), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_THROW(file.read("c.slope"), Error);
  EXPECT_THROW(file.read("n.ring_position"), Error);
}

TEST_F(WeightsFiles, ReadsTheFileOfThePythonPackage) {
  WeightsFile file(system_env(), TOMOGRAD_SOURCE_DIR "/tests/golden/nn/written_by_python.safetensors");
  EXPECT_EQ(file.metadata().at("ключ \"q\""), "line\nbreak \\ ü");
  EXPECT_EQ(file.read("a.weight").size(), 6u);
  EXPECT_EQ(file.read("empty").size(), 0u);
  EXPECT_THROW(file.read("half"), Error);
}

TEST_F(WeightsFiles, OfAnotherNetworkAreRefused) {
  auto refusal = [&](const std::string& json, size_t floats) {
    std::string path = write(json, numbers(std::vector<float>(floats)));
    try {
      WeightsFile(system_env(), path).check(small());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  std::string weight = "\"c.weight\":" + entry("F32", "2,1,1,1,3", "0,24");
  EXPECT_EQ(refusal("{" + weight + ",\"c.bias\":" + entry("F32", "2", "24,32") + "}", 8), "accepted");
  EXPECT_NE(refusal("{" + weight + "}", 6).find("no tensor 'c.bias'"), std::string::npos);
  EXPECT_NE(refusal("{" + weight + ",\"c.bias\":" + entry("F32", "2,1", "24,32") + "}", 8).find("is 2x1, this network needs 2"), std::string::npos);
  EXPECT_NE(refusal("{" + weight + ",\"c.bias\":" + entry("F16", "2", "24,28") + "}", 7).find("of type F16, expected F32"), std::string::npos);
}

TEST_F(WeightsFiles, HostileHeadersAreRefused) {
  std::string four(4, 'x'), eight(8, 'x');
  std::vector<std::pair<std::string, std::string>> bad = {
      {"", four}, {"[]", ""}, {"{", ""}, {"{\"a\":1}", ""}, {"{\"a\":" + entry("F32", "1", "0,8") + "}", eight}, {"{\"a\":" + entry("F32", "1", "8,12") + "}", eight},
      {"{\"a\":" + entry("F32", "1", "4,0") + "}", eight}, {"{\"a\":" + entry("F32", "1", "-4,0") + "}", eight}, {"{\"a\":" + entry("F31", "1", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "-1,-1", "0,4") + "}", four}, {"{\"a\":" + entry("F32", "4294967296,4294967296", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "4611686018427387905", "0,4") + "}", four}, {"{\"a\":" + entry("F32", "18446744073709551615", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "1.5", "0,4") + "}", four}, {"{\"a\":" + entry("F32", "1", "0,4,4") + "}", four}, {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", four},
      {"{\"__metadata__\":{\"a\":1}}", ""}, {"{\"__metadata__\":[]}", ""}, {"{\"a\":" + std::string(100000, '[') + "}", ""}, {"PK\x03\x04", four}};
  for (auto& [json, data] : bad) {
    std::string path = write(json, data);
    try {
      WeightsFile file(system_env(), path);
      ADD_FAILURE() << "accepted: " << json.substr(0, 200);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << json.substr(0, 200);
    }
  }
  for (uint64_t length : {~uint64_t{0}, uint64_t{1} << 63, uint64_t{100'000'001}, uint64_t{3}}) {
    std::string path = write("{}", "", length);
    EXPECT_THROW(WeightsFile(system_env(), path), Error) << length;
  }
  publish_text(system_env(), folder_ + "/short", "1234567");
  EXPECT_THROW(WeightsFile(system_env(), folder_ + "/short"), Error);
  EXPECT_THROW(WeightsFile(system_env(), folder_ + "/missing"), Error);
}

}  // namespace
}  // namespace tomograd
