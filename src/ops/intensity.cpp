#include "photo51/ops/intensity.hpp"

#include <algorithm>
#include <string>

#include "ops/cpu/intensity.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::ops {
namespace {

/// The bias field's polynomial at y and z, as powers of x.
std::array<float, 8> row_polynomial(const PointwiseChange& change, double y, double z) {
  std::array<double, 8> terms{};
  size_t at = 0;
  double power_y = 1;
  for (int64_t i = 0; i <= change.bias_order; ++i) {
    power_y = 1;
    for (int64_t j = 0; i + j <= change.bias_order; ++j, power_y *= y) {
      double power_z = 1;
      for (int64_t k = 0; i + j + k <= change.bias_order; ++k, power_z *= z)
        terms[static_cast<size_t>(i)] += change.bias[at++] * power_y * power_z;
    }
  }
  std::array<float, 8> row{};
  std::transform(terms.begin(), terms.end(), row.begin(), [](double t) { return static_cast<float>(t); });
  return row;
}

/// -1 to 1 over the centres of `count` voxels.
double place(int64_t at, int64_t count) {
  return count == 1 ? 0 : 2 * static_cast<double>(at) / static_cast<double>(count - 1) - 1;
}

cpu::Pointwise with_statistics(const float* values, int64_t count, const PointwiseChange& change) {
  cpu::Pointwise made;
  made.gain = static_cast<float>(change.gain);
  made.shift = static_cast<float>(change.shift);
  made.noise = static_cast<float>(change.noise);
  made.rician = change.rician;
  made.key[0] = static_cast<uint32_t>(change.seed);
  made.key[1] = static_cast<uint32_t>(change.seed >> 32);
  made.bias_terms = change.bias.empty() ? 0 : static_cast<int>(change.bias_order) + 1;
  if (change.contrast == 1 && change.gamma == 1) return made;
  const cpu::Summary summary = cpu::summarize(values, count);
  double linear = change.contrast, constant = summary.mean * (1 - change.contrast);
  const double low = linear * static_cast<double>(linear < 0 ? summary.high : summary.low) + constant;
  const double high = linear * static_cast<double>(linear < 0 ? summary.low : summary.high) + constant;
  if (change.gamma != 1 && high > low) {
    const double range = high - low;
    made.gamma = static_cast<float>(change.gamma);
    linear /= range;
    constant = (constant - low) / range;
    made.gain = static_cast<float>(change.gain * range);
    made.shift = static_cast<float>(change.shift + change.gain * low);
  }
  made.linear = static_cast<float>(linear);
  made.constant = static_cast<float>(constant);
  return made;
}

}  // namespace

int64_t bias_coefficients(int64_t order) {
  return (order + 1) * (order + 2) * (order + 3) / 6;
}

void change_intensities(at::Tensor& channel, const PointwiseChange& change, core::ThreadPool* pool) {
  if (!channel.defined() || channel.dim() != 3 || channel.scalar_type() != at::kFloat ||
      !channel.is_contiguous())
    core::fail_usage("change_intensities: takes one channel [D, H, W], float32 and contiguous");
  if (!change.bias.empty() &&
      (change.bias_order < 0 || change.bias_order > 7 ||
       static_cast<int64_t>(change.bias.size()) != bias_coefficients(change.bias_order)))
    core::fail_usage("change_intensities: a bias field of order " + std::to_string(change.bias_order) +
                     " does not have " + std::to_string(change.bias.size()) +
                     " coefficients; orders 0 to 7 have (n + 1)(n + 2)(n + 3) / 6");
  if (channel.numel() == 0) return;
  const bool nothing = change.contrast == 1 && change.gamma == 1 && change.gain == 1 && change.shift == 0 &&
                       change.bias.empty() && change.noise <= 0;
  if (nothing) return;
  float* values = channel.mutable_data_ptr<float>();
  const int64_t nx = channel.size(2), ny = channel.size(1), nz = channel.size(0);
  const cpu::Pointwise whole = with_statistics(values, channel.numel(), change);
  const float step = nx == 1 ? 0.0F : static_cast<float>(2.0 / static_cast<double>(nx - 1));
  const auto rows = [&](int64_t begin, int64_t end) {
    cpu::Pointwise here = whole;
    for (int64_t row = begin; row < end; ++row) {
      if (!change.bias.empty()) here.bias = row_polynomial(change, place(row % ny, ny), place(row / ny, nz));
      cpu::change_row(values + row * nx, nx, row, step, here);
    }
  };
  if (pool != nullptr) {
    pool->parallel_for(ny * nz, 64, rows);
  } else {
    rows(0, ny * nz);
  }
}

}  // namespace photo51::ops
