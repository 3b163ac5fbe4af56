#include "dataset/phantom_images.h"

#include <array>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace tomograd {
namespace {


struct Wave {  // slow texture of the tissues
  double z, y, x, phase;
  double at(double w, double v, double u) const { return std::cos(z * w + y * v + x * u + phase); }
};

struct Scanner {
  std::array<double, size_t(Tissue::count)> intensity;
  std::array<Wave, 3> texture;
  std::array<double, 6> bias;                    // of u, v, w, u^2, v^2, uv
  double blur, noise, gain;
  int64_t shift_y, shift_x;
};

constexpr double tissue_deviation = 0.13;         // of the noiseless image inside the body; 0.10 to 0.15 by the table alone

// Typical raw values: arbitrary units for the weighted images, 1e-6 mm^2/s for ADC, 1/min for ktrans, a volume share for ve.
constexpr double gain_of[7] = {900, 950, 800, 620, 2200, 0.45, 0.7};

// Contrast between tissues, about muscle, so that healthy tissue deviates equally in all modalities: normalised images then
// show a lesion equally well in each, and what a network learns later than another channel is not planted by accident.
void equalise(std::array<double, size_t(Tissue::count)>& intensity, const Anatomy& a) {
  std::array<double, size_t(Tissue::count)> count{};
  for (int64_t i = 0; i < a.body.size(); ++i) count[a.tissue[i]] += a.body[i];
  double sum = 0, squares = 0, muscle = intensity[size_t(Tissue::muscle)];
  for (size_t t = 0; t < count.size(); ++t) sum += count[t] * intensity[t], squares += count[t] * intensity[t] * intensity[t];
  double mean = sum / double(a.body_voxels), deviation = std::sqrt(squares / double(a.body_voxels) - mean * mean);
  for (size_t t = 1; t < intensity.size(); ++t) intensity[t] = muscle + (intensity[t] - muscle) * tissue_deviation / deviation;
}

Scanner draw_scanner(const Anatomy& a, const ImageSource& of) {
  auto [modality, seed, patient, scan, noise] = of;
  Scanner s;
  Random person(seed, "phantom/tissues", uint64_t(modality), uint64_t(patient));
  for (size_t t = 0; t < s.intensity.size(); ++t) s.intensity[t] = tissue_intensity(Tissue(t), modality) * (t == 0 ? 1 : person.uniform(0.96, 1.04));
  equalise(s.intensity, a);
  for (auto& wave : s.texture) wave = {person.uniform(2, 5), person.uniform(8, 22), person.uniform(8, 22), person.uniform(0, 2 * std::numbers::pi)};
  Random session(seed, "phantom/session", uint64_t(scan), uint64_t(patient));  // what all modalities of a scan event share
  s.blur = noise * session.uniform(0.06, 0.16);
  s.noise = noise * lesion_contrast / session.uniform(4.4, 5.6);
  Random scanner(seed, "phantom/scanner", uint64_t(scan) * 7 + uint64_t(modality), uint64_t(patient));
  for (double& b : s.bias) b = scanner.uniform(-0.12, 0.12);
  s.gain = gain_of[modality] * scanner.uniform(0.7, 1.4);
  int64_t reach = std::max<int64_t>(1, a.size.x / 40);
  s.shift_y = scanner.below(2 * reach + 1) - reach;
  s.shift_x = scanner.below(2 * reach + 1) - reach;
  return s;
}

Buffer<float> draw_signal(const Anatomy& a, const std::vector<PhantomBlob>& blobs, int modality, const Scanner& s) {
  Buffer<float> signal(a.size.voxels());
  int64_t i = 0;
  for (int64_t z = 0; z < a.size.z; ++z)
    for (int64_t y = 0; y < a.size.y; ++y)
      for (int64_t x = 0; x < a.size.x; ++x, ++i) {
        double w = 2 * double(z) / double(a.size.z) - 1, v = 2 * double(y) / double(a.size.y) - 1, u = 2 * double(x) / double(a.size.x) - 1;
        double value = s.intensity[a.tissue[i]];
        if (a.tissue[i] != uint8_t(Tissue::air)) value += 0.012 * (s.texture[0].at(w, v, u) + s.texture[1].at(w, v, u) + s.texture[2].at(w, v, u));
        signal[i] = float(value);
      }
  for (const auto& blob : blobs) {
    if (blob.modality != modality) continue;
    double filled = double(blob.voxels.size()) - double(blob.hole);      // the mean over the whole blob is the same for both kinds
    double added = lesion_contrast * double(blob.voxels.size()) / filled;
    for (size_t k = size_t(blob.hole); k < blob.voxels.size(); ++k) signal[blob.voxels[k]] += float(added);
  }
  return signal;
}

// Partial volume in the slice: (b, 1 - 2b, b) along x, then along y.
void blur_in_slice(Buffer<float>& image, Extent size, double b) {
  for (int pass = 0; pass < 2; ++pass) {
    int64_t length = pass == 0 ? size.x : size.y, step = pass == 0 ? 1 : size.x;
    int64_t lines = size.voxels() / length;
    for (int64_t line = 0; line < lines; ++line) {
      float* at = image.data() + (pass == 0 ? line * size.x : line / size.x * size.y * size.x + line % size.x);
      float before = at[0];
      for (int64_t k = 0; k < length; ++k) {
        float here = at[k * step], after = k + 1 < length ? at[(k + 1) * step] : here;
        at[k * step] = float((1 - 2 * b) * here + b * (before + after));
        before = here;
      }
    }
  }
}

double bias_at(const Scanner& s, Extent size, int64_t z, int64_t y, int64_t x) {
  double w = 2 * double(z) / double(size.z) - 1, v = 2 * double(y) / double(size.y) - 1, u = 2 * double(x) / double(size.x) - 1;
  return std::exp(s.bias[0] * u + s.bias[1] * v + s.bias[2] * w + s.bias[3] * u * u + s.bias[4] * v * v + s.bias[5] * u * v);
}

// Rounded to 1/1024 of `unit`: well below the noise, and such files compress better.
float rounded(double value, double unit) { return float(std::rint(value / unit * 1024) / 1024 * unit); }

}  // namespace

ScanImage make_scan_image(const Anatomy& a, const std::vector<PhantomBlob>& blobs, const ImageSource& of) {
  Extent size = a.size;
  Scanner s = draw_scanner(a, of);
  Buffer<float> signal = draw_signal(a, blobs, of.modality, s);
  blur_in_slice(signal, size, s.blur);
  ScanImage image{Buffer<float>(size.voxels()), Buffer<float>(size.voxels(), 0.0f), s.shift_y, s.shift_x};
  Random noise(of.seed, "phantom/noise", uint64_t(of.scan) * 7 + uint64_t(of.modality), uint64_t(of.patient));
  double sum = 0, squares = 0;
  int64_t i = 0;
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) {
        int64_t ty = y + s.shift_y, tx = x + s.shift_x;                  // the true place this raw voxel shows
        bool seen = ty >= 0 && tx >= 0 && ty < size.y && tx < size.x;
        int64_t at = (z * size.y + ty) * size.x + tx;
        double bias = seen ? bias_at(s, size, z, ty, tx) : 1;
        double real = (seen ? signal[at] * bias : 0) + s.noise * noise.normal(), imaginary = s.noise * noise.normal();
        double magnitude = std::sqrt(real * real + imaginary * imaginary);
        image.raw[i] = rounded(magnitude * s.gain, s.gain);
        if (!seen) continue;
        double value = magnitude / std::pow(bias, 0.85);                 // what a good but imperfect correction leaves
        image.normalised[at] = float(value);
        if (a.body[at]) sum += value, squares += value * value;
      }
  double mean = sum / double(a.body_voxels), deviation = std::sqrt(squares / double(a.body_voxels) - mean * mean);
  for (float& value : image.normalised) value = rounded((value - mean) / deviation, 1);
  return image;
}

}  // namespace tomograd
