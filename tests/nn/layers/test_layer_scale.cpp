#include "photo51/nn/layers/layer_scale.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {
namespace {

TEST(LayerScale, MultipliesEachChannelWhateverAxisItIs) {
  const at::Tensor values = at::tensor({2.F, 3.F, 5.F}).requires_grad_();
  const at::Tensor x = at::randn({2, 3, 4, 3});
  EXPECT_TRUE(at::equal(LayerScale(values, 1).forward(x), x * values.view({3, 1, 1})));
  EXPECT_TRUE(at::equal(LayerScale(values, -1).forward(x), x * values));
  EXPECT_TRUE(at::equal(LayerScale(values.view({3, 1, 1}), 1).forward(x), x * values.view({3, 1, 1})));
}

TEST(LayerScale, ReportsWhatItMade) {
  const at::Tensor values = at::tensor({2.F, 3.F}).requires_grad_();
  const LayerScale layer(values, -1);
  const Capture capture(layer, {.filter = {}, .inputs = true});
  const at::Tensor x = at::randn({4, 2}), probe = at::randn({4, 2});
  (layer.forward(x) * probe).sum().backward();
  EXPECT_TRUE(at::equal(capture.activations("")[0], x * values));
  EXPECT_TRUE(at::allclose(values.grad(), (capture.gradients("")[0] * capture.inputs("")[0]).sum(0)));
}

}  // namespace
}  // namespace photo51::nn
