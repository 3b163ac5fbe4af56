#include "nn/precision.h"

#include "base/error.h"

namespace tomograd {

Precision precision_of(const std::string& name) {
  for (Precision precision : {Precision::f32, Precision::bf16, Precision::f16})
    if (name == precision_name(precision)) return precision;
  fail_input("precision is '" + name + "'", "f32, bf16 or f16");
}

const char* precision_name(Precision precision) { return precision == Precision::f32 ? "f32" : precision == Precision::bf16 ? "bf16" : "f16"; }

OpFormats op_formats(Op op, bool fused, bool training) {
  switch (op) {
    case Op::input: return {Format::f32, Format::f32, Format::f32};
    case Op::conv:
    case Op::transposed_conv: return {Format::network, Format::f32, fused ? Format::network : Format::f32};
    case Op::msd: return {fused && !training ? Format::network : Format::f32, Format::f32, Format::f32};
    case Op::norm:
    case Op::lanczos: return {Format::f32, Format::f32, Format::as_input};
    case Op::concat:
    case Op::add: return {Format::widest, Format::widest, Format::widest};
    case Op::pool: return {Format::as_input, Format::f32, Format::as_input};
    case Op::activation:
    case Op::dropout:
    case Op::bias:
    case Op::subsample:
    case Op::upsample:
    case Op::crop: return {};
  }
  fail_failure("an operation has no number format");
}

}  // namespace tomograd
