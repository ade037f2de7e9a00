#include <torch/nn/module.h>

#include <cstdlib>
#include <functional>
#include <ostream>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/cnn/efficientnet_lite.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

struct Peer {
  std::string name;
  std::function<std::shared_ptr<Backbone>()> make;

  friend void PrintTo(const Peer& peer, std::ostream* out) { *out << peer.name; }
};

Peer resnet(const std::string& name, int64_t depth, int64_t dims) {
  ResNetOptions options;
  options.depth = depth;
  options.stem_stride = dims == 3 ? 1 : 2;
  options.downsample_bias = dims == 3;
  return {name,
          [=] { return make_resnet(options, {.channels = dims == 3 ? 2 : 3, .dims = dims, .size = {}}, 7); }};
}

Peer vit() {
  const VitOptions options{.patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .mlp_dim = 48};
  return {"torchvision_vit", [=] {
            return make_vit(options, {.channels = 3, .dims = 2, .size = {32, 32}}, 7);
          }};
}

Peer efficientnet_lite0(const std::string& name) {
  EfficientNetLiteOptions options;
  if (name.starts_with("timm_tf")) {
    options.padding = "same";
    options.norm_epsilon = 1e-3;
  }
  return {name, [=] { return make_efficientnet_lite0(options, {.channels = 3, .dims = 2, .size = {}}, 7); }};
}

class Networks : public ::testing::TestWithParam<Peer> {
 protected:
  void SetUp() override {
    if (std::getenv("PHOTO51_PEERS_PYTHON") == nullptr)
      GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  }
  int python(const std::string& command) {
    const std::string script = test::source_dir().string() + "/tests/parity/networks.py";
    return std::system((std::string(std::getenv("PHOTO51_PEERS_PYTHON")) + " " + script + " " + command +
                        " " + GetParam().name + " " + (folder_ / "w.safetensors").string())
                           .c_str());
  }
  test::TemporaryFolder folder_;
};

TEST_P(Networks, TakeThePeersWeightsAndGiveItsOutput) {
  ASSERT_EQ(python("export"), 0);
  nn::TensorFile file = nn::read_safetensors(folder_ / "w.safetensors");
  const at::Tensor image = file.tensors.at("input"), expected = file.tensors.at("output");
  file.tensors.erase("input");
  file.tensors.erase("output");
  auto network = GetParam().make();
  nn::load_state(*network, file.tensors, "the peer");  // strict: every name and shape
  network->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor output = network->logits(image);
  EXPECT_TRUE(at::allclose(output, expected, 1e-3, 1e-4)) << (output - expected).abs().max().item<double>();
}

TEST_P(Networks, GiveWeightsThatThePeerTakes) {
  at::manual_seed(2);
  auto network = GetParam().make();
  network->eval();
  const at::NoGradGuard no_grad;
  const bool volume = GetParam().name.starts_with("monai");
  const at::Tensor image = volume ? at::randn({1, 2, 16, 32, 32}) : at::randn({2, 3, 32, 32});
  nn::Tensors tensors = nn::state_of(*network);
  tensors["input"] = image;
  tensors["output"] = network->logits(image);
  nn::write_safetensors(folder_ / "w.safetensors", tensors);
  EXPECT_EQ(python("check"), 0);
}

INSTANTIATE_TEST_SUITE_P(Peers, Networks,
                         ::testing::Values(resnet("torchvision_resnet18", 18, 2),
                                           resnet("torchvision_resnet34", 34, 2),
                                           resnet("torchvision_resnet50", 50, 2),
                                           resnet("monai_resnet18", 18, 3), resnet("monai_resnet50", 50, 3),
                                           vit(), efficientnet_lite0("timm_efficientnet_lite0"),
                                           efficientnet_lite0("timm_tf_efficientnet_lite0")),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace photo51::backbones
