#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>

#include "photo51/config/read.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/radiomics/features.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

/// Settings that both sides read, by the names that PyRadiomics has for them.
const std::vector<std::string> kVariants{
    R"({})",
    R"({"binCount": 32, "resampledPixelSpacing": [3, 3, 3]})",
    R"({"interpolator": "sitkLinear", "resampledPixelSpacing": [1.5, 1.5, 0], "binWidth": 10})",
    R"({"normalize": true, "normalizeScale": 100, "removeOutliers": 3, "binWidth": 10, "voxelArrayShift": 300})",
    R"({"resegmentRange": [-1, 2], "resegmentMode": "sigma", "resegmentShape": true, "gldm_a": 1})",
    R"({"resegmentRange": [0.5], "resegmentMode": "relative", "distances": [2], "binWidth": 10})",
    R"({"symmetricalGLCM": false, "distances": [1, 2], "binWidth": 5})",
    R"({"weightingNorm": "euclidean", "binWidth": 10})",
    R"({"weightingNorm": "manhattan", "resampledPixelSpacing": [2, 2, 2], "binWidth": 10})",
    R"({"weightingNorm": "infinity", "symmetricalGLCM": false, "resampledPixelSpacing": [2, 2, 2]})",
    R"({"force2D": true, "binWidth": 5})",
    R"({"force2D": true, "force2Ddimension": 1, "binWidth": 10, "weightingNorm": "euclidean"})"};

TEST(Radiomics, AgreesWithPyRadiomics) {
  PHOTO51_NEEDS_SHARED_DATA("lgg/images");
  const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  const auto images = test::shared_data() / "lgg" / "images";
  const test::TemporaryFolder folder;
  {
    std::ofstream variants(folder / "variants");
    for (const std::string& variant : kVariants) variants << variant << "\n";
  }
  std::string command = std::string(python) + " " + test::source_dir().string() +
                        "/tests/parity/pyradiomics.py " + folder.path().string();
  const std::vector<std::string> cases{"TCGA-CS-4941", "TCGA-CS-4944", "TCGA-DU-5855", "TCGA-FG-A60K"};
  for (const std::string& name : cases) command += " " + (images / name).string();
  ASSERT_EQ(std::system((command + " > " + (folder / "log").string() + " 2>&1").c_str()), 0);

  std::map<std::string, std::map<std::string, double>> found;  // by case and variant, by name
  for (const std::string& name : cases) {
    const auto image = imaging::read_volume(images / name / "flair.nii.gz");
    const auto mask = imaging::read_volume(images / name / "seg.nii.gz");
    for (size_t i = 0; i < kVariants.size(); ++i) {
      Settings settings;
      config::read(config::parse_yaml("{profile: pyradiomics, pyradiomics: " + kVariants[i] + "}", "variant"),
                   settings);
      for (const Feature& feature : extract(image, mask, settings))
        found[name + " " + std::to_string(i)][feature.name] = feature.value;
    }
  }
  const core::Table peer = core::read_table(folder / "found.csv");
  for (const auto& row : peer.rows) {
    const auto& mine = found.at(row[0] + " " + row[1]);
    ASSERT_TRUE(mine.contains(row[2])) << row[2] << " is missing";
    const double wanted = std::stod(row[3]);
    EXPECT_NEAR(mine.at(row[2]), wanted, 1e-5 * std::abs(wanted) + 1e-12)
        << row[2] << " of " << row[0] << " with " << kVariants[std::stoul(row[1])];
  }
  EXPECT_EQ(peer.rows.size(), cases.size() * kVariants.size() * 107);
}

}  // namespace
}  // namespace photo51::radiomics
