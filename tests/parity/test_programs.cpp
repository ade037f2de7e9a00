/// Programs that Python has written, beside what they give there and beside our network with their weights.

#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "parity/peer.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/foreign/exported.hpp"
#include "photo51/backbones/foreign/torch_script.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

class ProgramFiles : public test::PeerSuite<ProgramFiles> {
 public:
  static constexpr const char* kScript = "programs.py";
};

double largest_share(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

TEST_F(ProgramFiles, GiveWhatTheyGiveInPython) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(peer_->ask({folder.path().string()}));
  const auto read = [&](const char* name) { return nn::read_safetensors(folder / name).tensors; };
  const auto stages = read("stages.safetensors"), gradients = read("gradients.safetensors");
  const auto weights = read("weights.safetensors");
  const at::Tensor image = stages.at("image");
  const InputShape shape{.image = true, .channels = 3, .dims = 2, .size = {64, 64}};
  const auto check = [&](Backbone& network, double most) {
    const at::NoGradGuard no_grad;
    network.eval();
    const Features found = network.features(image);
    ASSERT_EQ(found.stages.size(), 4U);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_LE(largest_share(found.stages[i], stages.at("layer" + std::to_string(i + 1))), most) << i;
  };
  ResNetOptions resnet;
  resnet.depth = 18;
  const auto ours = make_resnet(resnet, shape);
  nn::load_pretrained(*ours, folder / "weights.safetensors", ours->dialects());
  check(*ours, 1e-4);

  ExportedOptions exported;
  exported.file = folder / "exported.pt2";
  check(*make_exported(exported, shape), 1e-6);
  for (const char* file : {"script.pt", "trace.pt"}) {
    TorchScriptOptions options;
    options.file = folder / file;
    const auto network = make_torch_script(options, shape);
    const auto state = nn::state_of(*network);
    EXPECT_EQ(state.size(), weights.size()) << file;
    for (const auto& [name, values] : weights) {
      ASSERT_TRUE(state.contains(name)) << file << " " << name;
      EXPECT_TRUE(at::equal(state.at(name), values)) << file << " " << name;
    }
    check(*network, 1e-6);
  }

  TorchScriptOptions options;
  options.file = folder / "script.pt";
  const auto network = make_torch_script(options, shape);
  const at::Tensor leaf = image.clone().requires_grad_();
  network->features(leaf).stages.back().square().sum().backward();
  EXPECT_LE(largest_share(leaf.grad(), gradients.at("image")), 1e-4);
  const auto parameters = network->named_parameters();
  EXPECT_EQ(parameters.size() + 1, gradients.size());
  for (const auto& parameter : parameters)
    EXPECT_LE(largest_share(parameter.value().grad(), gradients.at(parameter.key())), 1e-4)
        << parameter.key();
}

}  // namespace
}  // namespace photo51::backbones
