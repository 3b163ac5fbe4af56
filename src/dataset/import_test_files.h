// What the tests of the importers share.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "dataset/dataset_test_files.h"
#include "dataset/import.h"

namespace tomograd {

using Names = std::vector<std::string>;
using Labels = std::vector<std::pair<std::string, std::vector<int64_t>>>;

inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline Imported import(const Scratch& scratch, const ImportOptions& options = {}, const std::string& source = "") {
  ThreadPool pool(2);
  return import_dataset(system_env(), scratch.path(source), options, pool);
}

inline std::string importing(const Scratch& scratch, const ImportOptions& options = {}, const std::string& source = "") {
  return error_of([&] { import(scratch, options, source); });
}

inline Names ids(const Dataset& dataset) {
  Names names;
  for (const auto& item : dataset.cases) names.push_back(item.id);
  return names;
}

inline bool noted(const Imported& imported, const std::string& part) {
  return std::any_of(imported.notes.begin(), imported.notes.end(), [&](const std::string& note) { return holds(note, part); });
}

// dim[0] = 4 and a second frame behind the first, on a file written with one.
inline void make_four_dimensional(const Scratch& s, const std::string& relative) {
  s.image(relative);
  std::string file = read_text(system_env(), s.path(relative));
  int16_t four = 4, two = 2;
  std::memcpy(file.data() + 40, &four, 2), std::memcpy(file.data() + 48, &two, 2);
  s.write(relative, file + file.substr(file.size() - 60 * 4));
}

}  // namespace tomograd
