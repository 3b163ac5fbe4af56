// PNG through libpng, in memory first, then through Env, so that a picture is published whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/env.h"
#include "pictures/image.h"

namespace tomograd {

// Equal images give equal bytes: no time stamp, fixed compression. An image of grey pixels only is stored as grey.
std::string encode_png(const Image& image);

// 8-bit grey or RGB; Error(input) for anything that is no such PNG or is larger than 65535 pixels a side.
Image decode_png(std::string_view content, const std::string& name);

void write_png(Env& env, const std::string& path, const Image& image);
Image read_png(Env& env, const std::string& path);

}  // namespace tomograd
