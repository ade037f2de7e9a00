#pragma once
/// Kernels behind ops::change_intensities, over raw memory.

#include <array>
#include <cstdint>

#include "photo51/ops/intensity.hpp"

namespace photo51::ops::cpu {

struct Summary {
  float low = 0, high = 0;
  double mean = 0;
};
Summary summarize(const float* values, int64_t count);

/// The change with what it takes from the whole channel.
struct Pointwise {
  float linear = 1, constant = 0;  ///< contrast; with gamma it also scales to 0..1
  float gamma = 1;
  float gain = 1, shift = 0;    ///< after gamma, its range included
  std::array<float, 8> bias{};  ///< of this row: powers of x
  int bias_terms = 0;
  float noise = 0;
  bool rician = false;
  uint32_t key[2] = {0, 0};
};

/// Changes a row; `row` numbers it within the channel and `step` is the difference of the bias field's x from
/// a voxel to the next.
void change_row(float* values, int64_t count, int64_t row, float step, const Pointwise& change);

}  // namespace photo51::ops::cpu
