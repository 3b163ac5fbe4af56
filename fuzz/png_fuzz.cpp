// A PNG picture. The checksums of its chunks are made right first, so that mutations reach what lies behind them.
#include <zlib.h>

#include <algorithm>

#include "fuzz/fuzz_target.h"
#include "pictures/png.h"

using namespace tomograd;

namespace {

void mend_checksums(std::string& png) {
  auto byte = [&](size_t i) { return uint32_t(static_cast<unsigned char>(png[i])); };
  for (size_t at = 8; at + 12 <= png.size();) {
    size_t length = byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    if (length > png.size() - at - 12) return;
    auto sum = uint32_t(crc32(0, reinterpret_cast<const unsigned char*>(png.data()) + at + 4, uInt(length + 4)));
    for (size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = char(sum >> (24 - 8 * i));
    at += 12 + length;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string png = bytes_of(data, size);
  mend_checksums(png);
  read_hostile(0, [&] {
    Image image = decode_png(png, "x.png");
    expect(int64_t(image.rgb.size()) == 3 * image.width * image.height, "the picture has not as many pixels as its size says");
  });
  return 0;
}
