// For tests: NIfTI files good and bad, poked together byte by byte from the standard's table and without our own writer,
// an Env whose reads can be watched and broken, and what a reader must do with a bad file.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/memory.h"
#include "volume/nifti.h"

namespace tomograd {

class TemporaryFolder {  // in memory where the system offers that: thousands of tiny files
 public:
  explicit TemporaryFolder(bool on_disk = false) {
    bool memory = !on_disk && ::access("/dev/shm", W_OK) == 0;
    std::filesystem::path parent = memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "tomograd-volume-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void put_file(const std::string& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }
inline std::string get_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T>
void poke(std::string& bytes, size_t at, T value, bool swapped = false) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  if (swapped) std::reverse(raw, raw + sizeof(T));
  if (bytes.size() < at + sizeof(T)) bytes.resize(at + sizeof(T), '\0');
  std::memcpy(bytes.data() + at, raw, sizeof(T));
}

// A good file: int16 voxels 0, 1, 2, ... on a 3x4x5 grid (z, y, x) of 2 x 1.5 x 1 mm with sform and no qform. Change what
// the test is about and ask for bytes().
struct TestNifti {
  int version = 1;
  bool swapped = false, pair = false;
  std::vector<int64_t> dim{3, 5, 4, 3, 1, 1, 1, 1};
  int datatype = 4, bitpix = 16;
  std::vector<double> pixdim{1, 1, 1.5, 2, 0, 0, 0, 0};
  double vox_offset = -12345;                     // that value = where the voxels really start
  double slope = 1, intercept = 0, cal_min = 0, cal_max = 0;
  int units = 2, qform_code = 0, sform_code = 1;
  std::array<double, 3> quatern{0, 0, 0}, qoffset{0, 0, 0};
  std::array<double, 12> srow{1, 0, 0, -10, 0, 1.5, 0, -20, 0, 0, 2, -30};
  std::string extension;                         // everything behind the header, extender included; empty = 4 zero bytes
  std::string voxels;                            // empty = the ramp

  size_t header_bytes() const { return version == 1 ? 348 : 540; }
  size_t start() const { return pair ? 0 : header_bytes() + (extension.empty() ? 4 : extension.size()); }
  // Places of fields, for further damage: place(in NIfTI-1, in NIfTI-2).
  size_t place(size_t one, size_t two) const { return version == 1 ? one : two; }

  std::string ramp() const {
    std::string out;
    for (int16_t i = 0; i < 60; ++i) poke(out, out.size(), i, swapped);
    return out;
  }

  std::string header() const {
    std::string b(header_bytes(), '\0');
    auto real = [&](size_t one, size_t two, double v) { version == 1 ? poke(b, one, float(v), swapped) : poke(b, two, v, swapped); };
    poke(b, 0, int32_t(header_bytes()), swapped);
    for (size_t i = 0; i < 8; ++i) version == 1 ? poke(b, 40 + 2 * i, int16_t(dim[i]), swapped) : poke(b, 16 + 8 * i, dim[i], swapped);
    for (size_t i = 0; i < 8; ++i) real(76 + 4 * i, 104 + 8 * i, pixdim[i]);
    poke(b, place(70, 12), int16_t(datatype), swapped);
    poke(b, place(72, 14), int16_t(bitpix), swapped);
    double offset = vox_offset == -12345 ? double(start()) : vox_offset;
    version == 1 ? poke(b, 108, float(offset), swapped) : poke(b, 168, int64_t(offset), swapped);
    real(112, 176, slope);
    real(116, 184, intercept);
    real(124, 192, cal_max);
    real(128, 200, cal_min);
    if (version == 1) {
      b[123] = char(units);
      poke(b, 252, int16_t(qform_code), swapped);
      poke(b, 254, int16_t(sform_code), swapped);
    } else {
      poke(b, 500, int32_t(units), swapped);
      poke(b, 344, int32_t(qform_code), swapped);
      poke(b, 348, int32_t(sform_code), swapped);
    }
    for (size_t i = 0; i < 3; ++i) real(256 + 4 * i, 352 + 8 * i, quatern[i]), real(268 + 4 * i, 376 + 8 * i, qoffset[i]);
    for (size_t i = 0; i < 12; ++i) real(280 + 4 * i, 400 + 8 * i, srow[i]);
    std::string magic = version == 1 ? std::string(pair ? "ni1\0" : "n+1\0", 4) : std::string(pair ? "ni2\0\r\n\x1a\n" : "n+2\0\r\n\x1a\n",
        8);
    b.replace(place(344, 4), magic.size(), magic);
    return b;
  }
  std::string image() const { return voxels.empty() ? ramp() : voxels; }
  // A whole single file, or the .hdr of a pair.
  std::string bytes() const { return header() + (extension.empty() ? std::string(4, '\0') : extension) + (pair ? "" : image()); }
};

// One gzip member by zlib; `level` 0 = stored blocks only.
inline std::string gzipped(const std::string& content, int level = 6, gz_header* head = nullptr) {
  z_stream z{};
  deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  if (head) deflateSetHeader(&z, head);
  std::string out(deflateBound(&z, content.size()) + 200000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  z.avail_in = uInt(content.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = uInt(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// The real file system, with a hook before every read of a file: (path, offset, bytes). Counts what is read.
class WatchedEnv : public Env {
 public:
  std::function<void(const std::string&, int64_t, int64_t)> before_read;
  int64_t bytes_read = 0, reads = 0;

  std::unique_ptr<InputFile> open_input(const std::string& path) override {
    struct Watched : InputFile {
      WatchedEnv* env;
      std::string path;
      std::unique_ptr<InputFile> inner;
      int64_t size() const override { return inner->size(); }
      void read_at(int64_t offset, void* into, int64_t bytes) override {
        env->reads++, env->bytes_read += bytes;
        if (env->before_read) env->before_read(path, offset, bytes);
        inner->read_at(offset, into, bytes);
      }
    };
    auto file = std::make_unique<Watched>();
    file->env = this, file->path = path, file->inner = system_env().open_input(path);
    return file;
  }
  std::unique_ptr<OutputFile> create_file(const std::string& p, bool n) override { return system_env().create_file(p, n); }
  std::unique_ptr<OutputFile> append_file(const std::string& p) override { return system_env().append_file(p); }
  FileKind kind(const std::string& p) override { return system_env().kind(p); }
  int64_t file_size(const std::string& p) override { return system_env().file_size(p); }
  std::vector<std::string> list(const std::string& p) override { return system_env().list(p); }
  void make_directories(const std::string& p) override { system_env().make_directories(p); }
  void rename(const std::string& a, const std::string& b) override { system_env().rename(a, b); }
  void remove_file(const std::string& p) override { system_env().remove_file(p); }
  void remove_tree(const std::string& p) override { system_env().remove_tree(p); }
  void sync_directory(const std::string& p) override { system_env().sync_directory(p); }
  void truncate(const std::string& p, int64_t s) override { system_env().truncate(p, s); }
  int64_t free_bytes(const std::string& p) override { return system_env().free_bytes(p); }
};

class NiftiFiles : public ::testing::Test {
 protected:
  TemporaryFolder folder;

  std::string write(const std::string& name, const std::string& content) {
    put_file(folder / name, content);
    return folder / name;
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  // The file is refused: kind input, the message names the file and has every part, and nothing larger than 4 MiB was
  // allocated on the way (the budget would make that an error of kind budget).
  void refused_path(const std::string& path, const std::vector<std::string>& parts, bool header_alone_sees_it = true) {
    set_memory_budget(counted_bytes() + (int64_t{4} << 20));
    for (bool header_only : {true, false}) {
      if (header_only && !header_alone_sees_it) continue;
      try {
        header_only ? (void)read_nifti_header(system_env(), path) : (void)read_nifti(system_env(), path);
        ADD_FAILURE() << path << " was accepted";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
        EXPECT_TRUE(has(error.what(), file_name(path))) << error.what();
        for (const auto& part : parts) EXPECT_TRUE(has(error.what(), part)) << "'" << part << "' is missing in: " << error.what();
      }
    }
    set_memory_budget(0);
  }
  // Refused as .nii and, with the same verdict, gzipped.
  void refused(const std::string& content, const std::vector<std::string>& parts, bool header_alone_sees_it = true) {
    refused_path(write("bad.nii", content), parts, header_alone_sees_it);
    refused_path(write("bad.nii.gz", gzipped(content)), parts, header_alone_sees_it);
  }
  void refused(const TestNifti& nifti, const std::vector<std::string>& parts, bool header_alone_sees_it = true) { refused(nifti.bytes(),
      parts, header_alone_sees_it); }

  // Accepted with exactly one warning that has every part; returns the header.
  NiftiHeader warned_path(const std::string& path, const std::vector<std::string>& parts) {
    NiftiHeader header;
    try {
      read_nifti(system_env(), path, 0, &header);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
      return header;
    }
    EXPECT_EQ(header.warnings.size(), 1u) << path << (header.warnings.empty() ? "" : ": " + header.warnings.back());
    std::string all;
    for (const auto& warning : header.warnings) all += warning + "\n";
    for (const auto& part : parts) EXPECT_TRUE(has(all, part)) << "'" << part << "' is missing in: " << all;
    return header;
  }
  NiftiHeader warned(const std::string& content, const std::vector<std::string>& parts) {
    warned_path(write("odd.nii.gz", gzipped(content)), parts);
    return warned_path(write("odd.nii", content), parts);
  }
  NiftiHeader warned(const TestNifti& nifti, const std::vector<std::string>& parts) { return warned(nifti.bytes(), parts); }

  // Accepted without a word; returns the volume.
  Volume fine_path(const std::string& path, NiftiHeader* header = nullptr) {
    NiftiHeader own;
    try {
      Volume volume = read_nifti(system_env(), path, 0, &own);
      EXPECT_TRUE(own.warnings.empty()) << path << ": " << own.warnings.front();
      if (header) *header = own;
      return volume;
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
      return {};
    }
  }
  Volume fine(const std::string& content, NiftiHeader* header = nullptr) {
    fine_path(write("good.nii.gz", gzipped(content)), header);
    return fine_path(write("good.nii", content), header);
  }
  Volume fine(const TestNifti& nifti, NiftiHeader* header = nullptr) { return fine(nifti.bytes(), header); }

  static void expect_ramp(const Volume& volume) {
    ASSERT_EQ(volume.voxels.size(), 60);
    for (int64_t i = 0; i < 60; ++i) ASSERT_EQ(volume.voxels[i], float(i));
  }
};

}  // namespace tomograd
