#include "sampling/locations.h"

#include <charconv>
#include <cmath>
#include <map>

#include "base/error.h"

namespace tomograd {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (char c : line) {
    if (c == ',' || c == ';') cells.emplace_back();
    else if (c != '"' && c != '\r' && c != ' ' && c != '\t') cells.back() += c;
  }
  return cells;
}

double number_in(const std::string& cell, const char* column) {
  double value = 0;
  auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (problem != std::errc{} || end != cell.data() + cell.size() || !std::isfinite(value)) fail_input(text("column ", column, " is '", cell, "', must be a number"));
  return value;
}

std::array<double, 3> solve(const Affine& m, std::array<double, 3> world) {  // voxel i, j, k of a world position; Cramer's rule
  auto determinant = [](const double a[3][3]) {
    return a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
  };
  double whole[3][3];
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) whole[r][c] = m[size_t(r)][size_t(c)];
  const double d = determinant(whole);
  std::array<double, 3> voxel{};
  for (int column = 0; column < 3; ++column) {
    double replaced[3][3];
    for (int r = 0; r < 3; ++r)
      for (int c = 0; c < 3; ++c) replaced[r][c] = c == column ? world[size_t(r)] - m[size_t(r)][3] : whole[r][c];
    voxel[size_t(column)] = determinant(replaced) / d;
  }
  return voxel;
}

}  // namespace

Extent prepared_voxel(const PreparedCase& prepared, double z, double y, double x) {
  if (prepared.original.size.voxels() == 0) return {std::llround(z), std::llround(y), std::llround(x)};
  auto voxel = solve(prepared.geometry.affine, prepared.original.world(z, y, x));
  return {std::llround(voxel[2]), std::llround(voxel[1]), std::llround(voxel[0])};
}

std::vector<Location> read_locations(Env& env, const std::string& path, const std::vector<PreparedCase>& cases, int64_t* others) {
  return with_context("reading patch locations from " + path, [&] {
    std::map<std::string, int> index_of;
    for (size_t k = 0; k < cases.size(); ++k) index_of[cases[k].id] = int(k);
    std::istringstream lines(read_text(env, path));
    std::string line;
    int column[4] = {-1, -1, -1, -1};            // case, z, y, x
    const char* names[4] = {"case", "z", "y", "x"};
    std::vector<Location> locations;
    *others = 0;
    for (int64_t number = 1; std::getline(lines, line); ++number) {
      auto cells = cells_of(line);
      if (cells.size() == 1 && cells[0].empty()) continue;
      if (column[0] < 0) {
        for (int c = 0; c < 4; ++c)
          for (size_t i = 0; i < cells.size(); ++i)
            if (cells[i] == names[c]) column[c] = int(i);
        for (int c = 0; c < 4; ++c)
          if (column[c] < 0) fail_input(text("line ", number, " is '", line, "', which names no column ", names[c]), "the first line must name the columns case,z,y,x");
        continue;
      }
      with_context(text("line ", number), [&] {
        for (int c = 0; c < 4; ++c)
          if (size_t(column[c]) >= cells.size()) fail_input(text("there is no column ", names[c], " in '", line, "'"));
        auto found = index_of.find(cells[size_t(column[0])]);
        if (found == index_of.end()) {
          ++*others;
          return;
        }
        double at[3];
        for (int a = 0; a < 3; ++a) at[a] = number_in(cells[size_t(column[a + 1])], names[a + 1]);
        const PreparedCase& prepared = cases[size_t(found->second)];
        Location location{found->second, prepared_voxel(prepared, at[0], at[1], at[2])};
        if (!Box{{0, 0, 0}, prepared.geometry.size}.contains(location.centre)) {
          fail_input(text("voxel (z ", at[0], ", y ", at[1], ", x ", at[2], ") of case ", prepared.id, " lies outside its volume (", to_string(prepared.geometry.size), " after preprocessing)"));
        }
        locations.push_back(location);
      });
    }
    if (locations.empty()) fail_input(text("no line names one of the ", cases.size(), " training cases (", *others, " name other cases)"));
    return locations;
  });
}

}  // namespace tomograd
