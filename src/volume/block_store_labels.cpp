#include "volume/block_store_labels.h"

#include <cmath>

#include "base/error.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

template <class To, class From>
int64_t first_bad_label(const unsigned char* raw, int64_t count, To* into) {  // -1: all good
  for (int64_t i = 0; i < count; ++i) {
    From value = load_voxel<From, false>(raw + i * int64_t(sizeof(From)));
    if constexpr (std::is_integral_v<From>) {
      if (!std::in_range<To>(value)) return i;
      into[i] = To(value);
    } else {
      double whole = std::rint(double(value));
      if (!(whole >= 0 && whole <= double(std::numeric_limits<To>::max()) && std::abs(double(value) - whole) <= 1e-3)) return i;
      into[i] = To(whole);
    }
  }
  return -1;
}

}  // namespace

LabelSlabs::LabelSlabs(SlabSource& source, std::string name) : source_(source), name_(std::move(name)) {
  if (source.channels() != 1) fail_input(text("the label image '", name_, "' has ", source.channels(), " channels; one is expected"));
}

VoxelType LabelSlabs::type() const {
  switch (source_.type()) {
    case VoxelType::u8: case VoxelType::i8: return VoxelType::u8;
    case VoxelType::u16: case VoxelType::i16: case VoxelType::f32: case VoxelType::f64: return VoxelType::u16;
    default: return VoxelType::u32;
  }
}

void LabelSlabs::read_planes(int64_t channel, int64_t z_begin, int64_t z_end, void* into) {
  Extent size = source_.geometry().size;
  int64_t count = (z_end - z_begin) * size.y * size.x;
  if (raw_.size() < count * voxel_bytes(source_.type())) raw_ = {}, raw_ = Buffer<unsigned char>(count * voxel_bytes(source_.type()));
  source_.read_planes(channel, z_begin, z_end, raw_.data());
  int64_t bad = with_voxel_type(source_.type(), [&](auto v) {
    using From = decltype(v);
    auto convert = [&](auto to) { return first_bad_label<decltype(to), From>(raw_.data(), count, static_cast<decltype(to)*>(into)); };
    return type() == VoxelType::u8 ? convert(uint8_t{}) : type() == VoxelType::u16 ? convert(uint16_t{}) : convert(uint32_t{});
  });
  if (bad < 0) return;
  double value = with_voxel_type(source_.type(), [&](auto v) { return double(load_voxel<decltype(v), false>(raw_.data() + bad * int64_t(sizeof v))); });
  fail_input(text("the label of '", name_, "' at z,y,x = ", z_begin + bad / size.x / size.y, ",", bad / size.x % size.y, ",", bad % size.x, " is ", value, "; whole numbers from 0 to ",
                  type() == VoxelType::u8 ? 255 : type() == VoxelType::u16 ? 65535 : 4294967295, " are expected"));
}

}  // namespace tomograd
