// A PNG picture.
#include "fuzz/fuzz_target.h"
#include "pictures/png.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_hostile(0, [&] {
    Image image = decode_png({reinterpret_cast<const char*>(data), size}, "x.png");
    expect(int64_t(image.rgb.size()) == 3 * image.width * image.height, "the picture has not as many pixels as its size says");
  });
  return 0;
}
