#include "volume/block_store_counts.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

#include "base/error.h"
#include "volume/zarr_array.h"
#include "volume/zarr_json.h"
#include "volume/zarr_ome.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

struct Condition {
  std::string image, comparison;
  int64_t value = -1;                            // -1: any but 0
  double amount = 0;
  bool percent = false;
};

class ConditionText {                            // a cursor over the text
 public:
  explicit ConditionText(const std::string& all) : all_(all) {}
  bool at_end() { return skip(), at_ == all_.size(); }
  std::string take(bool (*belongs)(char)) {
    skip();
    size_t begin = at_;
    while (at_ < all_.size() && belongs(all_[at_])) ++at_;
    return all_.substr(begin, at_ - begin);
  }
  bool take_if(char c) { return skip(), at_ < all_.size() && all_[at_] == c && ++at_; }
  [[noreturn]] void fail_here(const std::string& expected) const {
    fail_input(text("--where ", shown(Json(all_)), ": ", expected, " is expected at character ", at_ + 1), "example: label1 >= 5 % and mask > 0");
  }

 private:
  void skip() {
    while (at_ < all_.size() && all_[at_] == ' ') ++at_;
  }
  const std::string& all_;
  size_t at_ = 0;
};

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_number(char c) { return is_digit(c) || c == '.'; }
bool is_comparison(char c) { return c == '<' || c == '>' || c == '=' || c == '!'; }

std::vector<Condition> parse_conditions(const std::string& all) {
  ConditionText in(all);
  std::vector<Condition> conditions;
  do {
    Condition condition;
    condition.image = in.take(is_name);
    if (condition.image.empty()) in.fail_here("the name of a label image");
    std::string digits = in.take(is_digit);
    if (digits.size() > 10) in.fail_here("a label value below 2^32");
    if (!digits.empty()) condition.value = std::stoll(digits);
    condition.comparison = in.take(is_comparison);
    const std::set<std::string> known{"<", "<=", ">", ">=", "==", "!="};
    if (!known.contains(condition.comparison)) in.fail_here("one of < <= > >= == !=");
    std::string number = in.take(is_number);
    auto [end, status] = std::from_chars(number.data(), number.data() + number.size(), condition.amount);
    if (number.empty() || status != std::errc() || end != number.data() + number.size()) in.fail_here("a number");
    condition.percent = in.take_if('%');
    conditions.push_back(condition);
  } while (!in.at_end() && (in.take(is_name) == "and" || (in.fail_here("\"and\""), false)));
  return conditions;
}

bool holds(double amount, const std::string& comparison, double wanted) {
  if (comparison == "<") return amount < wanted;
  if (comparison == "<=") return amount <= wanted;
  if (comparison == ">") return amount > wanted;
  if (comparison == ">=") return amount >= wanted;
  return (amount == wanted) == (comparison == "==");
}

double amount_of(const LabelCounts& counts, const Condition& condition, int64_t block) {
  auto count = [&](int64_t value) -> int64_t {
    auto found = std::lower_bound(counts.values.begin(), counts.values.end(), value);
    return found != counts.values.end() && *found == value ? counts.counts[size_t(found - counts.values.begin())][size_t(block)] : 0;
  };
  int64_t all = counts.block_voxels(block), voxels = condition.value < 0 ? all - count(0) : count(condition.value);
  return condition.percent ? 100.0 * double(voxels) / double(all) : double(voxels);
}

}  // namespace

int64_t LabelCounts::block_voxels(int64_t block_index) const {
  Extent at{block_index / grid.x / grid.y, block_index / grid.x % grid.y, block_index % grid.x}, begin{at.z * block.z, at.y * block.y, at.x * block.x};
  return intersection(Box{begin, block}, Box{{0, 0, 0}, size}).size.voxels();
}

LabelCounts gather_label_counts(Extent size, Extent block, const std::vector<ValueCounts>& blocks) {
  LabelCounts result{size, block, {ceil_div(size.z, block.z), ceil_div(size.y, block.y), ceil_div(size.x, block.x)}, {}, true, {}};
  std::set<uint32_t> values{0};
  for (const ValueCounts& one : blocks)
    for (auto [value, count] : one)
      if (values.size() <= most_counted_values) values.insert(value);
  result.complete = values.size() <= most_counted_values;
  if (!result.complete) values = {0};
  for (uint32_t value : values) {
    result.values.push_back(value);
    auto& counts = result.counts.emplace_back(blocks.size(), 0);
    for (size_t i = 0; i < blocks.size(); ++i)
      if (auto found = blocks[i].find(value); found != blocks[i].end()) counts[i] = found->second;
  }
  return result;
}

void write_label_counts(Env& env, const std::string& folder, const LabelCounts& counts) {
  ZarrArrayInfo info;
  info.shape = {int64_t(counts.values.size()), counts.grid.z, counts.grid.y, counts.grid.x};
  info.chunk.shape = info.shard = {1, counts.grid.z, counts.grid.y, counts.grid.x};
  info.chunk.type = VoxelType::u32, info.chunk.order = {0, 1, 2, 3}, info.chunk.codecs = {ZarrCodec{}};
  info.dimension_names = {"value", "z", "y", "x"};
  Json attributes = Json::object();
  attributes["format"] = "tomograd.label_counts/1", attributes["values"] = counts.values, attributes["complete"] = counts.complete;
  attributes["block"] = std::vector<int64_t>{counts.block.z, counts.block.y, counts.block.x};
  attributes["size"] = std::vector<int64_t>{counts.size.z, counts.size.y, counts.size.x};
  info.attributes = attributes.dump();
  create_zarr_array(env, folder, info);
  ZarrWriter writer(env, folder);
  std::vector<ZarrIndex> chunks;
  for (size_t i = 0; i < counts.values.size(); ++i) chunks.push_back({int64_t(i), 0, 0, 0});
  writer.put(chunks, [&](size_t i, unsigned char* into) { std::memcpy(into, counts.counts[i].data(), counts.counts[i].size() * 4); });
  writer.finish();
}

LabelCounts read_label_counts(Env& env, const std::string& store, const std::string& name) {
  check_path_below(name, "the label image");
  std::string folder = join_path(join_path(join_path(store, "labels"), name), "counts");
  if (zarr_node(env, folder) != ZarrNode::array) {
    std::string known;
    for (const auto& one : zarr_label_names(env, store)) known += (known.empty() ? "" : ", ") + shown(Json(one));
    fail_input(text("'", store, "' has no counts of a label image ", shown(Json(name)), "; its label images: ", known.empty() ? "none" : known), "tomograd block --label makes them");
  }
  ZarrReadOptions options;
  options.missing_is_error = true, options.root = store;
  ZarrArray array(env, folder, options);
  return with_context(text("reading '", folder, "'"), [&] {
    Json attributes = parse_bounded_json(array.info().attributes, "attributes");
    if (!attributes.contains("format") || attributes["format"] != "tomograd.label_counts/1")
      fail_input("its attribute \"format\" is not \"tomograd.label_counts/1\"", "another program or a newer version wrote it");
    auto extent = [&](const char* key) {
      auto numbers = whole_numbers(member(attributes, key, "attributes"), 1, int64_t{1} << 48, key);
      if (numbers.size() != 3) fail_input(text(key, " has ", numbers.size(), " numbers; 3 are expected"));
      return Extent{numbers[0], numbers[1], numbers[2]};
    };
    LabelCounts counts{extent("size"), extent("block"), array.size(), whole_numbers(member(attributes, "values", "attributes"), 0, UINT32_MAX, "values"),
                       member(attributes, "complete", "attributes") == true, {}};
    Extent grid{ceil_div(counts.size.z, counts.block.z), ceil_div(counts.size.y, counts.block.y), ceil_div(counts.size.x, counts.block.x)};
    if (array.info().chunk.type != VoxelType::u32 || array.leading() != int64_t(counts.values.size()) || !(grid == array.size()) || !std::is_sorted(counts.values.begin(), counts.values.end()))
      fail_input("its shape, type and attributes do not fit each other", "the file is damaged; make the store again");
    for (int64_t v = 0; v < array.leading(); ++v) {
      auto& one = counts.counts.emplace_back(size_t(grid.voxels()));
      array.read_raw(v, {{0, 0, 0}, grid}, one.data());
    }
    return counts;
  });
}

std::vector<Extent> select_blocks(Env& env, const std::string& store, const std::string& where) {
  std::map<std::string, LabelCounts> images;
  std::vector<Condition> conditions = parse_conditions(where);
  for (const Condition& condition : conditions) {
    if (!images.contains(condition.image)) images.emplace(condition.image, read_label_counts(env, store, condition.image));
    const LabelCounts& counts = images.at(condition.image);
    if (condition.value > 0 && !counts.complete)
      fail_input(text("'", condition.image, "' has more than ", most_counted_values, " values, which are not counted one by one"), text("ask for all of them: ", condition.image, " > 0"));
    if (const LabelCounts& first = images.begin()->second; !(first.grid == counts.grid))
      fail_input(text("'", images.begin()->first, "' has ", to_string(first.grid), " blocks, '", condition.image, "' ", to_string(counts.grid)));
  }
  std::vector<Extent> chosen;
  Extent grid = images.begin()->second.grid;
  for (int64_t block = 0; block < grid.voxels(); ++block)
    if (std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) { return holds(amount_of(images.at(c.image), c, block), c.comparison, c.amount); }))
      chosen.push_back({block / grid.x / grid.y, block / grid.x % grid.y, block % grid.x});
  return chosen;
}

}  // namespace tomograd
