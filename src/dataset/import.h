// From a tree of scans, or a list of them, to a Dataset. A layout (import_layout.h) says which file is what; here files become
// cases: headers are read (not voxels, save for label maps, whose values are wanted), grids compared, cases named.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/env.h"
#include "base/parallel.h"
#include "dataset/dataset.h"

namespace tomograd {

struct ImportOptions {
  std::string layout = "auto";                   // or one of import_layouts()
  std::vector<std::string> patterns;             // FilePatterns over paths relative to the source; they replace the layout
  std::string filter;                            // images: only paths that contain this text
  std::string label, roi;                        // name patterns; "" = the field's habits, "none" = there is none
  std::vector<std::string> modalities;           // NAME=PATTERN; empty = from what differs between file names
  std::vector<std::string> label_names;          // VALUE=NAME; other values keep the layout's name, or labelN
  bool pseudonyms = false;                       // P001, P002, ... instead of patients, S1, S2, ... instead of scans
  std::vector<std::pair<std::string, std::string>> known_pseudonyms;  // of an earlier import: pseudonym, patient
  std::string dicom_folder;                      // where DICOM series are converted to
};

struct Imported {
  Dataset dataset;
  std::string layout;
  std::vector<std::string> notes;                // one sentence each: what was left out, renamed, is odd
  std::vector<std::pair<std::string, std::string>> pseudonyms;  // pseudonym, patient; with --pseudonyms
};

const std::vector<std::string>& import_layouts();

// Error(input) or Error(usage) names the files and the flags that would help: no file recognised, no label found (label =
// "none" accepts that), two files for one place, a label map that holds no integers, an unreadable header.
Imported import_dataset(Env& env, const std::string& source, const ImportOptions& options, ThreadPool& pool);

// Role, size, first and last 64 KiB of a file.
void add_file_ends(Env& env, Digest& digest, const std::string& role, const std::string& path);

// Over sizes, first and last 64 KiB of a case's files (of block stores what volume/block_store_digest.h says), in the order
// modalities (sorted), label, roi. Names and places of files do not count.
std::string case_digest(Env& env, const Case& item);

}  // namespace tomograd
