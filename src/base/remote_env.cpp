#include "base/remote_env.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr size_t most_looks = size_t{1} << 16;
constexpr int64_t whole_number = -1;             // of the part of the cache that is the whole file
constexpr int listing_page = 1000;

RangeCache::Part copy_of(const void* data, int64_t bytes) {
  auto copy = std::make_shared<Memory>(bytes);
  if (bytes > 0) std::memcpy(copy->data(), data, size_t(bytes));
  return copy;
}

[[noreturn]] void fail_read_only(const std::string& path) {
  fail_input("'" + path + "': http and s3 stores are read only", "write to a folder; `tomograd stage` copies from an address into one");
}

}  // namespace

class RemoteEnv::Input : public InputFile {
 public:
  Input(RemoteEnv& env, std::string path, Look look) : env_(env), path_(std::move(path)), look_(std::move(look)) {}
  int64_t size() const override { return look_.size; }
  void read_at(int64_t offset, void* into, int64_t bytes) override {
    if (offset < 0 || bytes > look_.size - offset) fail_input(text("'", path_, "' ends at byte ", look_.size, ", ", offset + bytes - look_.size, " bytes too early"));
    env_.read(path_, look_, offset, static_cast<char*>(into), bytes);
  }

 private:
  RemoteEnv& env_;
  std::string path_;
  Look look_;
};

void RemoteEnv::remember(const std::string& path, Look look) {
  look.when = clock_.monotonic_seconds(), look.whole.reset();  // the cache bounds what is kept of it
  std::lock_guard lock(mutex_);
  if (looks_.size() >= most_looks) looks_.clear();  // they are asked for again
  looks_[path] = std::move(look);
}

RemoteEnv::Look RemoteEnv::judge(const std::string& path, const HttpAnswer& answer, int64_t size) {
  constexpr size_t kept_words = 2048;            // S3's code and message stand at the beginning
  Look found;
  auto refusal = std::make_shared<HttpAnswer>(answer);
  if (refusal->body.size() > kept_words) refusal->body.resize(kept_words);
  found.refusal = std::move(refusal);
  if (answer.status == 404 || answer.status == 410) return found;
  found.there = There::denied;
  if (is_plain_denial(answer)) return found;
  if (answer.status != 200 && answer.status != 206) requests_.fail_status(path, answer);
  if (!answer.encoding.empty()) fail_input(text("'", path, "' is sent with Content-Encoding: ", answer.encoding, "; files are read as they are stored"));
  if (size < 0) fail_input("'" + path + "': the server does not say how large it is");
  found.there = There::file, found.ranges = answer.status == 206, found.size = size, found.refusal.reset();
  found.version = answer.version.empty() ? text("look ", ++looks_without_version_) : answer.version;  // else what is kept would outlive the file
  return found;
}

RemoteEnv::Look RemoteEnv::look(const std::string& path, bool wanted) {
  {
    std::lock_guard lock(mutex_);
    if (auto known = looks_.find(path); known != looks_.end() && clock_.monotonic_seconds() - known->second.when < options_.trust_seconds) {
      Look look = known->second;
      if (look.there == There::file && !look.ranges) look.whole = cache_.find(look.name_in_cache(path), whole_number);
      if (!wanted || look.there != There::file || look.ranges || look.whole) return look;
    }
  }
  Look found;
  if (RemoteAddress address = parse_remote_address(path); address.s3() && address.key.empty()) {
    found.there = There::folder;
    return found;
  }
  HttpAnswer answer;
  if (!wanted) {
    answer = requests_.head(path);
    wanted = answer.status == 401 || answer.status == 403 || answer.status == 405 || answer.status == 501 || (answer.status == 200 && answer.length < 0);  // a refusal whose words, or a size that, only a GET brings
    if (!wanted) found = judge(path, answer, answer.length);
  }
  if (wanted) {
    auto first = std::make_shared<Memory>(options_.block_bytes);
    answer = requests_.get(path, 0, options_.block_bytes, first->data(), options_.whole_bytes);
    if (answer.body_too_long && answer.status == 200)
      fail_input(text("'", path, "': its server knows no ranges and sends all of its ", answer.length >= 0 ? text(answer.length, " ") : "", "bytes; of such servers files of up to ", bytes_text(options_.whole_bytes), " are read"), "download it, or serve it from a server with ranges");
    if (answer.status == 416) answer.status = 206, answer.total = 0;  // only an empty file has no first byte
    found = judge(path, answer, answer.status == 206 ? answer.total : int64_t(answer.body.size()));
    if (found.there == There::file && answer.status == 206) {
      if (answer.received != std::min(found.size, options_.block_bytes) || (found.size > 0 && answer.range_begin != 0)) fail_failure(text("'", path, "': bytes ", answer.range_begin, " to ", answer.range_end, " came of ", found.size, ", where the first were asked for"));
      if (found.size > 0) cache_.put(found.name_in_cache(path), 0, answer.received == first->bytes() ? first : copy_of(first->data(), answer.received));
    } else if (found.there == There::file) {
      cache_.put(found.name_in_cache(path), whole_number, found.whole = copy_of(answer.body.data(), found.size));
    }
  }
  remember(path, found);
  return found;
}

std::unique_ptr<InputFile> RemoteEnv::open_if_there(const std::string& path) {
  Look found = look(path, true);
  if (found.there == There::missing || found.there == There::folder) return nullptr;
  if (found.there == There::denied) requests_.fail_status(path, *found.refusal);
  return std::make_unique<Input>(*this, path, std::move(found));
}

std::unique_ptr<InputFile> RemoteEnv::open_input(const std::string& path) {
  Look found = look(path, true);
  if (found.there == There::folder) fail_input("'" + path + "' is a folder, a file was expected");
  if (found.there != There::file) requests_.fail_status(path, *found.refusal);
  return std::make_unique<Input>(*this, path, std::move(found));
}

FileKind RemoteEnv::kind(const std::string& path) {
  Look found = look(path, false);
  if (RemoteAddress address = parse_remote_address(path); found.there == There::missing && address.s3() && !found.no_folder) {
    RemoteRequests::Page page = requests_.list(path, address.key + "/", "", 1);
    bool folder = !page.listing.objects.empty() || !page.listing.prefixes.empty();
    found.there = folder ? There::folder : There::missing, found.no_folder = !folder;
    remember(path, found);
  }
  switch (found.there) {
    case There::missing: return FileKind::missing;
    case There::denied: return FileKind::other;
    case There::file: return FileKind::file;
    case There::folder: return FileKind::directory;
  }
  return FileKind::other;
}

int64_t RemoteEnv::file_size(const std::string& path) {
  Look found = look(path, false);
  if (found.there == There::folder) fail_input("'" + path + "' is a folder, a file was expected");
  if (found.there != There::file) requests_.fail_status(path, *found.refusal);
  return found.size;
}

std::vector<std::string> RemoteEnv::list(const std::string& directory) {
  RemoteAddress address = parse_remote_address(directory);
  if (!address.s3()) fail_input("'" + directory + "' cannot be listed: an http server does not say which files it has", "name the files themselves, or use s3://");
  std::string below = address.key.empty() ? "" : address.key + "/", token;
  std::string folder = directory.ends_with('/') ? directory : directory + "/";
  std::vector<std::string> names;
  auto add = [&](const std::string& key, bool is_folder) {
    std::string name = key.substr(std::min(key.size(), below.size()), key.size() - below.size() - (is_folder ? 1 : 0));
    if (!key.starts_with(below) || name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) return std::string();  // a folder's own mark, or no name of a file
    names.push_back(name);
    return folder + name;
  };
  do {
    RemoteRequests::Page page = requests_.list(directory, below, token, listing_page);
    if (page.denied) fail_input("'" + directory + "' cannot be listed: access is denied", "listing needs the right s3:ListBucket; reading needs only s3:GetObject");
    for (const auto& object : page.listing.objects)
      if (std::string path = add(object.key, false); !path.empty()) {
        Look found;
        found.there = There::file, found.ranges = true, found.size = object.bytes, found.version = object.etag;
        remember(path, std::move(found));
      }
    for (const auto& prefix : page.listing.prefixes)
      if (std::string path = prefix.ends_with('/') ? add(prefix, true) : ""; !path.empty()) {
        Look found;
        found.there = There::folder;
        remember(path, std::move(found));
      }
    if (page.listing.next == token && !token.empty()) fail_failure("'" + directory + "': its listing goes round in circles");
    token = page.listing.next;
  } while (!token.empty());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// One range, straight to the caller.
void RemoteEnv::fetch(const std::string& path, const Look& look, int64_t offset, char* into, int64_t bytes) {
  HttpAnswer answer = requests_.get(path, offset, bytes, into, options_.whole_bytes);
  bool whole = answer.status == 200;
  bool changed = answer.status == 416 || (answer.status == 206 && answer.total >= 0 && answer.total != look.size) || (whole && (answer.body_too_long || int64_t(answer.body.size()) != look.size)) ||
                 (!answer.version.empty() && answer.version != look.version && (whole || answer.status == 206));
  if (changed) {
    std::lock_guard lock(mutex_);
    looks_.erase(path);
    fail_input("'" + path + "' changed while it was read", "read it again when its writer is done");
  }
  if (whole) {
    std::memcpy(into, answer.body.data() + offset, size_t(bytes));
    return;
  }
  if (answer.status != 206) requests_.fail_status(path, answer);
  if (answer.range_begin != offset || answer.received != bytes) fail_failure(text("'", path, "': bytes ", answer.range_begin, " to ", answer.range_end, " came where ", offset, " to ", offset + bytes, " were asked for"));
}

void RemoteEnv::read(const std::string& path, const Look& look, int64_t offset, char* into, int64_t bytes) {
  if (look.whole && bytes > 0) {
    std::memcpy(into, static_cast<const char*>(look.whole->data()) + offset, size_t(bytes));
    return;
  }
  std::string name = look.name_in_cache(path);
  while (bytes > 0) {
    int64_t number = offset / options_.block_bytes, begin = number * options_.block_bytes, length = std::min(options_.block_bytes, look.size - begin), done;
    RangeCache::Part part = cache_.find(name, number);
    if (!part && bytes < options_.block_bytes) {
      auto fetched = std::make_shared<Memory>(length);
      fetch(path, look, begin, static_cast<char*>(fetched->data()), length);
      cache_.put(name, number, part = fetched);
    }
    if (part) {
      done = std::min(bytes, begin + length - offset);
      std::memcpy(into, static_cast<const char*>(part->data()) + (offset - begin), size_t(done));
    } else {
      done = std::min(bytes, options_.piece_bytes);
      fetch(path, look, offset, into, done);
    }
    offset += done, into += done, bytes -= done;
  }
}

std::unique_ptr<OutputFile> RemoteEnv::create_file(const std::string& path, bool) { fail_read_only(path); }
std::unique_ptr<OutputFile> RemoteEnv::append_file(const std::string& path) { fail_read_only(path); }
void RemoteEnv::make_directories(const std::string& path) { fail_read_only(path); }
void RemoteEnv::rename(const std::string&, const std::string& to) { fail_read_only(to); }
void RemoteEnv::remove_file(const std::string& path) { fail_read_only(path); }
void RemoteEnv::remove_tree(const std::string& path) { fail_read_only(path); }
void RemoteEnv::sync_directory(const std::string& path) { fail_read_only(path); }
void RemoteEnv::truncate(const std::string& path, int64_t) { fail_read_only(path); }
int64_t RemoteEnv::free_bytes(const std::string& path) { fail_read_only(path); }

}  // namespace tomograd
