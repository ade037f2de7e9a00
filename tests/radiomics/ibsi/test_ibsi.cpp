// Every value of the image biomarker standardisation initiative for the digital phantom and the CT phantom.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

/// ct_A is the profile ibsi_ct_a.
std::string profile_of(const std::string& config) {
  if (config == "digital_phantom") return "ibsi_digital";
  return "ibsi_ct_" + std::string(1, static_cast<char>(std::tolower(config.back())));
}

/// By tag.
const std::map<std::string, Feature>& features_of(const std::string& config) {
  static std::map<std::string, std::map<std::string, Feature>> known;
  const auto [at, fresh] = known.try_emplace(config);
  if (!fresh) return at->second;
  const bool digital = config == "digital_phantom";
  const auto folder = photo51::test::shared_data() / "radiomics" / (digital ? "ibsi1_digital" : "ibsi1_ct");
  const auto image = imaging::read_volume(folder / "image.nii.gz");
  const auto mask = imaging::read_volume(folder / "mask.nii.gz");
  for (const Feature& feature : extract(image, mask, profile(profile_of(config))))
    EXPECT_TRUE(at->second.emplace(feature.tag, feature).second) << feature.tag << " comes twice";
  return at->second;
}

double to_three_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", value);
  return std::strtod(text, nullptr);
}

using Case = std::tuple<const char*, const char*>;  ///< config, family
class Ibsi : public testing::TestWithParam<Case> {};

TEST_P(Ibsi, AgreesWithTheReferenceValues) {
  PHOTO51_NEEDS_SHARED_DATA("radiomics");
  const auto [config, family] = GetParam();
  const core::Table table =
      core::read_table(photo51::test::shared_data() / "radiomics" / "ibsi1_reference_values.csv");
  const auto cell = [&](size_t row, const char* column) { return table.rows[row][table.require(column)]; };
  const auto& features = features_of(config);
  int compared = 0;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const std::string tag = cell(row, "tag");
    // Sizes of masks are diagnostic wherever the table puts them.
    const std::string of = tag.starts_with("morph_mask_") ? "diagnostic" : cell(row, "family");
    if (cell(row, "config") != config || of != family) continue;
    const auto found = features.find(tag);
    if (found == features.end()) {
      ADD_FAILURE() << tag << " is missing";
      continue;
    }
    const Feature& feature = found->second;
    EXPECT_EQ(feature.family, family);
    EXPECT_EQ(feature.aggregation, cell(row, "aggregation")) << tag;
    EXPECT_TRUE(std::isfinite(feature.value)) << tag;
    ++compared;
    const std::string value = cell(row, "value"), tolerance = cell(row, "tolerance");
    if (value.empty() || tolerance.empty()) continue;
    const double wanted = std::stod(value), allowed = std::stod(tolerance);
    // Three digits, as the reference has; sizes and counts it gives in full.
    const double off =
        std::min(std::abs(to_three_digits(feature.value) - wanted), std::abs(feature.value - wanted));
    EXPECT_LE(off, allowed + 1e-9 * std::abs(wanted))
        << tag << " is " << feature.value << ", not " << wanted << " within " << allowed;
  }
  EXPECT_GT(compared, 0);
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}
const auto kFamilies =
    testing::Values("morphology", "local_intensity", "statistics", "intensity_histogram",
                    "intensity_volume_histogram", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm");
INSTANTIATE_TEST_SUITE_P(Digital, Ibsi, testing::Combine(testing::Values("digital_phantom"), kFamilies),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Ct, Ibsi, testing::Combine(testing::Values("ct_A", "ct_B", "ct_C"), kFamilies),
                         name_of);
INSTANTIATE_TEST_SUITE_P(CtSizes, Ibsi,
                         testing::Combine(testing::Values("ct_A", "ct_B", "ct_C"),
                                          testing::Values("diagnostic")),
                         name_of);

}  // namespace
}  // namespace photo51::radiomics
