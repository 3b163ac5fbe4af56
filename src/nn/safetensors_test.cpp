#include "nn/safetensors.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "nn/golden_test_support.h"
#include "arch/safetensors_header.h"

namespace tomograd {
namespace {

class Safetensors : public testing::Test {
 protected:
  Safetensors() {
    char pattern[] = "/tmp/tomograd_safetensors_XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~Safetensors() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string with_header(const std::string& json, const std::string& data, uint64_t length = ~uint64_t{0}) {
    if (length == ~uint64_t{0}) length = json.size();
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += char(length >> (8 * i));
    publish_text(system_env(), path("hostile.safetensors"), bytes + json + data);
    return path("hostile.safetensors");
  }
  std::string folder_;
};

TensorFile many_kinds() {
  TensorFile file;
  file.tensors = {{"z.weight", hashed(1, {2, 3})}, {"half", hashed(2, {5}).to(at::kHalf)}, {"brain", hashed(3, {3, 1}).to(at::kBFloat16)}, {"double", hashed(4, {2}).to(at::kDouble)},
                  {"count", at::full({}, 7, at::kLong)}, {"bytes", at::arange(3, at::kByte)}, {"flags", at::tensor({1, 0}).to(at::kBool)}, {"empty", at::empty({0, 4})},
                  {"last", hashed(5, {2, 3, 4, 5, 6}).contiguous(at::MemoryFormat::ChannelsLast3d)}};
  file.metadata = {{"format", "tomograd.model/1"}, {"odd \"key\"\n", "tab\t \\ ü \x01"}};
  return file;
}

TEST_F(Safetensors, WhatIsWrittenIsReadBack) {
  TensorFile file = many_kinds();
  write_safetensors(system_env(), path("a.safetensors"), file);
  TensorFile back = read_safetensors(system_env(), path("a.safetensors"));
  EXPECT_EQ(back.metadata, file.metadata);
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(back.tensors.at(name), tensor)) << name;
  }
  write_safetensors(system_env(), path("b.safetensors"), back);
  EXPECT_EQ(read_text(system_env(), path("a.safetensors")), read_text(system_env(), path("b.safetensors")));
}

TEST_F(Safetensors, ReadsTheFileOfThePythonPackage) {
  TensorFile file = golden("written_by_python.safetensors");
  EXPECT_EQ(file.metadata.at("ключ \"q\""), "line\nbreak \\ ü");
  EXPECT_TRUE(at::equal(file.tensors.at("a.weight"), hashed(1, {2, 3})));
  EXPECT_TRUE(at::equal(file.tensors.at("half"), hashed(2, {5}).to(at::kHalf)));
  EXPECT_TRUE(at::equal(file.tensors.at("double"), hashed(3, {2, 2}).to(at::kDouble)));
  EXPECT_EQ(file.tensors.at("scalar").item<int64_t>(), 7);
  EXPECT_EQ(file.tensors.at("empty").sizes(), at::IntArrayRef({0, 4}));
  EXPECT_EQ(file.tensors.size(), 6u);
}

TEST_F(Safetensors, ThePythonPackageReadsOurs) {
  std::string python = TOMOGRAD_SOURCE_DIR "/.venv-test/bin/python";
  if (!std::filesystem::exists(python)) GTEST_SKIP() << "no .venv-test with the safetensors package";
  TensorFile file = many_kinds();
  file.tensors.erase("brain");  // numpy has no bfloat16
  write_safetensors(system_env(), path("ours.safetensors"), file);
  std::string script = "import sys; from safetensors.numpy import safe_open; f = safe_open(sys.argv[1], 'np'); t = {k: f.get_tensor(k) for k in f.keys()}; "
                       "assert len(t) == 8 and t['count'] == 7 and t['empty'].shape == (0, 4) and t['bytes'].tolist() == [0, 1, 2]; "
                       "assert f.metadata()['format'] == 'tomograd.model/1'; print(repr(float(t['last'].astype('f8').sum())))";
  publish_text(system_env(), path("check.py"), script);
  std::string command = python + " " + path("check.py") + " " + path("ours.safetensors") + " > " + path("sum.txt");
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_NEAR(std::stod(read_text(system_env(), path("sum.txt"))), hashed(5, {2, 3, 4, 5, 6}).to(at::kDouble).sum().item<double>(), 1e-12);
}

TEST_F(Safetensors, HostileFilesAreRefused) {
  auto entry = [](const std::string& type, const std::string& shape, const std::string& range) {
    return "{\"dtype\":\"" + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + range + "]}";
  };
  std::string four(4, 'x'), eight(8, 'x');
  std::vector<std::pair<std::string, std::string>> bad = {
      {"", four}, {"[]", ""}, {"{}", four}, {"{\"a\":" + entry("F32", "1", "0,4") + "}", eight},
      {"{\"a\":" + entry("F32", "1", "0,8") + "}", eight},
      {"{\"a\":" + entry("F32", "1", "4,8") + "}", eight},
      {"{\"a\":" + entry("F32", "1", "0,4") + ",\"b\":" + entry("F32", "1", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "2", "0,8") + ",\"b\":" + entry("F32", "1", "4,8") + "}", eight},
      {"{\"a\":" + entry("F32", "1", "0,4") + ",\"a\":" + entry("F32", "1", "4,8") + "}", eight},
      {"{\"a\":" + entry("F32", "1", "4,0") + "}", four}, {"{\"a\":" + entry("F32", "1", "0,99") + "}", four},
      {"{\"a\":" + entry("F31", "1", "0,4") + "}", four}, {"{\"a\":" + entry("F64", "1", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "4294967296,4294967296", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "4611686018427387905", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "-1", "0,4") + "}", four}, {"{\"a\":" + entry("F32", "1.0", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "1e0", "0,4") + "}", four}, {"{\"a\":" + entry("F32", "1,", "0,4") + "}", four},
      {"{\"a\":" + entry("F32", "1", "0,4,4") + "}", four}, {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", four},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}", four},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", four},
      {"{\"a\":" + entry("F32", "1", "0,4") + "}}", four}, {"{\"a\":" + entry("F32", "1", "0,4"), four}, {"{\"a\":", four}, {"{\"a", four}, {"{\"a\\ud800\":1}", ""},
      {"{\"__metadata__\":{\"a\":1}}", ""}, {"{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", ""}, {"{\"__metadata__\":{},\"__metadata__\":{}}", ""},
      {"{\"a\":" + std::string(100000, '[') + "}", ""}, {"{\"a\":" + std::string(100000, '{') + "}", ""},
      {"{\"a\":" + entry("F32", std::string(60000, '1'), "0,4") + "}", four}, {"PK\x03\x04", four}, {std::string("{}\0", 3), ""}};
  for (auto& [json, data] : bad) {
    std::string file = with_header(json, data);
    try {
      read_safetensors(system_env(), file);
      ADD_FAILURE() << "accepted: " << json.substr(0, 200);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << json.substr(0, 200);
      EXPECT_LT(error.message().size(), 500u);
    }
  }
}

TEST_F(Safetensors, LyingLengthsAreRefused) {
  for (uint64_t length : {~uint64_t{0} - 0, uint64_t{1} << 63, uint64_t{100'000'001}, uint64_t{3}, uint64_t{1}}) {
    std::string file = with_header("{}", "", length == ~uint64_t{0} ? ~uint64_t{0} - 1 : length);
    EXPECT_THROW(read_safetensors(system_env(), file), Error) << length;
  }
  publish_text(system_env(), path("short.safetensors"), "1234567");
  EXPECT_THROW(read_safetensors(system_env(), path("short.safetensors")), Error);
  EXPECT_THROW(read_safetensors(system_env(), path("missing.safetensors")), Error);
}

// Many tensors that claim one range are refused from the header alone.
TEST_F(Safetensors, ManyTensorsOnOneRangeAreRefused) {
  std::string json = "{";
  for (int i = 0; i < 200000; ++i) json += (i ? ",\"" : "\"") + std::to_string(i) + "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}";
  EXPECT_THROW(parse_tensor_header(json + "}", 4), Error);
}

TEST_F(Safetensors, EveryPrefixAndEveryChangedByteIsReadOrRefused) {
  write_safetensors(system_env(), path("a.safetensors"), many_kinds());
  std::string whole = read_text(system_env(), path("a.safetensors"));
  size_t header = 8 + size_t(uint8_t(whole[0]) | uint8_t(whole[1]) << 8);
  std::string json = whole.substr(8, header - 8);
  int64_t data = int64_t(whole.size() - header);
  for (size_t i = 0; i < json.size(); ++i) {
    EXPECT_THROW(parse_tensor_header(std::string_view(json).substr(0, json.find_last_of('}') < i ? json.find_last_of('}') : i), data), Error);
    for (char c : {'\0', '"', '{', '9', ',', '\\', char(0xFF)}) {
      std::string changed = json;
      changed[i] = c;
      try {
        parse_tensor_header(changed, data);
      } catch (const Error&) {
      }
    }
  }
}

TEST_F(Safetensors, AFailedWriteLeavesTheOldFile) {
  TensorFile first, second;
  first.tensors["a"] = hashed(1, {4});
  write_safetensors(system_env(), path("a.safetensors"), first);
  second.tensors["a"] = at::zeros({2}, at::kComplexFloat);
  EXPECT_THROW(write_safetensors(system_env(), path("a.safetensors"), second), Error);
  EXPECT_TRUE(at::equal(read_safetensors(system_env(), path("a.safetensors")).tensors.at("a"), first.tensors["a"]));
  EXPECT_EQ(system_env().list(folder_).size(), 1u);
}

}  // namespace
}  // namespace tomograd
