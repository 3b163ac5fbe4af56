// For tests: TIFF files good and bad, poked together tag by tag without our own writer, and what a reader must do with a bad one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "volume/nifti_test_files.h"
#include "volume/tiff.h"

namespace tomograd {

// A good file unless changed: 2 pages of 4 x 5 uint16 (y, x), one strip each, voxels 0, 1, 2, ... over both.
struct TestTiff {
  bool big = false, swapped = false;
  int pages = 2;
  struct Tag { int type; uint64_t count; std::vector<uint64_t> values; };  // `count` may disagree with the values: that is the point
  std::map<int, Tag> tags;                       // put into every page, over the good ones
  std::vector<int> dropped;
  std::map<int, std::map<int, Tag>> of_page;     // of one page only
  std::string description, voxels;
  int64_t next_of_last = 0;                      // -1 = the first directory again, -2 = itself
  std::vector<std::string> strip;                // stored bytes of each page instead of plain rows

  size_t word() const { return big ? 8 : 4; }
  void put(std::string& b, uint64_t v, size_t n) const {
    for (size_t i = 0; i < n; ++i) b.push_back(char(v >> 8 * (swapped ? n - 1 - i : i)));
  }

  std::string bytes() const {
    std::string out = swapped ? "MM" : "II";
    put(out, big ? 43 : 42, 2);
    if (big) put(out, 8, 2), put(out, 0, 2);
    size_t link = out.size(), first = 0;
    put(out, 0, word());
    for (int p = 0; p < pages; ++p) {
      std::string rows = size_t(p) < strip.size() ? strip[size_t(p)] : std::string();
      if (strip.empty())
        for (uint64_t i = 0; i < 20; ++i) put(rows, uint64_t(p) * 20 + i, 2);
      size_t at = out.size();
      out += rows;
      std::map<int, Tag> all = {{256, {4, 1, {5}}}, {257, {4, 1, {4}}}, {258, {3, 1, {16}}}, {259, {3, 1, {1}}}, {262, {3, 1, {1}}},
          {273, {4, 1, {at}}}, {277, {3, 1, {1}}},
                                {278, {4, 1, {4}}}, {279, {4, 1, {rows.size()}}}, {339, {3, 1, {1}}}};
      if (p == 0 && !description.empty()) {
        std::vector<uint64_t> letters(description.begin(), description.end());
        letters.push_back(0);
        all[270] = {2, letters.size(), letters};
      }
      for (const auto& [code, tag] : tags) all[code] = tag;
      if (of_page.contains(p))
        for (const auto& [code, tag] : of_page.at(p)) all[code] = tag;
      for (int code : dropped) all.erase(code);
      if (out.size() % 2) out.push_back('\0');
      size_t here = out.size();
      std::string address;
      put(address, here, word());
      out.replace(link, word(), address);
      if (p == 0) first = here;
      put(out, all.size(), big ? 8 : 2);
      std::string longer;
      size_t after = here + (big ? 8 : 2) + all.size() * (4 + 2 * word()) + word();
      for (const auto& [code, tag] : all) {
        put(out, uint64_t(code), 2), put(out, uint64_t(tag.type), 2), put(out, tag.count, word());
        std::string raw;
        static const std::map<int, size_t> sizes = {{1, 1}, {2, 1}, {3, 2}, {4, 4}, {5, 4}, {7, 1}, {16, 8}};
        for (uint64_t v : tag.values) put(raw, v, sizes.contains(tag.type) ? sizes.at(tag.type) : 4);
        if (raw.size() <= word()) raw.resize(word(), '\0'), out += raw;
        else put(out, after + longer.size(), word()), longer += raw;
      }
      link = out.size();
      uint64_t next = p + 1 < pages ? 0 : next_of_last == -1 ? first : next_of_last == -2 ? here : uint64_t(next_of_last);
      put(out, next, word());
      out += longer;
    }
    return out;
  }
};

inline TestTiff::Tag one(int type, uint64_t v) { return {type, 1, {v}}; }

class BadTiff : public ::testing::Test {
 protected:
  TemporaryFolder folder;

  std::string write(const std::string& content) {
    put_file(folder / "bad.tif", content);
    return folder / "bad.tif";
  }

  // Error(input) that names the file and has every part, by the header alone or, `late`, by the voxels; less than 4 MiB counted.
  void refused(const std::string& content, const std::vector<std::string>& parts, bool late = false) {
    std::string path = write(content);
    set_memory_budget(counted_bytes() + (int64_t{4} << 20));
    for (bool header_only : {true, false}) {
      if (late && header_only) {
        EXPECT_NO_THROW(read_tiff_header(system_env(), path));
        continue;
      }
      try {
        header_only ? (void)read_tiff_header(system_env(), path) : (void)read_tiff(system_env(), path);
        ADD_FAILURE() << parts[0] << ": was accepted";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
        std::string what = error.what();
        EXPECT_NE(what.find("bad.tif"), std::string::npos) << what;
        for (const auto& part : parts) EXPECT_NE(what.find(part), std::string::npos) << "'" << part << "' is missing in: " << what;
      }
    }
    set_memory_budget(0);
  }
  void refused(const TestTiff& tiff, const std::vector<std::string>& parts, bool late = false) {
    for (int kind = 0; kind < 4; ++kind) {
      TestTiff t = tiff;
      t.big = kind & 1, t.swapped = kind & 2;
      SCOPED_TRACE(kind);
      refused(t.bytes(), parts, late);
    }
  }
  void refused_tag(int code, TestTiff::Tag tag, const std::vector<std::string>& parts) {
    TestTiff t;
    t.tags[code] = tag;
    refused(t, parts);
  }
  TiffHeader fine(const TestTiff& tiff, int warnings = 0) {
    TiffHeader h;
    for (int kind = 0; kind < 4; ++kind) {
      TestTiff t = tiff;
      t.big = kind & 1, t.swapped = kind & 2;
      SCOPED_TRACE(kind);
      try {
        Volume v = read_tiff(system_env(), write(t.bytes()), &h);
        EXPECT_EQ(int(h.warnings.size()), warnings) << (h.warnings.empty() ? "" : h.warnings.front());
        EXPECT_EQ(h.geometry.size, (Extent{t.pages, 4, 5}));
        for (int64_t i = 0; i < v.voxels.size(); ++i) EXPECT_EQ(v.voxels[i], float(i));
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
    }
    return h;
  }
};

}  // namespace tomograd
