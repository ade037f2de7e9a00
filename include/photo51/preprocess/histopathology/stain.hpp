#pragma once
/// Colors of haematoxylin and eosin brought to a common look, and varied for training. Pictures are RGB,
/// uint8 (0..255) or float32 (0..1), [3, H, W] or [N, 3, H, W]; results have their type and shape.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "photo51/config/fields.hpp"
#include "photo51/core/sample_key.hpp"

namespace photo51::preprocess {

enum class StainMethod { none, macenko, reinhard };
std::span<const std::string_view> enum_names(StainMethod);

struct StainOptions {
  StainMethod method = StainMethod::none;
  std::filesystem::path reference;  ///< a picture whose look is the target; empty = the built-in one
  double light = 240;               ///< macenko: intensity of glass, 0..255
  double percentile = 1;            ///< macenko: of the angles, from either end
  double min_density = 0.15;        ///< macenko: pixels with less in any channel are glass
};
void describe(config::Fields& f, StainOptions& o);

/// How a slide is stained.
struct StainProfile {
  /// macenko: optical density (natural logarithm) of red, green, blue: haematoxylin, then eosin; unit length.
  std::array<double, 6> stains{};
  std::array<double, 2> strength{};           ///< macenko: 99th percentile of their concentrations
  std::array<double, 3> mean{}, deviation{};  ///< reinhard: L*, a*, b*
};

/// The target: of `options.reference`, or the built-in one. Macenko's is that of the authors' program;
/// Reinhard's is 1024 x 1024 pixels at (600, 900) of Aperio's public CMU-1-Small-Region.svs.
StainProfile target_stain(const StainOptions& options);
/// Over all pixels of all `pictures` together. Macenko et al., ISBI 2009: the plane of the two largest
/// principal directions of the optical densities ln(light / (I + 1)), its extreme angles, least squares.
/// Reinhard et al., IEEE CG&A 2001, in CIELAB (D65). Error (data): fewer than 16 stained pixels, or only one
/// stain.
StainProfile measure_stain(const at::Tensor& pictures, const StainOptions& options);
/// Pictures stained as `from` as if they were stained as `to`.
at::Tensor normalize_stain(const at::Tensor& pictures, const StainProfile& from, const StainProfile& to,
                           const StainOptions& options);

/// Haematoxylin, eosin and DAB by Ruifrok and Johnston's matrix (2001), float32; scaled by 1 / -ln(1e-6), as
/// scikit-image does, which also sets negative amounts to 0.
at::Tensor rgb_to_hed(const at::Tensor& pictures);
/// Back to RGB, float32 0..1.
at::Tensor hed_to_rgb(const at::Tensor& hed);

/// Random change of the amount of each stain (Tellez et al., 2018): amount * scale + shift.
struct HedOptions {
  double probability = 0.8;
  double scale = 0.05;  ///< factor uniform in 1 ± this
  double shift = 0.01;  ///< added, uniform in ±; the amounts of a stained pixel are about 0.1
};
void describe(config::Fields& f, HedOptions& o);
struct HedJitter {
  std::array<double, 3> scale{1, 1, 1}, shift{0, 0, 0};  ///< haematoxylin, eosin, DAB

  bool operator==(const HedJitter&) const = default;
};
/// The same numbers for the same key and case, whatever ran before.
HedJitter sample_hed(const HedOptions& options, const core::SampleKey& key, const std::string& case_id);
/// Negative amounts are kept, so that a jitter of nothing changes nothing.
at::Tensor jitter_hed(const at::Tensor& pictures, const HedJitter& jitter);

}  // namespace photo51::preprocess
