// A valid .nii of 2x2x2 voxels of uint8, 360 bytes, for targets that fuzz what stands around images.
#pragma once

#include <cstring>
#include <string>

namespace tomograd {

inline std::string tiny_scan() {
  std::string bytes(360, '\0');
  auto put = [&](size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  put(0, int32_t{348});
  for (size_t i = 0; i < 8; ++i) put(40 + 2 * i, int16_t(i == 0 ? 3 : i < 4 ? 2 : 1));
  put(70, int16_t{2}), put(72, int16_t{8});
  for (size_t i = 0; i < 4; ++i) put(76 + 4 * i, 1.0f);
  put(108, 352.0f);
  std::memcpy(bytes.data() + 344, "n+1", 4);
  for (size_t i = 0; i < 8; ++i) bytes[352 + i] = char(i % 3);
  return bytes;
}

}  // namespace tomograd
