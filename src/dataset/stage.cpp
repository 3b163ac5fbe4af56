#include "dataset/stage.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/remote_address.h"
#include "dataset/dataset.h"
#include "dataset/file_pattern.h"
#include "dataset/import.h"
#include "dataset/scan_file.h"
#include "spec/text_formats.h"
#include "volume/nifti_file.h"
#include "volume/zarr_inventory.h"
#include "volume/zarr_metadata.h"

namespace tomograd {
namespace {

constexpr const char* stage_format = "tomograd.stage/1";
constexpr int64_t piece_bytes = int64_t{4} << 20;
constexpr int64_t files_between_records = 64, bytes_between_records = int64_t{1} << 30;
constexpr int64_t most_asked_for = 100000;       // files of a store whose server does not list them

struct Item { std::string from, path; int64_t bytes = 0; };  // path: below the copy's folder
struct Record { int64_t bytes = 0; std::string digest, source; };  // source: size and ends of the file that was copied

// Tells a file from another one of the same name without reading all of it.
std::string ends_digest(Env& env, const std::string& path) {
  Digest digest;
  add_file_ends(env, digest, "", path);
  return digest.finish();
}

void add_folder(Env& env, const std::string& folder, const std::string& below, std::vector<Item>& items) {
  for (const auto& name : env.list(folder)) {
    if (name[0] == '.' && !name.starts_with(".z")) continue;  // .zarray, .zgroup, .zattrs belong to a store
    std::string path = join_path(folder, name), place = below.empty() ? name : below + "/" + name;
    FileKind kind = env.kind(path);
    if (kind == FileKind::directory) add_folder(env, path, place, items);
    else if (kind == FileKind::file) items.push_back({path, place, 0});
    else fail_input("'" + path + "' is neither a file nor a folder");
  }
}

void add_unlisted_store(Env& env, const std::string& store, const std::string& name, std::vector<Item>& items) {
  for (const auto& path : zarr_inventory(env, store, most_asked_for))
    if (std::string from = join_path(store, path); env.kind(from) == FileKind::file) items.push_back({from, name.empty() ? path : name + "/" + path, 0});
}

// The dataset with the copy's paths; its files are added to `items`, the other half of an image pair, too.
Dataset copied_dataset(Env& env, const Dataset& dataset, const std::string& into, std::vector<Item>& items) {
  Dataset copy = dataset;
  copy.path.clear();
  for (Case& item : copy.cases) {
    auto place = [&](std::string& path, const std::string& name) {
      if (path.empty()) return;
      if (is_store_path(path)) fail_input("'" + path + "' is a block store; of a dataset NIfTI files alone are copied", "stage the folder that holds the dataset.json and its stores");
      NiftiNames names = nifti_names(env, path);
      size_t stem = volume_stem(names.header).size();  // both halves of a pair have it
      auto copied = [&](const std::string& file) { return item.id + "/" + name + file_name(file).substr(stem); };
      items.push_back({names.header, copied(names.header), 0});
      if (names.pair) items.push_back({names.image, copied(names.image), 0});
      path = join_path(into, copied(path));
    };
    int64_t number = 0;
    for (auto& [modality, path] : item.images) {
      std::string name = text("image", number++, "-", modality);  // numbers keep names apart that are alike as file names
      for (char& c : name)
        if (c == '/' || c == '\\') c = '_';
      place(path, name);
    }
    place(item.label, "label");
    place(item.roi, "roi");
  }
  for (const Item& item : items)
    if (env.kind(item.from) != FileKind::file) fail_input("the dataset names '" + item.from + "', which is no file");
  return copy;
}

std::map<std::string, Record> read_records(Env& env, const std::string& path) {
  std::map<std::string, Record> records;
  if (env.kind(path) != FileKind::file) return records;
  with_context("'" + path + "'", [&] {
    Value root = parse_json(read_text(env, path), file_name(path));
    if (const Value* format = root.find("format"); !format || !format->is_text() || format->as_text() != stage_format) fail_input(text("this is no ", stage_format));
    for (const auto& entry : root.at("files").as_list()) records[entry.at("path").as_text()] = {entry.at("bytes").as_integer(), entry.at("digest").as_text(), entry.at("source").as_text()};
  });
  return records;
}

void publish_records(Env& env, const std::string& path, const std::map<std::string, Record>& records) {
  Value root = Value::table();
  root["format"] = stage_format;
  Value::List files;
  for (const auto& [name, record] : records) {
    Value entry = Value::table();
    entry["path"] = name, entry["bytes"] = record.bytes, entry["digest"] = record.digest, entry["source"] = record.source;
    files.push_back(entry);
  }
  root["files"] = std::move(files);
  publish_text(env, path, to_json(root) + "\n");
}

std::string copy_file(Env& env, const std::string& from, const std::string& to, Buffer<unsigned char>& piece, const std::function<void(int64_t)>& copied) {
  auto file = env.open_input(from);
  env.make_directories(parent_path(to));
  Publication publication(env, to);
  Digest digest;
  for (int64_t at = 0, size = file->size(); at < size; at += piece_bytes) {
    int64_t bytes = std::min(piece_bytes, size - at);
    file->read_at(at, piece.data(), bytes);
    digest.add(piece.data(), bytes);
    publication.file().write(piece.data(), bytes);
    copied(bytes);
  }
  publication.commit();
  return digest.finish();
}

}  // namespace

StageReport stage(Env& env, const std::string& from, const std::string& into, const StageOptions& options) {
  if (into.find("://") != std::string::npos) fail_input("'" + into + "' is an address; copies go into folders, http and s3 stores are read only");
  std::vector<Item> items;
  StageReport report;
  std::optional<Dataset> copy;
  bool unlisted = is_http_address(from) && !from.ends_with(".json") && is_zarr(env, from);
  FileKind kind = unlisted ? FileKind::directory : env.kind(from);
  if (kind == FileKind::missing) fail_input("there is no '" + from + "'");
  std::string home = absolute_path(into), source = absolute_path(from);
  if (home == source || home.rfind(source + "/", 0) == 0) fail_input("'" + into + "' lies in what is to be copied");
  if (unlisted) {
    add_unlisted_store(env, from, file_name(source), items);
    report.entry = join_path(into, file_name(source));
  } else if (kind == FileKind::directory) {
    add_folder(env, from, file_name(source), items);
    report.entry = join_path(into, file_name(source));
  } else if (from.ends_with(".json")) {
    copy = copied_dataset(env, read_dataset(env, from), home, items);
    report.entry = join_path(into, "dataset.json");
  } else {
    items.push_back({from, file_name(source), 0});
    report.entry = join_path(into, file_name(source));
  }

  std::string records_path = join_path(into, "stage.json");
  std::map<std::string, Record> records = read_records(env, records_path);
  std::vector<const Item*> missing;
  int64_t to_copy = 0, done = 0;
  for (Item& item : items) {
    item.bytes = env.file_size(item.from);
    ++report.files, report.bytes += item.bytes;
    std::string place = join_path(into, item.path);
    auto record = records.find(item.path);
    bool there = record != records.end() && record->second.bytes == item.bytes && env.kind(place) == FileKind::file && env.file_size(place) == item.bytes && record->second.source == ends_digest(env, item.from) &&
                 (!options.verify || digest_of_file(env, place) == record->second.digest);
    if (there) done += item.bytes;
    else missing.push_back(&item), to_copy += item.bytes;
  }
  env.make_directories(into);
  if (int64_t room = env.free_bytes(into); room < to_copy) fail(ErrorKind::budget, text("there are ", bytes_text(to_copy), " to copy, '", into, "' has ", bytes_text(room)), "make room, or stage to another disk");
  Buffer<unsigned char> piece(piece_bytes);
  int64_t since_files = 0, since_bytes = 0;
  for (const Item* item : missing) {
    if (options.stop.stop_requested()) {
      publish_records(env, records_path, records);
      throw_if_stopped(options.stop);
    }
    with_context("copying '" + item->from + "'", [&] {
      Record record{item->bytes, "", ends_digest(env, item->from)};
      record.digest = copy_file(env, item->from, join_path(into, item->path), piece, [&](int64_t bytes) {
        done += bytes;
        if (options.progress) options.progress(done, report.bytes);
      });
      records[item->path] = record;
    });
    ++report.copied_files, report.copied_bytes += item->bytes;
    since_files += 1, since_bytes += item->bytes;
    if (since_files >= files_between_records || since_bytes >= bytes_between_records) publish_records(env, records_path, records), since_files = since_bytes = 0;
  }
  publish_records(env, records_path, records);
  if (copy) write_dataset(env, *copy, report.entry);
  return report;
}

}  // namespace tomograd
