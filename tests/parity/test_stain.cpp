#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/nn/weights/weights.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

class Torchstain : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
    const auto wsi = test::shared_data() / "wsi";
    if (python == nullptr || !std::filesystem::exists(wsi)) return;
    const test::TemporaryFolder folder;
    const std::string command = std::string(python) + " " + test::source_dir().string() +
                                "/tests/parity/stain.py " + (wsi / "CMU-1-Small-Region.svs").string() + " " +
                                (wsi / "CRC-VAL-HE-7K-NORM-TCGA-YLVCMEHK.tif").string() + " " +
                                folder.path().string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    results_ = nn::read_safetensors(folder / "torchstain.safetensors").tensors;
  }
  void SetUp() override {
    if (results_.empty()) GTEST_SKIP() << "needs PHOTO51_PEERS_PYTHON with the peers, and the shared slides";
  }
  static at::Tensor tile(const std::string& name) { return results_.at(name + ".tile").to(at::kByte); }
  static std::string other() { return GetParam() == "cmu" ? "crc" : "cmu"; }

  /// torchstain cuts to whole numbers, we round: nearly all pixels agree within 1.
  static void expect_same(const std::string& name, const at::Tensor& ours) {
    const at::Tensor gap = (ours.to(at::kFloat) - results_.at(name).to(at::kFloat)).abs();
    EXPECT_LE(gap.mean().item<double>(), 0.55) << name;
    EXPECT_LT((gap > 1.5).to(at::kFloat).mean().item<double>(), 1e-3) << name;
    EXPECT_LE(gap.max().item<double>(), 3) << name;
  }

  static inline std::map<std::string, at::Tensor> results_;
};

TEST_P(Torchstain, Macenko) {
  StainOptions options;
  options.method = StainMethod::macenko;
  const StainProfile found = measure_stain(tile(GetParam()), options);
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_NEAR(found.stains[static_cast<size_t>(i)],
                results_.at(GetParam() + ".stains").flatten()[i].item<double>(), 1e-3);
  for (int64_t i = 0; i < 2; ++i)
    EXPECT_NEAR(found.strength[static_cast<size_t>(i)],
                results_.at(GetParam() + ".strength")[i].item<double>(), 5e-3);
  expect_same(GetParam() + ".macenko",
              normalize_stain(tile(GetParam()), found, target_stain(options), options));
  expect_same(GetParam() + ".macenko_fitted",
              normalize_stain(tile(other()), measure_stain(tile(other()), options), found, options));
}

TEST_P(Torchstain, Reinhard) {
  StainOptions options;
  options.method = StainMethod::reinhard;
  const StainProfile found = measure_stain(tile(GetParam()), options);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(found.mean[static_cast<size_t>(i)], results_.at(GetParam() + ".mean")[i].item<double>(),
                1e-2);
    EXPECT_NEAR(found.deviation[static_cast<size_t>(i)],
                results_.at(GetParam() + ".deviation")[i].item<double>(), 1e-2);
  }
  expect_same(GetParam() + ".reinhard_fitted",
              normalize_stain(tile(other()), measure_stain(tile(other()), options), found, options));
}

INSTANTIATE_TEST_SUITE_P(Tiles, Torchstain, testing::Values("cmu", "crc"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace photo51::preprocess
