// Patch centres that the user gives: a CSV file with the columns case,z,y,x (a header line; other columns are ignored),
// coordinates in voxels of the case's first image as it is stored.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/prepared_case.h"

namespace tomograd {

struct Location {
  int case_index = 0;
  Extent centre;                                 // voxel of the prepared case
};

// Rows of cases that are not in the list (held back for testing, say) are counted in *others. A row that cannot be read,
// lies outside its case, or a file without a usable row is Error(input) with the line's number.
std::vector<Location> read_locations(Env& env, const std::string& path, const std::vector<PreparedCase>& cases, int64_t* others);

// The voxel of the prepared case nearest to a voxel of its first image; a case without `original` is its own.
Extent prepared_voxel(const PreparedCase& prepared, double z, double y, double x);

}  // namespace tomograd
