// dataset.json: which scans there are (format tomograd.dataset/1, DESIGN §2). Paths are relative to the file where possible.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/extent.h"
#include "spec/value.h"
#include "volume/geometry.h"

namespace tomograd {

struct Case {                                    // one patient's scan event
  std::string id, patient, scan;                 // id is the only name that artefacts carry
  std::map<std::string, std::string> images;     // modality -> absolute path; a missing modality is absent here
  std::map<std::string, int64_t> frames;         // modality -> frame of a 4-D file (Decathlon); absent = 0
  std::string label, roi;                        // absolute paths, "" = none
  Geometry geometry;                             // of the first image present, as stored in its header
  std::string digest;                            // of all its files: their sizes, first and last 64 KiB
  std::vector<std::string> warnings;
};

struct Dataset {
  std::string path;                              // where it was read from, "" = not yet written
  std::vector<std::string> modalities;
  std::vector<std::pair<std::string, std::vector<int64_t>>> labels;  // foreground name -> values
  std::vector<Case> cases;

  std::vector<std::string> patients() const;     // in order of first appearance
  const Case& find(const std::string& id) const; // Error(input) naming the nearest id
};

Dataset read_dataset(Env& env, const std::string& path);
void write_dataset(Env& env, const Dataset& dataset, const std::string& path);

// Which cases train, validate and test. All scans of a patient stay together.
struct Split { std::vector<int> train, validation, test; };  // indices into cases
Split make_split(const Dataset& dataset, const std::vector<std::string>& validation_patients, const std::vector<std::string>& test_patients,
                 double validation_fraction, uint64_t seed);
std::vector<std::vector<std::string>> patient_folds(const Dataset& dataset, int64_t k, uint64_t seed);

}  // namespace tomograd
