// DeepMedic: a config in Python's syntax that names list files (one path per line, '#' comments, '-' = this case lacks the
// channel), or a CSV with columns channel_<name>, ground_truth, roi_mask, prediction_filename. Paths are relative to the file
// they stand in.
#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"

namespace tomograd {
namespace {

std::string trimmed(const std::string& s) {
  size_t begin = s.find_first_not_of(" \t\r"), end = s.find_last_not_of(" \t\r");
  return begin == std::string::npos ? "" : s.substr(begin, end - begin + 1);
}

// Texts in quotes, of either kind, that end on their own line.
std::vector<std::string> quoted_texts(std::string_view value) {
  std::vector<std::string> texts;
  for (size_t at = 0; (at = value.find_first_of("\"'", at)) != std::string_view::npos; ++at) {
    size_t end = value.find_first_of(std::string{value[at], '\n'}, at + 1);
    if (end == std::string_view::npos) break;
    if (value[end] != '\n') texts.emplace_back(value.substr(at + 1, end - at - 1)), at = end;
  }
  return texts;
}

// Where the value of "  name = value" begins, and the name; npos when the line at `begin` is no assignment. Read by hand:
// std::regex needs stack for every character of a name.
size_t assignment(std::string_view content, size_t begin, std::string& name) {
  auto skip = [&](size_t at, const char* what) { return std::min(content.find_first_not_of(what, at), content.size()); };
  constexpr const char* blanks = " \t";
  constexpr const char* name_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  size_t first = skip(begin, blanks), last = skip(first, name_characters), equal = skip(last, blanks);
  if (first == last || (content[first] >= '0' && content[first] <= '9') || equal == content.size() || content[equal] != '=') return std::string_view::npos;
  name = content.substr(first, last - first);
  return skip(equal + 1, blanks);
}

// Assignments `name = "x"` and `name = ["x", "y"]`, over several lines too; everything else of the config is not for us.
std::map<std::string, std::vector<std::string>> read_config(Env& env, const std::string& path) {
  std::string content, line;
  std::istringstream lines(read_text(env, path, 1 << 20));
  while (std::getline(lines, line)) {
    char quote = 0;
    for (char c : line) {
      if (quote == 0 && c == '#') break;
      if (quote == 0 && (c == '"' || c == '\'')) quote = c;
      else if (c == quote) quote = 0;
      content += c;
    }
    content += '\n';
  }
  std::map<std::string, std::vector<std::string>> settings;
  for (size_t begin = 0; begin < content.size(); begin = std::min(content.find('\n', begin), content.size()) + 1) {
    std::string name;
    size_t value = assignment(content, begin, name);
    if (value >= content.size()) continue;
    size_t end = std::min(content.find(content[value] == '[' ? ']' : '\n', value), content.size());
    for (auto& text : quoted_texts(std::string_view(content).substr(value, end - value))) settings[name].push_back(std::move(text));
    begin = end;
  }
  return settings;
}

std::vector<std::string> read_list(Env& env, const std::string& path) {
  std::vector<std::string> entries;
  std::istringstream lines(read_text(env, path));
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    entries.push_back(line == "-" ? "" : absolute_path(join_path(parent_path(path), line)));
  }
  return entries;
}

struct Columns {  // per case; empty = missing
  std::vector<std::string> modalities;
  std::vector<std::vector<std::string>> images;  // [modality][case]
  std::vector<std::string> labels, rois, names;
};

void add_columns(Listing& listing, const Columns& columns, const ImportOptions& options, const std::string& where) {
  size_t cases = columns.images.empty() ? 0 : columns.images[0].size();
  auto check = [&](const std::vector<std::string>& list, const std::string& what) {
    if (!list.empty() && list.size() != cases)
      fail_input(text("in '", printable(where), "', ", what, " lists ", list.size(), " entries and the first channel ", cases));
  };
  for (size_t m = 0; m < columns.modalities.size(); ++m) check(columns.images[m], "channel '" + printable(columns.modalities[m]) + "'");
  check(columns.labels, "the ground truth"), check(columns.rois, "the ROI"), check(columns.names, "the prediction names");
  std::vector<std::string> sources, names = columns.names;
  for (size_t i = 0; i < cases; ++i) {
    std::string source = i < columns.labels.size() ? columns.labels[i] : "";
    for (const auto& list : columns.images)
      if (source.empty()) source = list[i];
    if (source.empty()) fail_input(text("in '", printable(where), "', entry ", i + 1, " has no file at all"));
    sources.push_back(source);
  }
  if (names.empty()) names = case_names(sources);
  for (size_t i = 0; i < cases; ++i) {
    std::string patient = volume_stem(names[i]);
    for (size_t m = 0; m < columns.modalities.size(); ++m)
      if (!columns.images[m][i].empty()) listing.files.push_back({columns.images[m][i], Role::image, patient, "", columns.modalities[m], -1});
    if (i < columns.labels.size() && !columns.labels[i].empty() && options.label != "none")
      listing.files.push_back({columns.labels[i], Role::label, patient, "", "", -1});
    if (i < columns.rois.size() && !columns.rois[i].empty() && options.roi != "none")
      listing.files.push_back({columns.rois[i], Role::roi, patient, "", "", -1});
  }
}

Listing list_config(Env& env, const std::string& path, const ImportOptions& options) {
  Listing listing;
  auto settings = read_config(env, path);
  std::string folder = parent_path(absolute_path(path));
  auto file_of = [&](const std::string& key) {
    return settings.contains(key) && !settings[key].empty() ? absolute_path(join_path(folder, settings[key][0])) : std::string();
  };
  for (const char* session : {"Training", "Validation", ""}) {
    std::string channels = "channels" + std::string(session), of_session = session;
    if (!settings.contains(channels)) continue;
    Columns columns;
    std::vector<std::string> stems;
    for (const auto& list : settings[channels]) {
      std::string list_path = absolute_path(join_path(folder, list));
      columns.images.push_back(read_list(env, list_path));
      std::string name = file_name(list_path);
      stems.push_back(name.substr(0, name.rfind('.')));
    }
    columns.modalities = stems.size() > 1 ? shortened(stems) : std::vector<std::string>{name_tokens(stems.at(0)).back()};
    if (std::string labels = file_of("gtLabels" + of_session); !labels.empty()) columns.labels = read_list(env, labels);
    if (std::string rois = file_of("roiMasks" + of_session); !rois.empty()) columns.rois = read_list(env, rois);
    std::string names = file_of(of_session == "Validation" ? "namesForPredictionsPerCaseVal"
                                : of_session.empty()       ? "namesForPredictionsPerCase"
                                                           : "");
    if (!names.empty()) {
      std::istringstream lines(read_text(env, names));
      for (std::string line; std::getline(lines, line);)
        if (line = trimmed(line); !line.empty() && line[0] != '#') columns.names.push_back(line);
    }
    if (listing.modalities.empty()) listing.modalities = columns.modalities;
    add_columns(listing, columns, options, path);
  }
  if (listing.files.empty())
    fail_input("'" + printable(path) + "' names no channelsTraining, channelsValidation or channels",
               "give the train or test config, not the model's");
  return listing;
}

std::vector<std::string> csv_cells(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') cell += '"', ++i;
    else if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) cells.push_back(trimmed(cell)), cell.clear();
    else cell += c;
  }
  cells.push_back(trimmed(cell));
  return cells;
}

Listing list_csv(Env& env, const std::string& path, const ImportOptions& options) {
  Listing listing;
  std::string folder = parent_path(absolute_path(path)), line;
  std::istringstream lines(read_text(env, path));
  if (!std::getline(lines, line)) fail_input("'" + printable(path) + "' is empty");
  if (line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);
  auto header = csv_cells(line);
  Columns columns;
  std::vector<size_t> channel_columns;
  for (size_t i = 0; i < header.size(); ++i)
    if (header[i].rfind("channel_", 0) == 0) channel_columns.push_back(i);
  if (channel_columns.empty()) fail_input("'" + printable(path) + "' has no column channel_<name>; its columns are: " + some_names(header));
  std::sort(channel_columns.begin(), channel_columns.end(),
            [&](size_t a, size_t b) { return header[a] < header[b]; });  // DeepMedic takes them in alphabetical order
  for (size_t column : channel_columns) columns.modalities.push_back(header[column].substr(8));
  columns.images.resize(channel_columns.size());
  auto column_of = [&](const char* name) { return size_t(std::find(header.begin(), header.end(), name) - header.begin()); };
  size_t label = column_of("ground_truth"), roi = column_of("roi_mask"), name = column_of("prediction_filename"), row = 1;
  while (std::getline(lines, line)) {
    ++row;
    if (trimmed(line).empty() || line[0] == '#') continue;
    auto cells = csv_cells(line);
    if (cells.size() != header.size())
      fail_input(text("line ", row, " of '", printable(path), "' has ", cells.size(), " cells, the header ", header.size()));
    auto path_in = [&](size_t column) {
      return cells[column].empty() || cells[column] == "-" ? std::string() : absolute_path(join_path(folder, cells[column]));
    };
    for (size_t m = 0; m < channel_columns.size(); ++m) columns.images[m].push_back(path_in(channel_columns[m]));
    if (label < header.size()) columns.labels.push_back(path_in(label));
    if (roi < header.size()) columns.rois.push_back(path_in(roi));
    if (name < header.size()) columns.names.push_back(cells[name]);
  }
  listing.modalities = columns.modalities;
  add_columns(listing, columns, options, path);
  if (listing.files.empty()) fail_input("'" + printable(path) + "' lists no case");
  return listing;
}

}  // namespace

Listing list_deepmedic(Env& env, const std::string& path, const ImportOptions& options) {
  bool csv = path.size() > 4 && path.compare(path.size() - 4, 4, ".csv") == 0;
  Listing listing = csv ? list_csv(env, path, options) : list_config(env, path, options);
  listing.layout = "deepmedic";
  return listing;
}

}  // namespace tomograd
