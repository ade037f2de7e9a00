#include "photo51/radiomics/voxelwise/voxelwise.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "parity/peer.hpp"
#include "photo51/config/read.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

/// Where theirs is undefined by chance of rounding: the root of an eigenvalue or of an information that is 0.
constexpr double kZero = 1e-6;

class Voxelwise : public test::PeerSuite<Voxelwise> {
 public:
  static constexpr const char* kScript = "voxelwise.py";

 protected:
  /// Compares maps by the settings of each line with the peer's, where it has numbers.
  static void compare(const std::filesystem::path& files, const std::vector<std::string>& variants);
};

TEST_F(Voxelwise, AgreesWithPyRadiomics) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(peer_->ask({folder.path().string()}));
  const auto peers = nn::read_safetensors(folder / "peers.safetensors", nn::Values::any).tensors;
  const auto image = imaging::read_volume(folder / "image.nii.gz");
  const auto mask = imaging::read_volume(folder / "mask.nii.gz");
  const auto inside = mask.data[0].ne(0);
  const Settings settings = profile("pyradiomics");
  int compared = 0;
  for (const bool masked : {true, false}) {
    for (const int64_t radius : {1, 2}) {
      for (const FeatureMap& map : voxelwise(image, mask, settings, {.radius = radius, .masked = masked})) {
        const auto key = std::to_string(radius) + (masked ? ".masked." : ".all.") + map.name;
        const auto peer = peers.find(key);
        if (peer == peers.end()) continue;
        // PyRadiomics gives up on the MCC when any cube lacks pairs in one direction.
        if (masked && map.name.ends_with("MCC")) continue;
        ++compared;
        const auto offset = image.geometry.to_index(map.map.geometry.origin);
        at::Tensor wanted = peer->second, region = inside;
        for (int axis = 0; axis < 3; ++axis) {
          const auto first = std::llround(offset[2 - axis]);
          wanted = wanted.narrow(axis, first, map.map.data.size(axis + 1));
          region = region.narrow(axis, first, map.map.data.size(axis + 1));
        }
        const auto ours = map.map.data[0].to(at::kDouble);
        EXPECT_TRUE(ours.masked_select(region.logical_not()).isnan().all().item<bool>()) << key;
        // Theirs is NaN also where one direction of many has no pairs (JointAverage), or by rounding.
        const auto known = region.logical_and(wanted.isnan().logical_not());
        EXPECT_GT(known.sum().item<int64_t>(), region.sum().item<int64_t>() / 3) << key;
        const auto off = (ours - wanted).abs() / wanted.abs().clamp_min(1e-3);
        EXPECT_LT(off.masked_select(known).max().item<double>(),
                  key.ends_with("MCC") || key.ends_with("Imc2") ? 1e-3 : kZero)
            << key;
      }
    }
  }
  EXPECT_EQ(compared, 2 * (92 + 77));
}

void Voxelwise::compare(const std::filesystem::path& files, const std::vector<std::string>& variants) {
  const test::TemporaryFolder folder;
  {
    std::ofstream file(folder / "variants");
    for (const std::string& variant : variants) file << variant << "\n";
  }
  const std::string image_file = (files / "i.nii.gz").string(), mask_file = (files / "m.nii.gz").string();
  ASSERT_TRUE(peer_->ask({folder.path().string(), image_file, mask_file}));
  const auto peers = nn::read_safetensors(folder / "peers.safetensors", nn::Values::any).tensors;
  const auto image = imaging::read_volume(image_file, {.keep_double = true});
  const auto mask = imaging::read_volume(mask_file);
  size_t compared = 0;
  for (size_t i = 0; i < variants.size(); ++i) {
    config::Node document;
    if (variants[i].starts_with("{")) {
      const config::Node given = config::parse_yaml(variants[i], "variant");
      config::Node file = config::Node::map(), setting = config::Node::map(), voxels = config::Node::map();
      for (const auto& [key, value] : given.entries)
        (key == "kernelRadius" || key == "maskedKernel" || key == "initValue" ? voxels : setting)
            .set(key, value);
      file.set("setting", setting);
      file.set("voxelSetting", voxels);
      std::vector<std::string> warnings;
      document = from_parameter_file(file, warnings);
    } else {
      std::vector<std::string> warnings;
      document = load_settings(variants[i], warnings);
    }
    Settings settings;
    VoxelwiseOptions options;
    config::read(*document.find("voxelwise"), options);
    document.erase("voxelwise");
    config::read(document, settings);
    for (const FeatureMap& map : voxelwise(image, mask, settings, options)) {
      const auto key = std::to_string(i) + "." + map.name;
      const auto peer = peers.find(key);
      ASSERT_NE(peer, peers.end()) << key;
      ++compared;
      if (map.name.ends_with("MCC")) continue;
      const auto offset = image.geometry.to_index(map.map.geometry.origin);
      at::Tensor wanted = peer->second;
      for (int axis = 0; axis < 3; ++axis)
        wanted = wanted.narrow(axis, std::llround(offset[2 - axis]), map.map.data.size(axis + 1));
      const auto ours = map.map.data[0].to(at::kDouble);
      const auto known = wanted.isnan().logical_not();
      ASSERT_GT(known.sum().item<int64_t>(), 0) << key;
      const auto off = (ours - wanted).abs() / wanted.abs().clamp_min(1e-3);
      if (map.name.ends_with("glcm_Correlation") &&
          variants[i].find("symmetricalGLCM") != std::string::npos) {
        // Where one side of a matrix has one level, theirs is 1 or about 0 by chance of rounding.
        EXPECT_LT(off.masked_select(known).gt(1e-5).to(at::kFloat).mean().item<double>(), 0.1) << variants[i];
        continue;
      }
      EXPECT_LT(off.masked_select(known).max().item<double>(), map.name.ends_with("Imc2") ? 1e-3 : 1e-5)
          << map.name << " with " << variants[i];
    }
  }
  EXPECT_EQ(compared, peers.size());
}

TEST_F(Voxelwise, AgreesWithPyRadiomicsWhateverTheSettings) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/voxelwise");
  compare(
      test::shared_cases() / "radiomics" / "voxelwise",
      {R"({"binWidth": 10})", R"({"binWidth": 10, "force2D": true, "kernelRadius": 2})",
       R"({"binWidth": 10, "force2D": true, "force2Ddimension": 2})",
       R"({"binWidth": 10, "distances": [2], "kernelRadius": 2})",
       R"({"binWidth": 10, "distances": [1, 2], "force2D": true, "force2Ddimension": 1, "kernelRadius": 2})",
       R"({"binWidth": 10, "gldm_a": 1})", R"({"binWidth": 10, "weightingNorm": "euclidean"})",
       R"({"binWidth": 10, "weightingNorm": "no_weighting"})",
       R"({"binWidth": 10, "symmetricalGLCM": false})", R"({"binWidth": 10, "voxelArrayShift": 1000})",
       R"({"binCount": 4})", R"({"normalize": true, "normalizeScale": 100, "binWidth": 20, "initValue": -1})",
       R"({"binWidth": 10, "resegmentRange": [-1, 1], "resegmentMode": "sigma"})",
       R"({"binWidth": 10, "maskedKernel": false})"});
}

TEST_F(Voxelwise, AgreesWithPyRadiomicsOnAParameterFile) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/params");
  const auto files = test::shared_cases() / "radiomics" / "params";
  compare(files, {(files / "voxel.yaml").string()});
}

}  // namespace
}  // namespace photo51::radiomics
