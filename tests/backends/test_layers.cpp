/// Every layer of nn/layers.

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "backends/agree.hpp"
#include "photo51/config/enums.hpp"
#include "photo51/nn/adapters/lora.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/attention_gate.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/cbam.hpp"
#include "photo51/nn/layers/channel_dropout.hpp"
#include "photo51/nn/layers/continuous_position_bias.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/drop_path.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/embedding.hpp"
#include "photo51/nn/layers/global_response_norm.hpp"
#include "photo51/nn/layers/group_norm.hpp"
#include "photo51/nn/layers/instance_norm.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/layer_scale.hpp"
#include "photo51/nn/layers/learned_position.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/mixture_of_experts.hpp"
#include "photo51/nn/layers/non_local.hpp"
#include "photo51/nn/layers/norm.hpp"
#include "photo51/nn/layers/norms.hpp"
#include "photo51/nn/layers/perceptron.hpp"
#include "photo51/nn/layers/prefix_token.hpp"
#include "photo51/nn/layers/relative_position_bias.hpp"
#include "photo51/nn/layers/rotary.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"
#include "photo51/nn/layers/self_attention.hpp"
#include "photo51/nn/layers/sincos_position.hpp"
#include "photo51/nn/layers/squeeze_excitation.hpp"
#include "photo51/nn/layers/window_attention.hpp"
#include "support/source_dir.hpp"

namespace photo51::test {
namespace {

/// A function that `make_shared`s a layer of these arguments.
template <class Layer, class... Arguments>
auto maker(Arguments... arguments) {
  return [arguments...] { return std::make_shared<Layer>(arguments...); };
}

/// A layer whose parameter the module around it has registered.
template <class Layer>
class Outer : public torch::nn::Module {
 public:
  template <class... Arguments>
  explicit Outer(const std::vector<int64_t>& sizes, Arguments... arguments)
      : layer(register_module(
            "layer", std::make_shared<Layer>(register_parameter("values", at::zeros(sizes)), arguments...))) {
  }
  template <class... Inputs>
  at::Tensor forward(const Inputs&... inputs) {
    return layer->forward(inputs...);
  }
  std::shared_ptr<Layer> layer;
};

/// Of layers of two inputs.
const auto forward_two = [](auto& layer, const Tensors& in) { return Tensors{layer.forward(in[0], in[1])}; };
/// Of layers of parameters alone.
const auto forward_none = [](auto& layer, const Tensors&) { return Tensors{layer.forward()}; };
/// While a Capture records it, so that fused operators take their other way.
const auto forward_seen = [](auto& layer, const Tensors& in) {
  const nn::Capture capture(layer);
  return Tensors{layer.forward(in[0])};
};

BackendCase only_evaluated(BackendCase of) {
  of.random_in_training = true;
  return of;
}

using Cases = std::vector<BackendCase>;

void add_convolutions(Cases& cases) {
  const auto add = [&](const std::string& variant, std::vector<int64_t> sizes, const nn::ConvShape& shape) {
    cases.push_back(case_of("conv", variant, {std::move(sizes)}, maker<nn::Conv>(shape)));
  };
  add("1D", {2, 4, 9}, {.dims = 1, .in = 4, .out = 6, .bias = true});
  add("2D", {2, 4, 7, 6}, {.dims = 2, .in = 4, .out = 6, .bias = true});
  add("3D", {2, 4, 5, 6, 7}, {.dims = 3, .in = 4, .out = 6, .bias = true});
  add("1 x 1", {2, 4, 7, 6}, {.dims = 2, .in = 4, .out = 6, .kernel = 1});
  add("depthwise", {2, 4, 7, 6}, {.dims = 2, .in = 4, .out = 4, .kernel = 5, .groups = 4});
  add("depthwise 3D", {2, 4, 5, 6, 7}, {.dims = 3, .in = 4, .out = 4, .groups = 4, .bias = true});
  add("groups, stride, dilation", {2, 4, 9, 9},
      {.dims = 2, .in = 4, .out = 6, .stride = 2, .dilation = 2, .groups = 2});
  add("per axis", {2, 4, 3, 8, 8}, {.dims = 3, .in = 4, .out = 6, .kernel = {1, 3, 3}, .stride = {1, 2, 2}});
  add("same", {2, 4, 7, 6}, {.dims = 2, .in = 4, .out = 6, .stride = 2, .same = true});
  add("transposed", {2, 4, 4, 5},
      {.dims = 2, .in = 4, .out = 6, .stride = 2, .bias = true, .transposed = true, .output_padding = 1});
  add("transposed 3D, groups", {2, 4, 3, 4, 5},
      {.dims = 3, .in = 4, .out = 6, .kernel = 2, .stride = 2, .groups = 2, .transposed = true});
}

void add_adapters(Cases& cases) {
  const auto add = [&](const std::string& variant, std::vector<int64_t> sizes, auto make, auto lora) {
    cases.push_back(case_of("adapted_layer", variant, {std::move(sizes)}, [make, lora] {
      auto layer = make();
      layer->set_adapter(lora(*layer));
      return layer;
    }));
  };
  const auto matrices = [](const auto& layer) {
    return std::make_shared<nn::LinearLora>(layer, nn::LoraOptions{.rank = 2});
  };
  const auto convolutions = [](const auto& layer) {
    return std::make_shared<nn::ConvLora>(layer, nn::LoraOptions{.rank = 2});
  };
  add("linear", {3, 5}, maker<nn::Linear>(5, 4), matrices);
  add("self-attention", {2, 5, 8}, maker<nn::SelfAttention>(8, 2, 0.0), matrices);
  add("conv", {2, 4, 7, 6}, maker<nn::Conv>(nn::ConvShape{.dims = 2, .in = 4, .out = 6, .stride = 2}),
      convolutions);
  add("transposed conv", {2, 4, 3, 4, 5},
      maker<nn::Conv>(nn::ConvShape{.dims = 3, .in = 4, .out = 6, .kernel = 2, .transposed = true}),
      convolutions);
}

class ConvWithNorm : public torch::nn::Module {
 public:
  ConvWithNorm(const nn::ConvShape& shape, const std::string& norm)
      : conv_(register_module("conv", std::make_shared<nn::Conv>(shape))),
        norm_(register_module("norm", nn::make_norm(norm, shape.out))) {}
  at::Tensor forward(const at::Tensor& x, const nn::NormThen& then) {
    return nn::conv_norm(*conv_, *norm_, x, then);
  }

 private:
  std::shared_ptr<nn::Conv> conv_;
  std::shared_ptr<nn::Norm> norm_;
};

/// A norm with what follows it, in one pass where there is a kernel.
void add_fused_norms(Cases& cases) {
  const auto with_residual = [](nn::Norm& norm, const Tensors& in) -> Tensors {
    return {norm.forward(in.at(0), {.slope = 0.1, .residual = in.at(1)})};
  };
  const auto with_relu = [](nn::Norm& norm, const Tensors& in) -> Tensors {
    return {norm.forward(in.at(0), {.slope = 0})};
  };
  for (const auto& component : nn::norms().components()) {
    const auto make = [name = component.name](int64_t channels) {
      return [=] { return nn::make_norm(name, channels); };
    };
    cases.push_back(case_of("norm", component.name + ", residual", {{2, 24, 5, 4, 6}, {2, 24, 5, 4, 6}},
                            make(24), with_residual));
    cases.push_back(case_of("norm", component.name + ", ReLU", {{3, 12, 7, 8}}, make(12), with_relu));
    cases.push_back(case_of(
        "conv_norm", component.name, {{2, 6, 5, 4, 6}, {2, 12, 5, 4, 6}},
        [name = component.name] {
          return std::make_shared<ConvWithNorm>(nn::ConvShape{.dims = 3, .in = 6, .out = 12}, name);
        },
        [](ConvWithNorm& both, const Tensors& in) -> Tensors {
          return {both.forward(in.at(0), {.slope = 0.1, .residual = in.at(1)})};
        }));
  }
}

void add_norms(Cases& cases) {
  for (const auto& [dims, sizes] :
       {std::pair<std::string, std::vector<int64_t>>{"2D", {3, 12, 5, 4}}, {"3D", {3, 12, 2, 4, 3}}}) {
    cases.push_back(case_of("batch_norm", dims, {sizes}, maker<nn::BatchNorm>(12)));
    cases.push_back(case_of("instance_norm", dims, {sizes}, maker<nn::InstanceNorm>(12)));
    cases.push_back(case_of("group_norm", dims, {sizes}, maker<nn::GroupNorm>(12)));
    cases.push_back(case_of("layer_norm", "channels " + dims, {sizes}, maker<nn::ChannelLayerNorm>(12)));
    for (const auto& norm : nn::norms().components())
      cases.push_back(case_of("norms", norm.name + " " + dims, {sizes},
                              [name = norm.name] { return nn::make_norm(name, 12); }));
  }
  cases.push_back(case_of("layer_norm", "", {{2, 5, 6}}, maker<nn::LayerNorm>(6)));
  cases.push_back(
      case_of("global_response_norm", "first", {{2, 6, 4, 5}}, maker<nn::GlobalResponseNorm>(6, 1)));
  cases.push_back(
      case_of("global_response_norm", "last", {{2, 4, 5, 6}}, maker<nn::GlobalResponseNorm>(6, -1)));
}

void add_gates(Cases& cases) {
  cases.push_back(case_of("attention_gate", "2D", {{2, 3, 6, 5}, {2, 4, 6, 5}},
                          maker<nn::AttentionGate>(nn::AttentionGate::Shape{2, 3, 4, 2}), forward_two));
  cases.push_back(case_of("attention_gate", "3D", {{2, 3, 3, 4, 5}, {2, 4, 3, 4, 5}},
                          maker<nn::AttentionGate>(nn::AttentionGate::Shape{3, 3, 4, 2}), forward_two));
  cases.push_back(case_of("cbam", "2D", {{2, 8, 6, 5}}, maker<nn::Cbam>(2, 8, 2)));
  cases.push_back(case_of("cbam", "3D", {{2, 8, 3, 4, 5}}, maker<nn::Cbam>(3, 8, 2, 3)));
  cases.push_back(case_of("squeeze_excitation", "2D", {{2, 8, 6, 5}}, maker<nn::SqueezeExcitation>(2, 8, 4)));
  cases.push_back(
      case_of("squeeze_excitation", "3D", {{2, 8, 3, 4, 5}}, maker<nn::SqueezeExcitation>(3, 8, 4)));
  cases.push_back(case_of("non_local", "2D", {{2, 6, 4, 5}}, maker<nn::NonLocal>(2, 6, 3, "batch")));
  cases.push_back(case_of("non_local", "3D", {{2, 6, 3, 4, 2}}, maker<nn::NonLocal>(3, 6, 3, "group")));
}

void add_dropouts(Cases& cases) {
  const Shapes map{{3, 4, 5, 6}};
  cases.push_back(only_evaluated(case_of("dropout", "", map, maker<nn::Dropout>(0.5))));
  cases.push_back(only_evaluated(case_of("channel_dropout", "", map, maker<nn::ChannelDropout>(0.5))));
  cases.push_back(only_evaluated(case_of("drop_path", "", map, maker<nn::DropPath>(0.5))));
  cases.push_back(case_of("dropout", "never", map, maker<nn::Dropout>(0.0)));
  cases.push_back(case_of("channel_dropout", "never", map, maker<nn::ChannelDropout>(0.0)));
  cases.push_back(case_of("drop_path", "never", map, maker<nn::DropPath>(0.0)));
}

void add_tokens(Cases& cases) {
  const std::vector<int64_t> tokens{2, 5, 6}, one{6}, all{1, 5, 6}, prefix{1, 2, 6}, of_numbers{4, 6};
  cases.push_back(case_of("linear", "", {{3, 6}}, maker<nn::Linear>(6, 4)));
  cases.push_back(case_of("linear", "no bias", {tokens}, maker<nn::Linear>(6, 4, false)));
  cases.push_back(case_of("layer_scale", "last", {tokens}, maker<Outer<nn::LayerScale>>(one, -1)));
  cases.push_back(case_of("layer_scale", "first", {{2, 6, 4, 5}}, maker<Outer<nn::LayerScale>>(one, 1)));
  cases.push_back(case_of("learned_position", "", {tokens}, maker<Outer<nn::LearnedPosition>>(all)));
  cases.push_back(case_of("prefix_token", "", {tokens}, maker<Outer<nn::PrefixToken>>(prefix)));
  auto embedding = case_of("embedding", "", {}, maker<Outer<nn::Embedding>>(of_numbers));
  embedding.inputs = [] { return Tensors{at::tensor({3, 0, 3, 1}, at::kLong)}; };
  cases.push_back(embedding);
  cases.push_back(case_of("sincos_position", "", {{2, 6, 8}}, maker<torch::nn::Module>(),
                          [](torch::nn::Module&, const Tensors& in) {
                            return Tensors{in[0] + nn::sincos_position({2, 3}, 8).to(in[0].device())};
                          }));
  for (const auto kind : {nn::PerceptronKind::gelu, nn::PerceptronKind::swiglu})
    cases.push_back(case_of("perceptron", config::name_of(kind), {tokens},
                            maker<nn::Perceptron>(nn::PerceptronOptions{6, 8, kind})));
  for (const int64_t per_token : {1, 2, 3})
    cases.push_back(
        case_of("mixture_of_experts", std::to_string(per_token) + " of 3", {tokens},
                maker<nn::MixtureOfExperts>(nn::MixtureOptions{3, per_token, {.width = 6, .hidden = 8}}),
                [](nn::MixtureOfExperts& layer, const Tensors& in) {
                  const nn::Mixture mixture = layer.forward(in[0]);
                  return Tensors{mixture.values, mixture.balance};
                }));
}

void add_positions(Cases& cases) {
  using Window = std::vector<int64_t>;
  const Window flat{3, 3}, deep{2, 3, 2}, trained{5, 5}, rows{25, 2}, table{2, 5, 5};
  cases.push_back(case_of("relative_position_bias", "rows", {},
                          maker<Outer<nn::RelativePositionBias>>(rows, flat), forward_none));
  cases.push_back(case_of("relative_position_bias", "table", {},
                          maker<Outer<nn::RelativePositionBias>>(table, flat), forward_none));
  cases.push_back(case_of("continuous_position_bias", "2D", {},
                          maker<nn::ContinuousPositionBias>(2, flat, trained), forward_none));
  cases.push_back(case_of("continuous_position_bias", "3D", {},
                          maker<nn::ContinuousPositionBias>(2, deep, deep), forward_none));
  for (const auto& [variant, options] :
       {std::pair<std::string, nn::RotaryOptions>{"axial", {.reference = 16}},
        {"dinov3", {.kind = nn::RotaryKind::dinov3}},
        {"dinov3 bfloat16", {.kind = nn::RotaryKind::dinov3, .dtype = nn::RotaryDtype::bfloat16}}})
    cases.push_back(case_of("rotary", variant, {{2, 2, 13, 8}}, maker<torch::nn::Module>(),
                            [options = options](torch::nn::Module&, const Tensors& in) {
                              return Tensors{nn::make_rotation(options, {3, 4}, 8, 1, in[0]).apply(in[0])};
                            }));
}

void add_attentions(Cases& cases) {
  const std::vector<int64_t> q{2, 2, 5, 8}, k{2, 2, 7, 8}, of_window{2, 3, 2, 4, 8};
  const auto attend = [](nn::ScaledDotProduct& layer, const Tensors& in) {
    return Tensors{layer.forward(in[0], in[1], in[2], in.size() > 3 ? in[3] : at::Tensor())};
  };
  const auto seen = [attend](nn::ScaledDotProduct& layer, const Tensors& in) {
    const nn::Capture capture(layer);
    return attend(layer, in);
  };
  const auto add = [&](const std::string& variant, const Shapes& shapes) {
    cases.push_back(case_of("scaled_dot_product", variant, shapes, maker<nn::ScaledDotProduct>(), attend));
    cases.push_back(case_of("scaled_dot_product", variant + ", seen", shapes,
                            maker<nn::ScaledDotProduct>(0.0, 0.5), seen));
  };
  add("", {q, k, k});
  add("bias", {q, k, k, {1, 2, 5, 7}});
  add("windows", {of_window, of_window, of_window, {1, 2, 4, 4}});
  add("windows, each a bias", {of_window, of_window, of_window, {3, 2, 4, 4}});

  const Shapes tokens{{2, 5, 8}};
  cases.push_back(case_of("self_attention", "", tokens, maker<nn::SelfAttention>(8, 2, 0.0)));
  cases.push_back(
      case_of("self_attention", "seen", tokens, maker<nn::SelfAttention>(8, 2, 0.0), forward_seen));
  const nn::SelfAttentionOptions options{
      .width = 8, .heads = 2, .bias = nn::QkvBias::query_value, .qk_norm = true};
  cases.push_back(case_of("self_attention", "norms and rotary position", tokens,
                          maker<nn::SelfAttention>(options), [](nn::SelfAttention& layer, const Tensors& in) {
                            const auto rotation = nn::make_rotation({}, {2, 2}, 4, 1, in[0]);
                            return Tensors{layer.forward(in[0], &rotation)};
                          }));

  const nn::WindowAttentionOptions flat{.width = 8, .heads = 2, .window = {3, 3}, .shift = {1, 1}};
  nn::WindowAttentionOptions second = flat, deep = flat, shrunk = flat;
  second.version = 2;
  second.fit = nn::WindowFit::pad_after_shift;
  deep.window = {2, 3, 3};
  deep.shift = {1, 1, 1};
  shrunk.window = {7, 3};
  shrunk.fit = nn::WindowFit::shrink;
  const Shapes map{{2, 5, 7, 8}}, map_3d{{2, 3, 5, 4, 8}};
  cases.push_back(case_of("window_attention", "", map, maker<nn::WindowAttention>(flat)));
  cases.push_back(case_of("window_attention", "seen", map, maker<nn::WindowAttention>(flat), forward_seen));
  cases.push_back(case_of("window_attention", "version 2", map, maker<nn::WindowAttention>(second)));
  cases.push_back(
      case_of("window_attention", "version 2, seen", map, maker<nn::WindowAttention>(second), forward_seen));
  cases.push_back(case_of("window_attention", "3D", map_3d, maker<nn::WindowAttention>(deep)));
  cases.push_back(case_of("window_attention", "shrunk", map, maker<nn::WindowAttention>(shrunk)));
}

Cases layer_cases() {
  Cases cases;
  add_convolutions(cases);
  add_adapters(cases);
  add_norms(cases);
  add_fused_norms(cases);
  add_gates(cases);
  add_dropouts(cases);
  add_tokens(cases);
  add_positions(cases);
  add_attentions(cases);
  return cases;
}

class Layers : public testing::TestWithParam<BackendCase> {};

TEST_P(Layers, AgreeEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, Layers, testing::ValuesIn(layer_cases()));

TEST(LayerHeaders, EachHasItsCase) {
  // Names of options, and what other layers are made of.
  const std::set<std::string> without_arithmetic{"attention_options", "layer", "perceptron_kind"};
  std::vector<std::string> names;
  size_t left_out = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_dir() / "include" / "photo51" / "nn" / "layers")) {
    const std::string name = entry.path().stem().string();
    if (without_arithmetic.contains(name))
      ++left_out;
    else
      names.push_back(name);
  }
  EXPECT_EQ(left_out, without_arithmetic.size()) << "take names of no header out of the list above";
  EXPECT_THAT(without_case(names, layer_cases()), testing::IsEmpty())
      << "add cases for these headers of nn/layers to tests/backends/test_layers.cpp, or to the list above "
         "where nothing is computed";
}

}  // namespace
}  // namespace photo51::test
