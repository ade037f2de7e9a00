#include "photo51/preprocess/histopathology/stain.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "preprocess/histopathology/optical_density.hpp"
#include "preprocess/histopathology/stain_methods.hpp"

namespace photo51::preprocess {
namespace {

/// Rows: haematoxylin, eosin, DAB; columns: red, green, blue (Ruifrok and Johnston 2001).
at::Tensor stain_rows() {
  return at::tensor({0.65, 0.70, 0.29, 0.07, 0.99, 0.11, 0.27, 0.57, 0.78}, at::kDouble).view({3, 3});
}
const double kScale = -std::log(1e-6);

at::Tensor mix(const at::Tensor& matrix, const at::Tensor& planes) {
  return at::matmul(matrix.to(at::kFloat), planes);
}

void check(const StainOptions& options) {
  if (options.method != StainMethod::macenko && options.method != StainMethod::reinhard)
    core::fail_usage("stains are measured by macenko or reinhard, not `" + config::name_of(options.method) +
                     "`");
}

}  // namespace

std::span<const std::string_view> enum_names(StainMethod) {
  static constexpr std::array<std::string_view, 3> names{"none", "macenko", "reinhard"};
  return names;
}

void describe(config::Fields& f, StainOptions& o) {
  f("method", o.method,
    "colors of a slide brought to those of a reference: macenko separates the two stains, reinhard matches "
    "mean "
    "and deviation in CIELAB");
  f("reference", o.reference, "picture of stained tissue whose look is the target; empty = the built-in one");
  f("light", o.light, "macenko: intensity of glass", {.min = 1, .max = 255});
  f("percentile", o.percentile, "macenko: of the stains' angles, counted from either end",
    {.min = 0, .max = 49, .unit = "%"});
  f("min_density", o.min_density, "macenko: pixels with a smaller optical density in any channel are glass",
    {.min = 0, .max = 2});
}

void describe(config::Fields& f, HedOptions& o) {
  f("probability", o.probability, "of changing the amounts of stain", {.min = 0, .max = 1});
  f("scale", o.scale, "factor of the amount of each stain, uniform in 1 ± this", {.min = 0, .max = 1});
  f("shift", o.shift, "added to the amount of each stain (about 0.1 in stained pixels), uniform in ±",
    {.min = 0, .max = 1});
}

StainProfile target_stain(const StainOptions& options) {
  check(options);
  if (options.reference.empty())
    return options.method == StainMethod::macenko ? macenko_reference() : reinhard_reference();
  return core::with_context(options.reference.string(), [&] {
    return measure_stain(imaging::thumbnail(imaging::open_slide(options.reference), 4096), options);
  });
}

StainProfile measure_stain(const at::Tensor& pictures, const StainOptions& options) {
  check(options);
  return options.method == StainMethod::macenko ? measure_macenko(pictures, options)
                                                : measure_reinhard(pictures);
}

at::Tensor normalize_stain(const at::Tensor& pictures, const StainProfile& from, const StainProfile& to,
                           const StainOptions& options) {
  check(options);
  return options.method == StainMethod::macenko ? normalize_macenko(pictures, from, to, options)
                                                : normalize_reinhard(pictures, from, to);
}

at::Tensor rgb_to_hed(const at::Tensor& pictures) {
  // A density d of the three colors is the amounts times the rows, so the amounts are d times the inverse.
  const at::Tensor density = densities(as_planes(pictures), {});
  return (mix(at::inverse(stain_rows()).t(), density) / kScale).clamp_min(0).view(pictures.sizes());
}

at::Tensor hed_to_rgb(const at::Tensor& hed) {
  if (hed.scalar_type() != at::kFloat) core::fail_usage("amounts of stain are float32");
  const at::Tensor density = mix(stain_rows().t(), as_planes(hed)) * kScale;
  return (-density).exp().clamp(0, 1).view(hed.sizes());
}

HedJitter sample_hed(const HedOptions& options, const core::SampleKey& key, const std::string& case_id) {
  core::Random random({static_cast<uint64_t>(key.seed), static_cast<uint64_t>(key.epoch),
                       core::hash_key(case_id), static_cast<uint64_t>(key.view), core::hash_key("hed")});
  HedJitter jitter;
  if (!random.chance(options.probability)) return jitter;
  for (size_t i = 0; i < 3; ++i) {
    jitter.scale[i] = random.uniform(1 - options.scale, 1 + options.scale);
    jitter.shift[i] = random.uniform(-options.shift, options.shift);
  }
  return jitter;
}

at::Tensor jitter_hed(const at::Tensor& pictures, const HedJitter& jitter) {
  const at::Tensor rows = stain_rows();
  const at::Tensor scale = at::tensor({jitter.scale[0], jitter.scale[1], jitter.scale[2]}, at::kDouble);
  const at::Tensor shift = at::tensor({jitter.shift[0], jitter.shift[1], jitter.shift[2]}, at::kDouble);
  const at::Tensor map = rows.t().matmul(at::diag(scale)).matmul(at::inverse(rows).t()).contiguous();
  const at::Tensor added = (rows.t().matmul(shift) * kScale).contiguous();
  Matrix3 entries;
  std::array<double, 3> offset{};
  std::copy_n(map.const_data_ptr<double>(), 9, entries.begin());
  std::copy_n(added.const_data_ptr<double>(), 3, offset.begin());
  return map_densities(pictures, {}, entries, offset);
}

}  // namespace photo51::preprocess
