#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/imaging/read.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

/// MONAI's results, made once for all tests.
class Monai : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    if (python == nullptr) return;
    folder_ = std::make_unique<test::TemporaryFolder>();
    const std::string script = test::source_dir().string() + "/tests/parity/preprocess.py";
    const std::string command = std::string(python) + " " + script + " " + folder_->path().string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    results_ = nn::read_safetensors(*folder_ / "monai.safetensors").tensors;
  }
  static void TearDownTestSuite() {
    folder_.reset();
    results_.clear();
  }
  void SetUp() override {
    if (folder_ == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  }

  static Prepared ours(const PreprocessOptions& options, const Augmentation* augmentation = nullptr) {
    return prepare({imaging::read_volume(*folder_ / (GetParam() + ".nii.gz"))}, {}, false, options,
                   augmentation);
  }

  static void expect_values(const std::string& name, const at::Tensor& values, double tolerance) {
    const auto& expected = results_.at(GetParam() + "." + name);
    ASSERT_EQ(values.sizes(), expected.sizes()) << name;
    EXPECT_LT((values - expected).abs().max().item<double>(), tolerance) << name;
    EXPECT_GT(expected.std().item<double>(), 10 * tolerance) << "nothing to compare";
  }

  /// Same voxels at the same places.
  static void expect_same(const std::string& name, const PreprocessOptions& options, double tolerance) {
    const auto prepared = ours(options);
    expect_values(name, prepared.values, tolerance);
    const auto affine = results_.at(GetParam() + "." + name + ".affine");
    const auto& g = prepared.geometry;
    for (size_t i = 0; i < 3; ++i) {
      const double to_ras = i < 2 ? -1 : 1;
      const auto row = affine[static_cast<int64_t>(i)];
      EXPECT_NEAR(to_ras * g.origin[i], row[3].item<double>(), 1e-3) << name;
      for (size_t j = 0; j < 3; ++j)
        EXPECT_NEAR(to_ras * g.direction[3 * i + j] * g.spacing[j],
                    row[static_cast<int64_t>(j)].item<double>(), 1e-4)
            << name;
    }
  }

  static inline std::unique_ptr<test::TemporaryFolder> folder_;
  static inline std::map<std::string, at::Tensor> results_;
};

TEST_P(Monai, Orientation) {
  PreprocessOptions options;
  for (const char* codes : {"RAS", "LPS"}) {
    options.orientation = codes;
    expect_same(codes, options, 1e-3);
  }
}

TEST_P(Monai, Spacing) {
  PreprocessOptions options;
  options.orientation = "RAS";
  options.spacing = {1.5, 1.5, 1.5};
  expect_same("spacing", options, 0.05);
  options.orientation = "LPS";
  options.spacing = {0.7, 0.83, 1.3};
  expect_same("fine", options, 0.05);
}

TEST_P(Monai, CropForeground) {
  PreprocessOptions options;
  options.crop.around = CropAround::foreground;
  expect_same("crop", options, 1e-3);
}

TEST_P(Monai, NormalizeIntensity) {
  PreprocessOptions options;
  options.normalize.method = NormalizeMethod::zscore;
  options.normalize.region = NormalizeRegion::all;
  expect_same("zscore_all", options, 1e-4);
  options.normalize.region = NormalizeRegion::foreground;
  options.orientation = "RAS";
  options.spacing = {1.37, 1.37, 1.37};
  expect_same("zscore", options, 1e-3);
}

TEST_P(Monai, ScaleIntensityRange) {
  PreprocessOptions options;
  options.normalize.method = NormalizeMethod::window;
  options.normalize.window = {200, 900};
  expect_same("window", options, 1e-5);
  options.normalize.method = NormalizeMethod::percentile;
  options.normalize.region = NormalizeRegion::all;
  options.normalize.percentiles = {1, 99};
  expect_same("percentile", options, 1e-4);
}

TEST_P(Monai, FlipAndAffine) {
  const PreprocessOptions options;
  auto flipped = flips({Axis::x, Axis::z});
  expect_values("flip", ours(options, &flipped).values, 1e-3);
  Augmentation turned;
  turned.affine = true;
  turned.rotate = {10, -20, 30};
  turned.scale = 1.2;
  // MONAI moves by voxels, we by millimetres; and about unit voxels, so the spacing is taken away.
  turned.translate = {3, -2, 1};
  const auto plain = ours(options);
  auto unit = plain.geometry;
  unit.spacing = {1, 1, 1};
  expect_values("affine", apply(plain.values, unit, turned, options), 0.05);
}

INSTANTIATE_TEST_SUITE_P(Scans, Monai, ::testing::Values("axial", "sagittal"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace photo51::preprocess
