#include "photo51/radiomics/voxelwise.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "photo51/backbones/weights.hpp"
#include "photo51/imaging/read.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiomics {
namespace {

/// Where theirs is undefined by chance of rounding: the root of an eigenvalue or of an information that is 0.
constexpr double kZero = 1e-6;

TEST(Voxelwise, AgreesWithPyRadiomics) {
  const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  const test::TemporaryFolder folder;
  const std::string script = test::source_dir().string() + "/tests/parity/voxelwise.py";
  ASSERT_EQ(std::system((std::string(python) + " " + script + " " + folder.path().string()).c_str()), 0);
  const auto peers = backbones::read_safetensors(folder / "peers.safetensors").tensors;
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

}  // namespace
}  // namespace photo51::radiomics
