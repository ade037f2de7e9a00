#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/nn/weights/weights.hpp"
#include "photo51/ops/intensity.hpp"
#include "photo51/ops/resample.hpp"
#include "photo51/preprocess/augment/artefacts.hpp"
#include "photo51/preprocess/geometry/registration.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

/// The peers' results with given parameters, made once for all tests.
class AugmentPeers : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    if (python == nullptr) return;
    folder_ = std::make_unique<test::TemporaryFolder>();
    const auto& folder = *folder_;
    const std::string script = test::source_dir().string() + "/tests/parity/augment.py";
    const std::string command = std::string(python) + " " + script + " " + folder.path().string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    results_ = nn::read_safetensors(folder / "augment.safetensors").tensors;
  }
  static void TearDownTestSuite() {
    folder_.reset();
    results_.clear();
  }
  void SetUp() override {
    if (results_.empty()) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  }

  static at::Tensor image() { return results_.at("image").clone(); }
  static void expect_same(const std::string& name, const at::Tensor& values, double tolerance) {
    const auto& expected = results_.at(name);
    ASSERT_EQ(values.sizes(), expected.sizes()) << name;
    EXPECT_LT((values - expected).abs().max().item<double>(), tolerance) << name;
    if (values.sizes() != results_.at("image").sizes()) return;
    EXPECT_GT((expected - results_.at("image")).abs().max().item<double>(), 100 * tolerance) << name;
  }
  static std::vector<double> numbers(const std::string& name) {
    const auto values = results_.at(name).to(at::kDouble).flatten();
    return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
  }

  static inline std::unique_ptr<test::TemporaryFolder> folder_;
  static inline std::map<std::string, at::Tensor> results_;
};

TEST_F(AugmentPeers, MonaiBiasField) {
  auto values = image();
  ops::change_intensities(values, {.bias = numbers("bias.powers"), .bias_order = 3});
  expect_same("bias", values, 1e-4);
}

TEST_F(AugmentPeers, MonaiAdjustContrast) {
  auto values = image();
  ops::change_intensities(values, {.gamma = 1.6});
  expect_same("gamma", values, 1e-5);
}

TEST_F(AugmentPeers, MonaiSimulateLowResolution) {
  auto values = image();
  simulate_low_resolution(values, 0.6);
  expect_same("low_resolution", values, 1e-5);
}

TEST_F(AugmentPeers, TorchioBlur) {
  auto values = image();
  blur(values, {1, 1.5, 2.2}, 1.7);
  expect_same("blur", values, 1e-5);
}

TEST_F(AugmentPeers, TorchioGhosting) {
  for (size_t axis = 0; axis < 3; ++axis) {
    auto values = image();
    add_ghosts(values, {.ghosts = 4 + static_cast<int64_t>(axis), .axis = axis, .intensity = 0.8});
    expect_same("ghosting." + std::to_string(axis), values, 1e-4);
  }
}

TEST_F(AugmentPeers, TorchioSpike) {
  auto values = image();
  add_spikes(values, {{{0.3, 0.7, 0.55}, {0.52, 0.1, 0.9}}, 0.4});
  expect_same("spike", values, 1e-4);
}

/// TorchIO gives where a voxel reads, we where content goes: the inverse pose.
TEST_F(AugmentPeers, TorchioMotion) {
  auto values = image();
  const double angle = 12 * M_PI / 180, c = std::cos(angle), s = std::sin(angle);
  // Content goes by R' (p - t): turned by +12 degrees about z, moved by -R' t.
  const std::array<double, 3> move{-(c * 2 - s * -1), -(s * 2 + c * -1), -3};
  add_motion(values, {1, 1.2, 1.5}, {{0.35, 0.8}, {{-8, 0, 0}, {0, 0, 12}}, {{0, 0, 0}, move}});
  expect_same("motion", values, 5e-4);
}

TEST_F(AugmentPeers, ScipyCubicSpline) {
  const auto turn = numbers("turn"), offset = numbers("offset");
  ops::AffineMap map;  // SciPy's z, y, x to x, y, z
  for (size_t i = 0; i < 3; ++i) {
    map.offset[i] = offset[2 - i];
    for (size_t j = 0; j < 3; ++j) map.matrix[3 * i + j] = turn[3 * (2 - i) + (2 - j)];
  }
  ops::ResampleOptions options;
  options.interpolation = ops::Interpolation::cubic;
  options.padding_value = -1.5;
  options.padding = ops::Padding::surround;
  expect_same("cubic.surround", ops::resample(image(), map, {25, 22, 18}, options), 2e-5);
  options.padding = ops::Padding::border;
  expect_same("cubic.border", ops::resample(image(), map, {25, 22, 18}, options) * results_.at("inside"),
              2e-5);
}

TEST_F(AugmentPeers, TorchGridSampleThroughAnElasticGrid) {
  ops::DisplacementGrid grid;
  grid.points = {7, 7, 7};
  const auto control = results_.at("control").flatten();
  grid.values.assign(control.const_data_ptr<float>(), control.const_data_ptr<float>() + control.numel());
  ops::ResampleOptions options;
  options.displacement = &grid;
  for (const auto& [interpolation, mode] :
       {std::pair{ops::Interpolation::linear, "bilinear"}, std::pair{ops::Interpolation::nearest, "nearest"}})
    for (const auto& [padding, edge] :
         {std::pair{ops::Padding::surround, "zeros"}, std::pair{ops::Padding::border, "border"}}) {
      options.interpolation = interpolation;
      options.padding = padding;
      expect_same(std::string("elastic.") + mode + "." + edge,
                  ops::resample(image(), {}, {25, 22, 18}, options), 5e-5);
    }
}

TEST_F(AugmentPeers, SimpleItkTransforms) {
  for (const std::string name :
       {"affine", "euler", "euler_zyx", "versor", "similarity", "translation", "composite"}) {
    const auto map = read_registration(*folder_ / (name + ".tfm"));
    const auto points = numbers("points"), expected = numbers("points." + name);
    for (size_t p = 0; p < points.size(); p += 3)
      for (size_t i = 0; i < 3; ++i) {
        const double* row = map.matrix.data() + 3 * i;
        EXPECT_NEAR(row[0] * points[p] + row[1] * points[p + 1] + row[2] * points[p + 2] + map.offset[i],
                    expected[p + i], 1e-4)
            << name;
      }
  }
}

TEST_F(AugmentPeers, TorchvisionColors) {
  auto picture = results_.at("picture").unsqueeze(1).clone();
  change_colors(picture, {.brightness = 1.2, .contrast = 0.7, .saturation = 1.5, .hue = 0.17});
  expect_same("colors", picture.squeeze(1), 2e-5);
}

}  // namespace
}  // namespace photo51::preprocess
