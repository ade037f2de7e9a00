#include "photo51/backbones/overview.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/named_network.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

EncoderOverview overview_of(const std::string& name) {
  for (const auto& row : overview())
    if (row.name == name) return row;
  ADD_FAILURE() << "no row of " << name;
  return {};
}

TEST(Overview, CountsTheParametersOfDefaultNetworks) {
  // Stages of 8, 16, 32 and 64 channels: a 3-wide convolution without bias, and two numbers a channel.
  const auto conv_net = overview_of("conv_net");
  EXPECT_EQ(conv_net.parameters_2d, 9 * (3 * 8 + 8 * 16 + 16 * 32 + 32 * 64) + 2 * (8 + 16 + 32 + 64));
  EXPECT_EQ(conv_net.parameters_3d, 27 * (1 * 8 + 8 * 16 + 16 * 32 + 32 * 64) + 2 * (8 + 16 + 32 + 64));
  EXPECT_EQ(overview_of("resnet").parameters_2d, 11'689'512 - 1000 * 513);  // torchvision's, less its `fc`
  EXPECT_EQ(short_count(24'648), "24.6 k");
  EXPECT_EQ(short_count(11'176'512), "11.2 M");
}

TEST(Overview, NamesLibrariesOnce) {
  const auto vit = overview_of("vit");
  EXPECT_THAT(vit.dialects, Contains("torchvision 0.12"));
  EXPECT_THAT(vit.libraries, ElementsAre("torchvision", "timm", "DINOv2", "MONAI"));
  EXPECT_EQ(vit.facts.source, "Dosovitskiy et al. 2021, arXiv 2010.11929");
}

TEST(Overview, EncodersThatAreNoNetworkOrTakeNoSuchImagesHaveNoCount) {
  static const bool once = [] {
    const BuildEncoder::Encode no_encoder = [](const config::Choice&, const InputShape&) {
      return std::shared_ptr<Encoder>();
    };
    const BuildEncoder::Network volumes_only = [](const config::Choice&, const InputShape& shape, int64_t) {
      if (shape.dims == 2) core::fail_usage("volumes only");
      return default_network("conv_net", shape);
    };
    image_encoders().add(config::component<>("encoder_alone", "a test"), no_encoder);
    image_encoders().add(config::component<>("volumes_only", "a test"), {no_encoder, volumes_only});
    return true;
  }();
  ASSERT_TRUE(once);
  const auto alone = overview_of("encoder_alone"), volumes = overview_of("volumes_only");
  EXPECT_FALSE(alone.parameters_2d || alone.parameters_3d);
  EXPECT_THAT(alone.dialects, IsEmpty());
  EXPECT_FALSE(volumes.parameters_2d);
  EXPECT_EQ(volumes.parameters_3d, overview_of("conv_net").parameters_3d);
  EXPECT_THAT(volumes.libraries, ElementsAre("photo51"));
  EXPECT_EQ(default_network("no_such_row", usual_shape(2, 3)), nullptr);
}

/// `photo51 weights forward NAME source=LIBRARY`.
TEST(Overview, DefaultsOfOtherLibrariesAreOptions) {
  const InputShape shape = usual_shape(2, 3);
  size_t libraries = 0;
  for (const auto& row : overview())
    for (const auto& defaults : row.facts.defaults) {
      const auto weights = nn::state_of(*default_network(row.name, shape));
      EXPECT_NO_THROW(build_named({row.name, {"source=" + defaults.library}}, shape, weights, "a file"))
          << row.name << " of " << defaults.library;
      ++libraries;
    }
  EXPECT_GE(libraries, 4U);
}

/// A library that has the architecture and is installed beside the tests (tests/parity/requirements.txt) is
/// compared with.
TEST(Overview, WhoseWeightsLoadIsComparedWith) {
  const std::set<std::string> peers{"torchvision", "timm", "MONAI"};
  size_t networks = 0;
  for (const auto& row : overview()) {
    const std::set<std::string> takes(row.libraries.begin(), row.libraries.end());
    const std::set<std::string> compared(row.facts.parity.begin(), row.facts.parity.end());
    std::set<std::string> expected;
    std::ranges::set_intersection(takes, peers, std::inserter(expected, expected.end()));
    EXPECT_EQ(compared, expected) << row.name;
    if (compared.empty()) continue;
    EXPECT_FALSE(row.facts.source.empty()) << row.name;
    EXPECT_TRUE(row.parameters_2d && row.parameters_3d) << row.name;
    ++networks;
  }
  EXPECT_GE(networks, 14U);
}

}  // namespace
}  // namespace photo51::backbones
