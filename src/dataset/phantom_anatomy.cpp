#include "dataset/phantom_anatomy.h"

#include <array>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace tomograd {
namespace {


struct Body {  // what differs between patients
  double width, depth, neck, offset_x, offset_y, tilt;
  std::array<double, 4> bump, bump_phase;
  double airway_x, airway_y, airway_size, airway_phase;
  double spine_y, spine_size, discs, disc_phase;
  double jaw_height, jaw_size, muscle_x, muscle_size, gland_size, vessel_x, wall, wall_wave, wall_phase;
};

Body draw_body(uint64_t seed, int64_t patient) {
  Random r(seed, "phantom/anatomy", 0, uint64_t(patient));
  Body b;
  b.width = r.uniform(0.80, 0.88), b.depth = r.uniform(0.82, 0.89), b.neck = r.uniform(0.82, 0.92);
  b.offset_x = r.uniform(-0.03, 0.03), b.offset_y = r.uniform(-0.02, 0.02), b.tilt = r.uniform(-0.06, 0.06);
  for (int k = 0; k < 4; ++k) b.bump[size_t(k)] = r.uniform(-0.014, 0.014), b.bump_phase[size_t(k)] = r.uniform(0, 2 * std::numbers::pi);
  b.airway_x = r.uniform(-0.04, 0.04), b.airway_y = r.uniform(0.06, 0.20), b.airway_size = r.uniform(0.8, 1.25), b.airway_phase = r.uniform(0, 2 * std::numbers::pi);
  b.spine_y = r.uniform(-0.36, -0.28), b.spine_size = r.uniform(0.9, 1.12), b.discs = r.uniform(2.4, 3.6), b.disc_phase = r.uniform(0, 2 * std::numbers::pi);
  b.jaw_height = r.uniform(0.05, 0.35), b.jaw_size = r.uniform(0.94, 1.06);
  b.muscle_x = r.uniform(0.64, 0.72), b.muscle_size = r.uniform(0.85, 1.2), b.gland_size = r.uniform(0.85, 1.25), b.vessel_x = r.uniform(0.46, 0.52);
  b.wall = r.uniform(0.42, 0.48), b.wall_wave = r.uniform(0.01, 0.04), b.wall_phase = r.uniform(0, 2 * std::numbers::pi);
  return b;
}

double ellipse(double x, double y, double rx, double ry) { return std::sqrt(x * x / (rx * rx) + y * y / (ry * ry)); }
double smooth_step(double from, double to, double v) {
  double t = std::min(1.0, std::max(0.0, (v - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

struct Place { Tissue tissue; bool body; uint8_t zone; };

Place place_at(const Body& b, double u, double v, double w) {
  double girth = b.neck + (1 - b.neck) * smooth_step(-0.5, 0.5, w);     // the neck below is narrower than the jaw above
  double p = (u - b.offset_x - b.tilt * w) / (b.width * girth), q = (v - b.offset_y) / (b.depth * girth);
  double angle = std::atan2(q, p), skin = 1;
  for (int k = 0; k < 4; ++k) skin += b.bump[size_t(k)] * std::cos((k + 2) * angle + b.bump_phase[size_t(k)] + 0.6 * w * k);
  double r = std::sqrt(p * p + q * q) / skin;
  if (r >= 1) return {Tissue::air, false, 0};
  if (r >= 0.91) return {Tissue::fat, true, 0};

  double airway = ellipse(p - b.airway_x, q - b.airway_y, 0.13 * b.airway_size * (1 + 0.25 * std::sin(3 * w + b.airway_phase)),
                          0.09 * b.airway_size * (1 + 0.3 * std::cos(4 * w + b.airway_phase)));
  if (airway < 1) return {Tissue::air, true, 0};
  if (airway < 1.35) return {Tissue::mucosa, true, 0};

  double side = std::abs(p);
  double cord = ellipse(p, q - b.spine_y + 0.26, 0.09, 0.07);
  if (cord < 1) return {Tissue::cord, true, 0};
  if (cord < 1.5) return {Tissue::fluid, true, 0};
  if (cord < 1.8) return {Tissue::bone, true, 0};
  double vertebra = ellipse(p, q - b.spine_y, 0.21 * b.spine_size, 0.15 * b.spine_size);
  if (vertebra < 1) {
    if (std::sin(2 * std::numbers::pi * b.discs * w / 2 + b.disc_phase) > 0.75) return {Tissue::disc, true, 0};
    return {vertebra > 0.84 ? Tissue::bone : Tissue::marrow, true, 0};
  }
  if (ellipse(p, q - b.spine_y + 0.46, 0.035, 0.13) < 1) return {Tissue::bone, true, 0};  // spinous process
  if (side > 0.12 && ellipse(side - 0.24, q - b.spine_y + 0.12, 0.10, 0.04) < 1) return {Tissue::bone, true, 0};  // transverse

  if (w > b.jaw_height - 0.1 && q > 0.05) {                              // mandible, an arch open to the back
    double arch = ellipse(p, q - 0.02, 0.66 * b.jaw_size, 0.76 * b.jaw_size);
    if (arch > 0.93 && arch < 1.04) return {arch > 0.96 && arch < 1.01 ? Tissue::marrow : Tissue::bone, true, 0};
  }
  if (ellipse(side - b.vessel_x, q + 0.10, 0.040, 0.035) < 1) return {Tissue::vessel, true, 0};
  if (ellipse(side - b.vessel_x - 0.09, q + 0.14, 0.050, 0.045) < 1) return {Tissue::vessel, true, 0};
  double gland = ellipse(side - 0.66, q - 0.16, 0.13 * b.gland_size, 0.17 * b.gland_size * std::sqrt(std::max(0.02, smooth_step(-0.3, 0.4, w))));
  if (gland < 1) return {p > 0 ? Tissue::right_gland : Tissue::gland, true, 0};
  double sternomastoid = ellipse(side - b.muscle_x, q + 0.20 + 0.15 * w, 0.07 * b.muscle_size, 0.17 * b.muscle_size);
  if (sternomastoid < 1) return {Tissue::muscle, true, 0};

  double wall = b.wall + b.wall_wave * std::sin(9 * q + b.wall_phase + 2 * w);  // between the central and the lateral compartment
  if (side < wall) {
    bool tongue = w > b.jaw_height && ellipse(p, q - 0.52, 0.34, 0.26) < 1;
    if (q < b.spine_y - 0.02) return {Tissue::muscle, true, 0};          // the neck's own muscles, behind the spine
    return {tongue ? Tissue::tongue : Tissue::muscle, true, uint8_t(r < 0.9 ? 1 : 0)};
  }
  if (q < -0.62) return {Tissue::muscle, true, 0};
  return {Tissue::lateral_fat, true, uint8_t(side > wall + 0.01 && r < 0.9 ? 2 : 0)};
}

// Columns T1w T1ce T2w T2star ADC ktrans ve; rows as in Tissue. Chosen so that the orders are the familiar ones (fat bright
// in T1, fluid bright in T2 and ADC, vessels bright after contrast) while nothing healthy is as bright as a lesion.
// Images scale the contrast (phantom_images.cpp, equalise), after which a vessel in ktrans may be as bright as a lesion in fat.
constexpr double table[size_t(Tissue::count)][7] = {
    {0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02},  // air
    {0.74, 0.74, 0.66, 0.58, 0.26, 0.22, 0.24},  // fat
    {0.45, 0.46, 0.40, 0.44, 0.50, 0.36, 0.40},  // muscle
    {0.60, 0.60, 0.54, 0.54, 0.36, 0.24, 0.27},  // lateral_fat
    {0.16, 0.16, 0.13, 0.12, 0.16, 0.12, 0.14},  // bone
    {0.56, 0.58, 0.46, 0.36, 0.40, 0.36, 0.38},  // marrow
    {0.40, 0.42, 0.56, 0.48, 0.52, 0.25, 0.34},  // disc
    {0.28, 0.28, 0.72, 0.70, 0.74, 0.12, 0.16},  // fluid
    {0.52, 0.52, 0.50, 0.50, 0.46, 0.20, 0.22},  // cord
    {0.50, 0.56, 0.52, 0.50, 0.52, 0.42, 0.46},  // gland
    {0.61, 0.67, 0.63, 0.61, 0.63, 0.53, 0.57},  // right_gland
    {0.34, 0.72, 0.28, 0.34, 0.56, 0.60, 0.56},  // vessel
    {0.48, 0.64, 0.64, 0.54, 0.60, 0.48, 0.52},  // mucosa
    {0.49, 0.50, 0.45, 0.47, 0.48, 0.39, 0.43},  // tongue
};

}  // namespace

double tissue_intensity(Tissue tissue, int modality) { return table[size_t(tissue)][size_t(modality)]; }

Anatomy make_anatomy(Extent size, uint64_t seed, int64_t patient) {
  Body body = draw_body(seed, patient);
  Anatomy a{size, Buffer<uint8_t>(size.voxels()), Buffer<uint8_t>(size.voxels()), Buffer<uint8_t>(size.voxels()), 0};
  int64_t i = 0;
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) {
        Place place = place_at(body, (2 * double(x) + 1) / double(size.x) - 1, (2 * double(y) + 1) / double(size.y) - 1,
                               (2 * double(z) + 1) / double(size.z) - 1);
        a.tissue[i] = uint8_t(place.tissue);
        a.body[i] = place.body;
        a.zone[i] = place.zone;
        a.body_voxels += place.body;
      }
  return a;
}

}  // namespace tomograd
