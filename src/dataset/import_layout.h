// A layout turns a source into a Listing: which file is which modality, label or ROI of which patient's scan. It reads names
// and lists, never volumes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "dataset/file_pattern.h"
#include "dataset/import.h"
#include "spec/value.h"

namespace tomograd {

enum class Role { image, label, roi };

struct FoundFile {
  std::string path;                              // absolute
  Role role = Role::image;
  std::string patient, scan, modality;           // modality of images only
  int64_t frame = -1;                            // of a 4-D file; -1 = the file has one, or each is a modality of its own
};

struct Listing {
  std::string layout;
  std::vector<FoundFile> files;
  std::vector<std::string> modalities;           // in the layout's order; empty = as found, sorted
  std::vector<std::pair<std::string, std::vector<int64_t>>> labels;  // names of values, where the layout gives them
  std::vector<std::string> notes;
  bool needs_label = true;                       // no label at all is an error unless --label none
};

struct Tree {  // the volumes below a folder
  std::string root;                              // absolute
  std::vector<std::string> files;                // relative, natural order; hidden files and folders are skipped
  std::vector<std::string> others;               // relative; files that are no volumes
  std::string path(const std::string& relative) const { return join_path(root, relative); }
};
Tree scan_tree(Env& env, const std::string& root);

// One rule per pattern; the first that matches a file decides. The field `label` or `roi` in a pattern says what the file is;
// `case` stands for `patient` where that is missing.
Listing list_by_patterns(const Tree& tree, const std::vector<FilePattern>& patterns, const ImportOptions& options);

Listing list_folders(const Tree& tree, const ImportOptions& options);
Listing list_bids(Env& env, const Tree& tree, const ImportOptions& options);
Listing list_nnunet(Env& env, const Tree& tree, const Value& json, const ImportOptions& options);
Listing list_json(Env& env, const std::string& json_path, const Value& json, const ImportOptions& options);  // Decathlon, nnU-Net v1, MONAI
Listing list_deepmedic(Env& env, const std::string& path, const ImportOptions& options);                     // .cfg or .csv
Listing list_brats(const Tree& tree, const ImportOptions& options);
Listing list_hecktor(const Tree& tree, const ImportOptions& options);
Listing list_hntsmrg(const Tree& tree, const ImportOptions& options);

// Converts a DICOM folder with the program dcm2niix into `folder`; Error(failure) says how to get the program.
void convert_dicom(Env& env, const std::string& source, const std::string& folder);
bool is_dicom(Env& env, const std::string& path);

// Chooses by what is there. `layout` is the asked one or "auto".
Listing list_source(Env& env, const std::string& source, const ImportOptions& options);

// Shared by lists that give paths and no names: the shortest part of each path (file name, folder, both) that tells all
// of them apart.
std::vector<std::string> case_names(const std::vector<std::string>& paths);
// {"0": "CT"} -> {"CT"}; {"1": "tumour"} or {"tumour": 1} or {"whole": [1, 2]} -> names and values without background.
std::vector<std::string> channel_names(const Value& table);
std::vector<std::pair<std::string, std::vector<int64_t>>> label_names(const Value& json, std::vector<std::string>& notes);
// Up to `most` names, one after the other, for messages.
std::string some_names(const std::vector<std::string>& names, size_t most = 8);

}  // namespace tomograd
