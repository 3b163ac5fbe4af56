// Joining overlapping tiles: a row of a network's logits becomes probabilities, is weighted and added to the accumulators in
// one pass; finished rows of the accumulators become labels and are set back to zero in another. No division is needed: where
// every voxel's weights are the same for all classes, the largest sum is the largest mean. Class 0 has no accumulator:
// probabilities add up to 1, so its sum is the total weight, known from the plan, less the sums of the others.
#pragma once

#include <cstdint>

namespace tomograd {

constexpr int64_t most_blend_classes = 255;

// Class c of voxel i of the row is logits[c * class_stride + i * voxel_stride]; strides may be negative.
struct LogitRow {
  const float* logits = nullptr;
  int64_t class_stride = 0, voxel_stride = 1;
};

// into[(c - 1) * class_step + i] += row_weight * weights[i] * softmax over c of the logits, for classes c >= 1 and i in
// [0, count); 1 to 255 classes.
// Each probability is within 1e-6 of the exact one. Returns whether all logits were finite; if not, `into` is spoilt.
bool add_probabilities(const LogitRow& row, int64_t classes, int64_t count, float row_weight, const float* weights, float* into, int64_t class_step);

// labels[i] = the class with the largest sum, the lowest of equals: class c >= 1 has sums[(c - 1) * class_step + i], class 0 has
// row_total * totals[i] less those. The sums become 0.
void take_labels(float* sums, int64_t class_step, int64_t classes, int64_t count, float row_total, const float* totals, uint8_t* labels);

// The same, obviously; what the plain instruction set runs and the tests compare with.
bool add_probabilities_reference(const LogitRow& row, int64_t classes, int64_t count, float row_weight, const float* weights, float* into, int64_t class_step);
void take_labels_reference(float* sums, int64_t class_step, int64_t classes, int64_t count, float row_total, const float* totals, uint8_t* labels);

}  // namespace tomograd
