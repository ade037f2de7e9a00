/// Layers that belong to no network with a peer, beside their peers: the state dict loads unchanged and gives
/// the output and the gradients. The peers' half of a row stands in layers.py.

#include <torch/nn/module.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>

#include "parity/peer.hpp"
#include "photo51/nn/layers/attention_gate.hpp"
#include "photo51/nn/layers/non_local.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::nn {
namespace {

struct LayerRow {
  std::string name;  ///< as in layers.py
  std::shared_ptr<Layer> layer;
  std::function<at::Tensor(const std::vector<at::Tensor>& inputs)> forward;
};

LayerRow gate_row(const std::string& name, int64_t dims) {
  const AttentionGate::Shape shape{.dims = dims, .gate = 4, .skip = 5, .inner = 3};
  const auto layer = std::make_shared<AttentionGate>(shape);
  return {name, layer, [layer](const auto& inputs) { return layer->forward(inputs[0], inputs[1]); }};
}

LayerRow non_local_row() {
  const auto layer = std::make_shared<NonLocal>(2, 6, 4);
  return {"non_local", layer, [layer](const auto& inputs) { return layer->forward(inputs[0]); }};
}

class Layers : public test::PeerSuite<Layers> {
 public:
  static constexpr const char* kScript = "layers.py";
};

double deviation_of(const at::Tensor& ours, const at::Tensor& theirs) {
  return ((ours - theirs).abs().max() / theirs.abs().max()).item<double>();
}

TEST_F(Layers, TakeThePeersWeightsAndGiveItsOutputAndGradients) {
  const test::TemporaryFolder folder;
  for (const LayerRow& row :
       {gate_row("attention_gate_2d", 2), gate_row("attention_gate_3d", 3), non_local_row()})
    for (const bool training : {false, true}) {
      SCOPED_TRACE(row.name + (training ? " in training" : ""));
      ASSERT_TRUE(peer_->ask({row.name, training ? "training" : "evaluation", folder.path().string()}));
      for (auto& [name, values] : state_of(*row.layer))  // Module::to would convert counts as well
        if (values.is_floating_point()) values.set_data(values.to(at::kDouble));
      row.layer->train(training);
      row.layer->zero_grad();
      load_weights(*row.layer, folder / "weights.safetensors");  // strict: every name and shape
      const Tensors values = read_safetensors(folder / "values.safetensors").tensors;
      std::vector<at::Tensor> inputs;
      while (values.contains("input" + std::to_string(inputs.size())))
        inputs.push_back(values.at("input" + std::to_string(inputs.size())).clone().requires_grad_());
      const at::Tensor output = row.forward(inputs);
      (output * values.at("probe")).sum().backward();
      EXPECT_LE(deviation_of(output, values.at("output")), 1e-9);
      for (size_t i = 0; i < inputs.size(); ++i)
        EXPECT_LE(deviation_of(inputs[i].grad(), values.at("gradient" + std::to_string(i))), 1e-9) << i;
      const Tensors gradients = read_safetensors(folder / "gradients.safetensors").tensors;
      for (const auto& parameter : row.layer->named_parameters()) {
        const at::Tensor& expected = gradients.at(parameter.key());
        // A bias before a norm over the batch has no gradient but rounding.
        EXPECT_LE((parameter.value().grad() - expected).abs().max().item<double>(),
                  1e-9 * std::max(1.0, expected.abs().max().item<double>()))
            << parameter.key();
      }
    }
}

}  // namespace
}  // namespace photo51::nn
