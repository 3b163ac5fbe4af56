// For tests: the stores of tests/golden/zarr unpacked into a folder, and files to change.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "volume/nifti_test_files.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

// One file after the other: "PATH BYTES\n", the bytes, "\n".
inline void unpack_zarr_stores(const std::string& folder) {
  std::string all = get_file(TOMOGRAD_SOURCE_DIR "/tests/golden/zarr/stores.bundle");
  ASSERT_GT(all.size(), 100000u);
  for (size_t at = 0; at < all.size();) {
    size_t end = all.find('\n', at), space = all.rfind(' ', end);
    std::string name = all.substr(at, space - at);
    size_t bytes = std::stoul(all.substr(space + 1, end - space - 1));
    std::filesystem::create_directories(parent_path(join_path(folder, name)));
    put_file(join_path(folder, name), all.substr(end + 1, bytes));
    at = end + 1 + bytes + 1;
  }
}

struct ZarrLine { std::string name, type; ZarrIndex shape; };

inline std::vector<ZarrLine> zarr_index_lines() {
  std::istringstream file(get_file(TOMOGRAD_SOURCE_DIR "/tests/golden/zarr/index.txt"));
  std::vector<ZarrLine> lines;
  for (std::string name, type, shape; file >> name >> type >> shape;) {
    lines.push_back({name, type, {}});
    std::istringstream numbers(shape);
    for (std::string number; std::getline(numbers, number, ',');) lines.back().shape.push_back(std::stoll(number));
  }
  return lines;
}

// The error that `body` ends with, "" when there is none.
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline void expect_refused(const std::string& error, const std::string& part) {
  EXPECT_NE(error.find(part), std::string::npos) << "expected \"" << part << "\" in: " << (error.empty() ? "(no error)" : error);
}

inline std::string replaced(std::string all, const std::string& from, const std::string& to) {
  size_t at = all.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? all : all.replace(at, from.size(), to);
}

}  // namespace tomograd
