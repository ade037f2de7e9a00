#include "photo51/nn/layers/layer.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/adapters/lora.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/embedding.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/learned_position.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/prefix_token.hpp"
#include "photo51/nn/layers/self_attention.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Layers with an adapter among them, and where asked two parameters that belong to none.
struct Tree : torch::nn::Module {
  explicit Tree(bool raw) {
    auto block = register_module("block", std::make_shared<torch::nn::Module>());
    auto linear = block->register_module("linear", std::make_shared<Linear>(4, 4));
    linear->set_adapter(std::make_shared<LinearLora>(*linear));
    block->register_module("attention", std::make_shared<SelfAttention>(4, 2, 0));
    block->register_module("norm", std::make_shared<LayerNorm>(4));
    register_module("token",
                    std::make_shared<PrefixToken>(register_parameter("token", at::zeros({1, 1, 4}))));
    if (!raw) return;
    register_parameter("scale", at::ones({4}));
    block->register_parameter("table", at::ones({4}));
  }
};

TEST(Layer, ParametersOutsideOfLayersAreNamed) {
  EXPECT_THAT(unseen_parameters(Tree(false)), IsEmpty());
  EXPECT_NO_THROW(require_seen_parameters(Tree(false), "this"));
  EXPECT_THAT(unseen_parameters(Tree(true)), ElementsAre("scale", "block.table"));
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] { require_seen_parameters(Tree(true), "clipping of gradients a case"); }),
              HasSubstr("clipping of gradients a case needs to see what every parameter does, and these are "
                        "outside of layers: scale, block.table; use another component"));
}

TEST(Layer, TheRootMayBeOne) {
  EXPECT_THAT(unseen_parameters(Linear(2, 2)), IsEmpty());
}

TEST(Layer, AnOuterParameterKeepsItsNameAndFollowsTheModule) {
  Tree tree(false);
  EXPECT_TRUE(state_of(tree).contains("token"));
  EXPECT_FALSE(state_of(tree).contains("token.token"));
  tree.to(at::kDouble);
  EXPECT_THAT(unseen_parameters(tree), IsEmpty());
  load_state(tree, {{"token", at::full({1, 1, 4}, 3.0, at::kDouble)}}, "file",
             {.strict = false, .share = true});
  const auto* token = dynamic_cast<PrefixToken*>(tree.named_children()["token"].get());
  ASSERT_NE(token, nullptr);
  const at::Tensor y = token->forward(at::zeros({2, 1, 4}, at::kDouble));
  EXPECT_TRUE(at::equal(y.select(1, 0), at::full({2, 4}, 3.0, at::kDouble)));
}

/// What such a layer does and reports, with the gradient from which a case's part follows.
TEST(Layer, TokensPositionsAndEmbeddings) {
  const auto parameter = [](at::IntArrayRef sizes) { return at::randn(sizes).requires_grad_(); };
  const at::Tensor tokens = at::randn({2, 3, 4}), probe = at::randn({2, 5, 4});
  {
    const at::Tensor values = parameter({1, 2, 4});
    const PrefixToken layer(values);
    const Capture capture(layer);
    const at::Tensor y = layer.forward(tokens);
    EXPECT_TRUE(at::equal(y, at::cat({values.expand({2, 2, 4}), tokens}, 1)));
    (y * probe).sum().backward();
    EXPECT_TRUE(at::allclose(values.grad(), capture.gradients("")[0].slice(1, 0, 2).sum(0, true)));
  }
  {
    const at::Tensor values = parameter({1, 3, 4});
    const LearnedPosition layer(values);
    const Capture capture(layer);
    const at::Tensor y = layer.forward(tokens);
    EXPECT_TRUE(at::equal(y, tokens + values));
    (y * probe.slice(1, 2)).sum().backward();
    EXPECT_TRUE(at::allclose(values.grad(), capture.gradients("")[0].sum(0, true)));
  }
  {
    const at::Tensor values = parameter({2, 4}), numbers = at::tensor({1, 0, 1}, at::kLong);
    const Embedding layer(values);
    const Capture capture(layer, {.filter = {}, .inputs = true});
    const at::Tensor y = layer.forward(numbers);
    EXPECT_TRUE(at::equal(y, at::stack({values[1], values[0], values[1]})));
    EXPECT_TRUE(at::equal(capture.inputs("")[0], numbers));
    (y * probe[0].slice(0, 2)).sum().backward();
    EXPECT_TRUE(at::allclose(values.grad()[0], capture.gradients("")[0][1]));
  }
}

}  // namespace
}  // namespace photo51::nn
