#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/imaging/read.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/preprocess/intensity/histogram.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

/// What SimpleITK and TorchIO make of the same scans, made once for all tests.
class Intensities : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    if (python == nullptr) return;
    folder_ = std::make_unique<test::TemporaryFolder>();
    const std::string script = test::source_dir().string() + "/tests/parity/intensities.py";
    ASSERT_EQ(std::system((std::string(python) + " " + script + " " + folder_->path().string()).c_str()), 0);
    results_ = nn::read_safetensors(*folder_ / "peers.safetensors").tensors;
  }
  static void TearDownTestSuite() {
    folder_.reset();
    results_.clear();
  }
  void SetUp() override {
    if (folder_ == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  }
  static Prepared ours(const std::string& name, const PreprocessOptions& options) {
    return prepare({imaging::read_volume(*folder_ / (name + ".nii.gz"))}, {}, false, options);
  }

  static inline std::unique_ptr<test::TemporaryFolder> folder_;
  static inline std::map<std::string, at::Tensor> results_;
};

TEST_F(Intensities, N4AgreesWithSimpleITK) {
  PreprocessOptions options;
  options.orientation = "none";
  const auto plain = ours("n4", options).values[0];
  options.bias_field_correction.method = BiasMethod::n4;
  options.bias_field_correction.region = BiasRegion::foreground;
  for (const auto& [shrink, iterations] :
       {std::pair<int64_t, std::vector<int64_t>>{2, {20, 20}}, {4, {50, 50, 50, 50}}}) {
    options.bias_field_correction.shrink = shrink;
    options.bias_field_correction.iterations = iterations;
    const auto& expected = results_.at("n4.shrink_" + std::to_string(shrink));
    const auto values = ours("n4", options).values[0];
    ASSERT_EQ(values.sizes(), expected.sizes());
    const auto head = plain > 0;
    const auto relative = ((values - expected) / expected).masked_select(head).abs();
    EXPECT_LT(relative.max().item<double>(), 1e-3) << "shrink " << shrink;
    // There was a field to take out.
    EXPECT_GT(((plain - expected) / expected).masked_select(head).abs().mean().item<double>(), 0.05);
  }
}

TEST_F(Intensities, HistogramStandardisationAgreesWithTorchIO) {
  PreprocessOptions options;
  options.orientation = "none";
  options.normalize.method = NormalizeMethod::histogram;
  options.normalize.percentiles = {1, 99};
  for (const NormalizeRegion region : {NormalizeRegion::all, NormalizeRegion::foreground}) {
    options.normalize.region = region;
    std::vector<Prepared> scans;
    std::vector<std::vector<double>> landmarks;
    for (int i = 0; i < 3; ++i) {
      scans.push_back(ours("scan_" + std::to_string(i), options));
      landmarks.push_back(scans.back().landmarks.at(0));
    }
    const auto learned = mean_landmarks(landmarks);
    for (int i = 0; i < 3; ++i) {
      auto values = scans[static_cast<size_t>(i)].values[0];
      const auto scan = imaging::read_volume(*folder_ / ("scan_" + std::to_string(i) + ".nii.gz")).data[0];
      from_landmark_scale(values, learned);
      const auto& expected = results_.at("scan_" + std::to_string(i) + "." + config::name_of(region));
      ASSERT_EQ(values.sizes(), expected.sizes());
      // Theirs goes from 0 to 100, and maps the background too.
      const auto compared = region == NormalizeRegion::all ? at::ones_like(scan, at::kBool) : scan > 0;
      const auto difference = (100 * values - expected).masked_select(compared).abs();
      EXPECT_LT(difference.max().item<double>(), 2e-3) << config::name_of(region) << " " << i;
      EXPECT_GT(expected.masked_select(compared).std().item<double>(), 1);
    }
  }
}

}  // namespace
}  // namespace photo51::preprocess
