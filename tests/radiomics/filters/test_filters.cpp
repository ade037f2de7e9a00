#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "photo51/config/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/filters/filter.hpp"
#include "radiomics/filters/filter.hpp"
#include "radiomics/filters/fourier.hpp"
#include "radiomics/filters/separable.hpp"
#include "radiomics/filters/wavelets.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Settings settings_from(const std::string& text) {
  Settings settings;
  config::read(config::parse_yaml(text, "test"), settings);
  return settings;
}

imaging::Volume noise(int64_t depth, int64_t height, int64_t width) {
  at::manual_seed(7);
  imaging::Geometry geometry;
  geometry.size = {width, height, depth};
  geometry.spacing = {1.5, 1.5, 2};
  return imaging::make_volume(at::randn({1, depth, height, width}), geometry);
}

at::Tensor map_of(const std::string& filter, const imaging::Volume& image) {
  return response_maps(image, settings_from("filters: [" + filter + "]")).front().second.data[0];
}

TEST(Filters, BeyondTheEdgeLiesWhatTheBoundarySays) {
  const auto row = [](Boundary boundary) {
    std::vector<int64_t> result;
    for (int64_t i = -4; i < 7; ++i) result.push_back(inside(i, 3, boundary));
    return result;
  };
  EXPECT_EQ(row(Boundary::zero), (std::vector<int64_t>{-1, -1, -1, -1, 0, 1, 2, -1, -1, -1, -1}));
  EXPECT_EQ(row(Boundary::nearest), (std::vector<int64_t>{0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2}));
  EXPECT_EQ(row(Boundary::periodic), (std::vector<int64_t>{2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0}));
  EXPECT_EQ(row(Boundary::mirror), (std::vector<int64_t>{2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0}));
}

TEST(Filters, WaveletsAreOrthonormal) {
  for (const std::string& name : wavelet_names()) {
    const std::vector<double>& low = wavelet_low_pass(name);
    const std::vector<double> high = wavelet_high_pass(low);
    double sum = 0, moment = 0;
    for (size_t i = 0; i < low.size(); ++i) {
      sum += low[i];
      moment += high[i];
    }
    EXPECT_NEAR(sum, std::sqrt(2), 1e-10) << name;
    EXPECT_NEAR(moment, 0, 1e-10) << name;
    for (size_t shift = 0; shift < low.size(); shift += 2) {
      double same = 0, mixed = 0;
      for (size_t i = shift; i < low.size(); ++i) {
        same += low[i] * low[i - shift];
        mixed += low[i] * high[i - shift];
      }
      EXPECT_NEAR(same, shift == 0 ? 1 : 0, 1e-8) << name << " " << shift;
      EXPECT_NEAR(mixed, 0, 1e-8) << name << " " << shift;
    }
  }
}

TEST(Filters, ThereAreTwentyFourRotationsOfThreeUnlikeKernels) {
  const Stage unlike{Kernel{1, 2, 3}, Kernel{1, 0, 5}, Kernel{2, 7, 1}};
  const std::vector<Chain> all = rotations({unlike}, false);
  EXPECT_EQ(std::set<Chain>(all.begin(), all.end()).size(), 24U);
  EXPECT_EQ(rotations({{Kernel{}, Kernel{1, 0, 5}, Kernel{2, 7, 1}}}, true).size(), 4U);
  const Kernel even{1, 2, 1};
  EXPECT_EQ(rotations({{even, even, even}}, false).size(), 1U);
}

TEST(Filters, RotationInvariantMapsTurnWithTheImage) {
  imaging::Volume image = noise(9, 9, 9);
  image.geometry.spacing = {1, 1, 1};
  imaging::Volume turned = image;
  turned.data = image.data.transpose(1, 3).flip(3).contiguous();
  for (const std::string filter :
       {"{name: laws, kernels: E5L5S5, rotation_invariant: true, pooling: max}",
        "{name: wavelet, family: db3, bands: LLH, level: 2, rotation_invariant: true}"}) {
    const auto wanted = map_of(filter, image).transpose(0, 2).flip(2);
    EXPECT_TRUE(at::allclose(map_of(filter, turned), wanted, 1e-5, 1e-5)) << filter;
  }
  const std::string plain = "{name: laws, kernels: E5L5S5}";
  EXPECT_FALSE(at::allclose(map_of(plain, turned), map_of(plain, image).transpose(0, 2).flip(2), 1e-2, 1e-2));
}

TEST(Filters, LaplacianOfAParabolaIsItsCurvature) {
  imaging::Volume image = noise(41, 41, 41);
  image.geometry.spacing = {1.5, 1.5, 1.5};
  const auto x = (at::arange(41) - 20).to(at::kFloat) * 1.5;
  image.data = (x * x).expand({1, 41, 41, 41}).contiguous();
  // The Laplacian of x² is 2 a mm², a squared voxel of 1.5 mm 4.5.
  const auto map = map_of("{name: log, sigma: 3, cutoff: 6}", image);
  EXPECT_NEAR(map[20][20][20].item<double>(), 4.5, 1e-3);
}

TEST(Filters, GaborAnswersToItsOwnWave) {
  imaging::Volume image = noise(1, 64, 64);
  const auto at_angle = [&](double degrees) {
    const double angle = degrees * M_PI / 180;
    const auto place = at::arange(64).to(at::kFloat) * 1.5;
    image.data =
        at::cos(2 * M_PI / 6 * (place.unsqueeze(0) * std::cos(angle) + place.unsqueeze(1) * std::sin(angle)))
            .view({1, 1, 64, 64});
    return map_of("{name: gabor, sigma: 6, wavelength: 6, gamma: 1, theta: 30}", image)[0][32][32]
        .item<double>();
  };
  EXPECT_GT(at_angle(30), 20 * at_angle(120));
  EXPECT_GT(at_angle(30), 20 * at_angle(-30));
}

TEST(Filters, RieszTransformsOfFirstOrderKeepTheEnergy) {
  const imaging::Volume image = noise(7, 9, 11);
  const Grid grid{{7, 9, 11}, {2, 1.5, 1.5}};
  const at::Tensor centred = (image.data - image.data.mean()).to(at::kDouble).contiguous();
  double energy = 0;
  for (const std::vector<int64_t>& orders :
       std::vector<std::vector<int64_t>>{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}) {
    std::vector<double> values(centred.data_ptr<double>(), centred.data_ptr<double>() + centred.numel());
    riesz_transform(values, grid, orders);
    for (const double value : values) energy += value * value;
  }
  EXPECT_NEAR(energy, centred.square().sum().item<double>(), 1e-8 * energy);
}

TEST(Filters, RieszOfAWaveIsItsSine) {
  imaging::Volume image = noise(1, 8, 32);
  const auto x = at::arange(32).to(at::kFloat) * (2 * M_PI / 4);
  image.data = at::cos(x).expand({1, 1, 8, 32}).contiguous();
  const std::string wavelet = "{name: isotropic_wavelet, dimensions: 2d, riesz: [1, 0]}";
  const auto map = map_of(wavelet, image)[0][3];
  const auto plain = map_of("{name: isotropic_wavelet, dimensions: 2d}", image)[0][3];
  EXPECT_TRUE(at::allclose(map, at::sin(x) * plain[0], 1e-4, 1e-4));
  EXPECT_GT(plain[0].item<double>(), 0.5);
}

/// Every filter, and what it does at each edge.
std::vector<std::string> all_filters() {
  std::vector<std::string> result;
  for (const std::string boundary : {"zero", "nearest", "periodic", "mirror"}) {
    for (const std::string filter :
         {"{name: mean, support: 5", "{name: log, sigma: 2", "{name: log, sigma: 2, riesz: [0, 1, 1]",
          "{name: laws, kernels: E5L5S5, rotation_invariant: true, energy: 2",
          "{name: gabor, sigma: 2, wavelength: 3, theta_step: 45, orthogonal_planes: true, pooling: max",
          "{name: wavelet, family: db2, bands: LHL, level: 2, rotation_invariant: true, pooling: min"})
      result.push_back(filter + std::string(", boundary: ") + boundary + "}");
  }
  result.emplace_back("{name: isotropic_wavelet, family: shannon}");
  return result;
}

TEST(Filters, APartOfTheResponseNeedsAPartOfTheImage) {
  const imaging::Volume image = noise(14, 18, 22);
  const Window window{{0, 7, 9}, {4, 12, 15}};
  for (const std::string& filter : all_filters()) {
    const auto map = map_of(filter, image);
    const auto made = make_filter(settings_from("filters: [" + filter + "]").filters.front());
    const Grid grid{{14, 18, 22}, {2, 1.5, 1.5}};
    const Window needed = made->needs(grid, window);
    at::Tensor cut = image.data[0];
    for (int axis = 0; axis < 3; ++axis) cut = cut.narrow(axis, needed.begin[axis], needed.length(axis));
    cut = cut.to(at::kDouble).contiguous();
    const Patch patch{grid, needed, {cut.data_ptr<double>(), cut.data_ptr<double>() + cut.numel()}};
    const std::vector<double> part = made->respond(patch, window);
    const auto wanted = map.slice(0, 0, 4).slice(1, 7, 12).slice(2, 9, 15).contiguous();
    for (size_t i = 0; i < part.size(); ++i)
      ASSERT_NEAR(part[i], wanted.data_ptr<float>()[i], 1e-5) << filter << " voxel " << i;
  }
}

TEST(Filters, LabelsSayWhatIsNotTheDefault) {
  const auto label = [](const std::string& filter) {
    return filter_label(settings_from("filters: [" + filter + "]").filters.front());
  };
  EXPECT_EQ(label("log"), "log");
  EXPECT_EQ(label("{name: log, sigma: 1.5}"), "log_sigma_1.5");
  EXPECT_EQ(label("{name: log, riesz: [1, 0, 0]}"), "log_riesz_1_0_0");
}

TEST(Filters, FeaturesOfMapsFollowThoseOfTheImage) {
  const imaging::Volume image = noise(8, 10, 12);
  imaging::Volume mask = image;
  mask.data = at::zeros({1, 8, 10, 12}, at::kByte);
  mask.data.slice(1, 2, 6).slice(2, 2, 8).slice(3, 3, 9).fill_(1);
  Settings settings =
      settings_from("{families: [statistics, morphology], filters: [{name: mean, support: 3}]}");
  const auto both = extract(image, mask, settings);
  settings.unfiltered = false;
  const auto maps = extract(image, mask, settings);
  ASSERT_EQ(maps.size(), 18U);
  EXPECT_EQ(maps.front().tag, "mean_support_3_" + both[both.size() - 18].tag.substr(15));
  for (size_t i = 0; i < maps.size(); ++i) {
    EXPECT_EQ(maps[i].family, "statistics");
    EXPECT_EQ(maps[i].value, both[both.size() - 18 + i].value);
  }
  const auto map = response_maps(image, settings).front().second.data;
  EXPECT_NEAR(maps.front().value, map.masked_select(mask.data.ne(0)).mean().item<double>(), 1e-6);
}

TEST(Filters, MapsLieOnTheResampledGrid) {
  const imaging::Volume image = noise(8, 10, 12);
  const auto map =
      response_maps(image, settings_from("{spacing: [1, 1, 1], filters: [mean]}")).front().second;
  EXPECT_EQ(map.data.sizes(), (std::vector<int64_t>{1, 16, 15, 18}));
  // Both grids have one centre.
  const auto centre = map.geometry.to_world({8.5, 7, 7.5});
  const auto wanted = image.geometry.to_world({5.5, 4.5, 3.5});
  for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(centre[axis], wanted[axis], 1e-9);
}

TEST(Filters, RefuseWhatTheyCannotBe) {
  const auto refuse = [](const std::string& filter, const std::string& word) {
    PHOTO51_EXPECT_ERROR(settings_from("filters: [" + filter + "]"), usage, HasSubstr(word));
  };
  refuse("{name: mean, support: 4}", "odd");
  refuse("{name: log, riesz: [1, 0]}", "riesz");
  refuse("{name: log, riesz: [0, 0, 0]}", "riesz");
  refuse("{name: laws, kernels: L5Q5E5}", "knows L5");
  refuse("{name: laws, kernels: L5E5}", "dimension");
  refuse("{name: wavelet, bands: LXH}", "bands");
  refuse("{name: wavelet, bands: LH}", "bands");
  refuse("{name: wavelet, family: db99}", "family");
  refuse("gabour", "gabor");
  PHOTO51_EXPECT_ERROR(settings_from("unfiltered: false"), usage, HasSubstr("filters"));
  imaging::Volume image = noise(4, 4, 4);
  image.data = at::cat({image.data, image.data});
  PHOTO51_EXPECT_ERROR(map_of("mean", image), data, HasSubstr("one channel"));
  image = noise(4, 4, 4);
  image.data[0][1][1][1] = std::nan("");
  PHOTO51_EXPECT_ERROR(map_of("mean", image), data, HasSubstr("finite"));
}

}  // namespace
}  // namespace photo51::radiomics
