// How intensities are normalised: by modality and what was measured, or as nnU-Net's plans say.
#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "radiomics/region/moments.hpp"
#include "training/plan/normalize_section.hpp"

namespace photo51::training {
namespace {

constexpr size_t most_cases_of_window = 40;

std::vector<double> pooled(const data::PlannedImage& input) {
  std::vector<double> values;
  for (const auto& channel : input.channels)
    for (const auto& facts : channel.facts)
      values.insert(values.end(), facts.sample.begin(), facts.sample.end());
  return values;
}

/// Of the voxels in the mask, where it lies on the image's grid.
std::vector<double> in_mask(const data::PlannedImage& input, const std::vector<data::PlannedMask>& masks) {
  std::vector<double> values;
  size_t cases = 0;
  for (const auto& mask : masks) {
    if (mask.column != input.mask) continue;
    for (const auto& facts : input.channels.front().facts)
      for (const auto& region : mask.facts) {
        if (region.row != facts.row || cases == most_cases_of_window) continue;
        const auto inside = data::sample_within(facts, region);
        values.insert(values.end(), inside.begin(), inside.end());
        cases += inside.empty() ? 0 : 1;
      }
  }
  return values;
}

PlannedNormalize window_of(std::vector<double> values, const std::string& where, const std::string& unit) {
  const auto at = radiomics::percentiles(std::move(values), {0.5, 99.5});
  const double high = at[1] > at[0] ? at[1] : at[0] + 1;
  return {"{method: window, window: " + yaml_list(std::vector<double>{at[0], high}, 5) + "}",
          "the 0.5th and 99.5th percentile of " + where + unit};
}

PlannedNormalize window_of_ct(const data::PlannedImage& input, const std::vector<data::PlannedMask>& masks) {
  auto values = in_mask(input, masks);
  if (!values.empty()) return window_of(std::move(values), "the voxels in `" + input.mask + "`", ", in HU");
  values = pooled(input);
  std::erase_if(values, [](double hu) { return hu < -500; });
  if (values.empty())
    return {"{method: window, window: [-160, 240]}", "soft tissue; no voxel is above -500 HU"};
  return window_of(std::move(values), "the voxels above -500 HU", "");
}

bool is_in_suv_or_activity(const data::PlannedImage& input) {
  for (const auto& facts : input.channels.front().facts)
    if (facts.units != imaging::Units::becquerel_per_ml && facts.units != imaging::Units::suv) return false;
  return true;
}

}  // namespace

bool needs_stored_suv(const data::PlannedImage& input) {
  return input.modality == "pet" && !is_in_suv_or_activity(input);
}

PlannedNormalize normalize_of(const data::PlannedImage& input, const std::vector<data::PlannedMask>& masks,
                              bool within_nonzero) {
  const auto& modality = input.modality;
  if (modality == "ct") return window_of_ct(input, masks);
  if (modality == "pet") {
    if (!needs_stored_suv(input)) return {"{method: window, window: [0, 10]}", "SUV"};
    auto values = pooled(input);
    if (!values.empty())
      return window_of(std::move(values), "all voxels that are not 0", ", as stored: the files say no unit");
  }
  if (modality == "mammography")
    return {"{method: percentile, percentiles: [1, 99.8], region: all}", "mammograms have no unit"};
  if (modality == "histopathology")
    return {"{method: fixed, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], full_scale: 255}",
            "8-bit color to -1…1"};
  if (modality == "ultrasound" || !within_nonzero)
    return {"{method: zscore, region: all}", "intensities have no unit"};
  return {"{method: zscore, region: foreground}", "intensities have no unit, and the background is 0"};
}

PlannedNormalize normalize_of(const NnunetPlans& plans) {
  const NnunetNormalization& first = plans.channels.front();
  const std::string why = "as the plans have it (" + first.scheme + ")";
  const bool one = std::all_of(plans.channels.begin(), plans.channels.end(),
                               [&](const auto& other) { return other.scheme == first.scheme; });
  if (!one)
    core::fail_data(
        "normalization_schemes: the plans name several for one network, and an input has one; plan "
        "its channels as inputs of their own");
  if (first.scheme == "ZScoreNormalization")
    return {std::string("{method: zscore, region: ") + (first.within_nonzero ? "foreground}" : "all}"), why};
  if (first.scheme == "CTNormalization") {
    if (!first.percentiles)
      core::fail_data(
          "foreground_intensity_properties_per_channel: has no percentile_00_5 and percentile_99_5 "
          "for CTNormalization; plan again with nnUNetv2_plan_experiment");
    return {"{method: window, window: " +
                yaml_list(std::vector<double>{(*first.percentiles)[0], (*first.percentiles)[1]}) + "}",
            why + ": clipped alike, and then 0 to 1 where theirs has mean 0"};
  }
  if (first.scheme == "NoNormalization") return {"none", why};
  if (first.scheme == "RescaleTo01Normalization")
    return {"{method: percentile, percentiles: [0, 100], region: all}", why};
  if (first.scheme == "RGBTo01Normalization")
    return {"{method: fixed, mean: [0], std: [1], full_scale: 255}", why};
  core::fail_data("normalization_schemes: `" + first.scheme + "` is not known" +
                  core::suggest(first.scheme, {"ZScoreNormalization", "CTNormalization", "NoNormalization",
                                               "RescaleTo01Normalization", "RGBTo01Normalization"}));
}

}  // namespace photo51::training
