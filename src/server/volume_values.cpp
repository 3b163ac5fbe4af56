#include "server/volume_values.h"

#include "base/error.h"
#include "spec/extent_value.h"

namespace tomograd {
namespace {

constexpr int64_t longest_axis = int64_t{1} << 40;
constexpr size_t most_told_levels = 64;

int64_t told_between(const Value& value, int64_t low, int64_t high) {
  const int64_t number = value.as_integer();
  if (number < low || number > high) fail_input(text("a decoder says ", number, ", expected ", low, " to ", high));
  return number;
}

}  // namespace

Extent extent_from(const Value& value) {
  if (value.as_list().size() != 3) fail_input("a decoder says a size that has not three numbers");
  Extent size;
  for (int axis = 0; axis < 3; ++axis) size[axis] = told_between(value.as_list()[size_t(axis)], 1, longest_axis);
  return size;
}

Value geometry_value(const Geometry& geometry) {
  Value v = Value::table();
  Value::List affine;
  for (const auto& row : geometry.affine)
    for (double number : row) affine.emplace_back(number);
  v["size"] = extent_value(geometry.size), v["affine"] = std::move(affine);
  return v;
}

Geometry geometry_from(const Value& value) {
  Geometry geometry;
  geometry.size = extent_from(value.at("size"));
  const auto& affine = value.at("affine").as_list();
  if (affine.size() != 12) fail_input("a decoder says an affine that has not twelve numbers");
  for (size_t i = 0; i < 12; ++i) geometry.affine[i / 4][i % 4] = affine[i].as_number();
  return geometry;
}

Value facts_value(const VolumeFacts& facts) {
  Value v = Value::table();
  v["kind"] = facts.kind, v["geometry"] = geometry_value(facts.geometry), v["orientation_known"] = facts.orientation_known, v["compressed"] = facts.compressed, v["channels"] = facts.channels;
  v["type"] = int64_t(facts.type), v["labels"] = Value::list_of(facts.labels);
  Value::List levels;
  for (const auto& level : facts.levels) {
    Value one = Value::table();
    one["size"] = extent_value(level.size), one["factor"] = extent_value(level.factor), one["stored"] = level.stored;
    levels.push_back(std::move(one));
  }
  v["levels"] = std::move(levels);
  return v;
}

VolumeFacts facts_from(const Value& value) {
  VolumeFacts facts;
  facts.kind = value.at("kind").as_text(), facts.geometry = geometry_from(value.at("geometry"));
  facts.orientation_known = value.at("orientation_known").as_bool(), facts.compressed = value.at("compressed").as_bool();
  facts.channels = told_between(value.at("channels"), 1, longest_axis), facts.type = VoxelType(told_between(value.at("type"), 0, int64_t(VoxelType::f64)));
  if (value.at("levels").as_list().empty() || value.at("levels").as_list().size() > most_told_levels) fail_input("a decoder says no levels, or too many");
  for (const Value& one : value.at("levels").as_list()) facts.levels.push_back({extent_from(one.at("size")), extent_from(one.at("factor")), "", one.at("stored").as_bool()});
  for (const Value& name : value.at("labels").as_list()) facts.labels.push_back(name.as_text());
  return facts;
}

Value range_value(const ValueRange& range) {
  Value v = Value::table();
  v["low"] = range.low, v["high"] = range.high, v["minimum"] = range.minimum, v["maximum"] = range.maximum, v["whole"] = range.whole, v["integers"] = range.integers;
  return v;
}

ValueRange range_from(const Value& value) {
  ValueRange range;
  range.low = value.at("low").as_number(), range.high = value.at("high").as_number(), range.minimum = value.at("minimum").as_number(), range.maximum = value.at("maximum").as_number();
  range.whole = value.at("whole").as_bool(), range.integers = value.at("integers").as_bool();
  return range;
}

}  // namespace tomograd
