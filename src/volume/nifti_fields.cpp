#include "volume/nifti_fields.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tomograd {
namespace {

static_assert(std::endian::native == std::endian::little, "files are written in this machine's byte order, which must be little-endian");

template <class T>
T byte_swapped(T value) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  std::reverse(bytes, bytes + sizeof(T));
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

// One walk over all fields serves both directions. Each call names the field's place in NIfTI-1 and in NIfTI-2.
struct Walker {
  const unsigned char* from = nullptr;
  unsigned char* to = nullptr;
  int version = 1;
  bool swapped = false;

  template <class Stored, class T>
  void number(T& value, int place) {
    Stored stored;
    if (from) {
      std::memcpy(&stored, from + place, sizeof stored);
      value = T(swapped ? byte_swapped(stored) : stored);
    } else {
      stored = Stored(value);
      std::memcpy(to + place, &stored, sizeof stored);
    }
  }
  template <class Stored1, class Stored2>
  void whole(int64_t& value, int place1, int place2) {
    version == 1 ? number<Stored1>(value, place1) : number<Stored2>(value, place2);
  }
  void real(double& value, int place1, int place2) { version == 1 ? number<float>(value, place1) : number<double>(value, place2); }
  void chars(std::string& value, int place1, int place2, int count) {
    int place = version == 1 ? place1 : place2;
    if (from) {
      value.assign(reinterpret_cast<const char*>(from) + place, size_t(count));
    } else {
      std::memset(to + place, 0, size_t(count));
      std::memcpy(to + place, value.data(), std::min(value.size(), size_t(count)));
    }
  }

  void walk(NiftiFields& f) {
    for (int i = 0; i < 8; ++i) whole<int16_t, int64_t>(f.dim[size_t(i)], 40 + 2 * i, 16 + 8 * i);
    for (int i = 0; i < 8; ++i) real(f.pixdim[size_t(i)], 76 + 4 * i, 104 + 8 * i);
    for (int i = 0; i < 3; ++i) real(f.intent_p[size_t(i)], 56 + 4 * i, 80 + 8 * i);
    whole<int16_t, int32_t>(f.intent_code, 68, 504);
    whole<int16_t, int16_t>(f.datatype, 70, 12);
    whole<int16_t, int16_t>(f.bitpix, 72, 14);
    whole<int16_t, int64_t>(f.slice_start, 74, 224);
    whole<int16_t, int64_t>(f.slice_end, 120, 232);
    whole<uint8_t, int32_t>(f.slice_code, 122, 496);
    whole<uint8_t, int32_t>(f.xyzt_units, 123, 500);
    whole<uint8_t, uint8_t>(f.dim_info, 39, 524);
    if (version == 1) {
      number<float>(f.vox_offset_float, 108);
      number<int32_t>(f.glmin, 144);
    } else {
      number<int64_t>(f.vox_offset, 168);
    }
    real(f.scl_slope, 112, 176);
    real(f.scl_inter, 116, 184);
    real(f.cal_max, 124, 192);
    real(f.cal_min, 128, 200);
    real(f.slice_duration, 132, 208);
    real(f.toffset, 136, 216);
    whole<int16_t, int32_t>(f.qform_code, 252, 344);
    whole<int16_t, int32_t>(f.sform_code, 254, 348);
    for (int i = 0; i < 3; ++i) real(f.quatern[size_t(i)], 256 + 4 * i, 352 + 8 * i);
    for (int i = 0; i < 3; ++i) real(f.qoffset[size_t(i)], 268 + 4 * i, 376 + 8 * i);
    for (int i = 0; i < 12; ++i) real(f.srow[size_t(i / 4)][size_t(i % 4)], 280 + 4 * i, 400 + 8 * i);
    chars(f.descrip, 148, 240, 80);
    chars(f.aux_file, 228, 320, 24);
    chars(f.intent_name, 328, 508, 16);
    chars(f.magic, 344, 4, version == 1 ? 4 : 8);
  }
};

}  // namespace

NiftiFields read_nifti_fields(const unsigned char* bytes, int version, bool swapped) {
  NiftiFields fields;
  fields.version = version;
  Walker walker{bytes, nullptr, version, swapped};
  walker.walk(fields);
  return fields;
}

void write_nifti_fields(NiftiFields fields, unsigned char* bytes) {
  int64_t size = fields.version == 1 ? nifti1_bytes : nifti2_bytes;
  std::memset(bytes, 0, size_t(size));
  int32_t sizeof_hdr = int32_t(size);
  std::memcpy(bytes, &sizeof_hdr, sizeof sizeof_hdr);
  if (fields.version == 1) bytes[38] = 'r';  // "regular", which ANALYZE readers look for
  Walker walker{nullptr, bytes, fields.version, false};
  walker.walk(fields);
}

}  // namespace tomograd
