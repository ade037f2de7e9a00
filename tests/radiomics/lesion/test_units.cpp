#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::radiomics {
namespace {

using ::testing::HasSubstr;

/// A cube of 12 x 12 x 12 voxels of 2 mm in a grid of 20; `value` of z, y, x in the lesion.
struct Cube {
  imaging::Volume image, mask;
  explicit Cube(const std::function<double(int64_t, int64_t, int64_t)>& value) {
    image.data = at::full({1, 20, 20, 20}, -7, at::kFloat);
    mask.data = at::zeros({1, 20, 20, 20}, at::kFloat);
    auto voxels = image.data.accessor<float, 4>();
    for (int64_t z = 4; z < 16; ++z)
      for (int64_t y = 4; y < 16; ++y)
        for (int64_t x = 4; x < 16; ++x) {
          voxels[0][z][y][x] = static_cast<float>(value(z, y, x));
          mask.data[0][z][y][x] = 1;
        }
    image.geometry.size = {20, 20, 20};
    image.geometry.spacing = {2, 2, 2};
    mask.geometry = image.geometry;
    image.channels = {"pet"};
  }
  std::map<std::string, double> descriptors(const std::vector<bool>& present = {true}) const {
    const auto names = lesion_descriptor_names({"pet"}, Reference::none);
    const auto values = lesion_descriptors(image, present, mask, Reference::none);
    EXPECT_EQ(names.size(), values.size());
    std::map<std::string, double> named;
    for (size_t i = 0; i < names.size(); ++i) named[names[i]] = values[i];
    return named;
  }
};

TEST(LesionUnits, KeepTheImagesUnits) {
  const auto flat = Cube([](int64_t, int64_t, int64_t) { return 5.0; }).descriptors();
  for (const std::string name : {"mean", "p10", "median", "p90", "max"})
    EXPECT_DOUBLE_EQ(flat.at("pet_" + name), 5) << name;
  EXPECT_DOUBLE_EQ(flat.at("pet_deviation"), 0);
  EXPECT_DOUBLE_EQ(flat.at("pet_rim"), 0);
  EXPECT_NEAR(flat.at("shape_log_volume"), std::log(12 * 12 * 12 * 8 / 1000.0), 1e-9);
  EXPECT_FALSE(flat.contains("shape_log_head_fraction"));
  EXPECT_FALSE(flat.contains("location_left"));
  // The ball of 1 ml (6.2 mm) fits into the cube.
  EXPECT_NEAR(flat.at("pet_peak"), 5, 1e-9);
}

TEST(LesionUnits, PeakIsLessThanOneHotVoxel) {
  const auto hot = Cube([](int64_t z, int64_t y, int64_t x) {
                     return z == 10 && y == 10 && x == 10 ? 105.0 : 5.0;
                   }).descriptors();
  EXPECT_DOUBLE_EQ(hot.at("pet_max"), 105);
  // Of 2 mm voxels, those within 3.1 voxels of the centre: 1 + 6 + 12 + 8 + 6 + 24 + 24 + 12 + 30 = 123.
  EXPECT_NEAR(hot.at("pet_peak"), 5 + 100.0 / 123, 1e-6);
}

TEST(LesionUnits, GradientAndRim) {
  const auto ramp = Cube([](int64_t, int64_t, int64_t x) { return static_cast<double>(x); }).descriptors();
  EXPECT_NEAR(ramp.at("pet_mean"), 9.5, 1e-6);
  EXPECT_NEAR(ramp.at("pet_deviation"), std::sqrt(143.0 / 12), 1e-6);
  EXPECT_NEAR(ramp.at("pet_skewness"), 0, 1e-6);
  // Inside, 1 a voxel of 2 mm; the outline's voxels see the jump to -7 as well.
  EXPECT_GT(ramp.at("pet_gradient"), 0.5);
  const auto shell = Cube([](int64_t z, int64_t y, int64_t x) {
                       const bool core = z > 5 && z < 14 && y > 5 && y < 14 && x > 5 && x < 14;
                       return core ? 1.0 : 4.0;
                     }).descriptors();
  // The inner two fifths of 1728 voxels, 691.2, are the 512 of the core and a part of the layer around it.
  EXPECT_NEAR(shell.at("pet_rim"), 4 - (512 * 1 + 179.2 * 4) / 691.2, 1e-6);
}

TEST(LesionUnits, AnAbsentChannelIsUnknown) {
  const auto none = Cube([](int64_t, int64_t, int64_t) { return 5.0; }).descriptors({false});
  EXPECT_TRUE(std::isnan(none.at("pet_max")));
  EXPECT_FALSE(std::isnan(none.at("shape_sphericity")));
}

}  // namespace
}  // namespace photo51::radiomics
