#include "photo51/radiogenomics/encoders/table_encoders.hpp"

#include <torch/nn/module.h>

#include <cmath>
#include <string>

#include "photo51/backbones/mil/feature_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::radiogenomics {

backbones::Tokens TableEncoder::encode(const data::InputBatch& input) {
  if (input.values.dim() != 2 || input.values.size(1) != features_)
    core::fail_data("the encoder expects a table of " + std::to_string(features_) +
                    " features and got a batch of shape " + c10::str(input.values.sizes()));
  return backbones::encode_present(
      input, width(), [&](const data::InputBatch& present) { return embed(present.values).unsqueeze(1); });
}

Snn::Snn(const SnnOptions& options, int64_t features) : TableEncoder(features), options_(options) {
  int64_t in = features;
  for (size_t i = 0; i < options.hidden.size(); ++i) {
    auto layer =
        register_module("layer" + std::to_string(i + 1), std::make_shared<nn::Linear>(in, options.hidden[i]));
    if (!nn::SkipInit::active()) {
      const at::NoGradGuard no_grad;
      layer->weight.normal_(0, 1 / std::sqrt(static_cast<double>(in)));
      layer->bias.zero_();
    }
    layers_.push_back(std::move(layer));
    in = options.hidden[i];
  }
}

at::Tensor Snn::embed(const at::Tensor& rows) {
  at::Tensor x = rows;
  if (options_.noise > 0 && is_training()) x = x + options_.noise * at::randn_like(x);
  for (const auto& layer : layers_)
    x = at::alpha_dropout(at::selu(layer->forward(x)), options_.dropout, is_training());
  return x;
}

IdentityEncoder::IdentityEncoder(const IdentityOptions& options, int64_t features)
    : TableEncoder(features), dropout_(options.dropout), width_(features) {}

at::Tensor IdentityEncoder::embed(const at::Tensor& rows) {
  return at::dropout(rows, dropout_, is_training());
}

LinearEncoder::LinearEncoder(const LinearOptions& options, int64_t features)
    : TableEncoder(features), dropout_(options.dropout), width_(options.width) {
  if (width_ < 1) core::fail_usage("`linear` needs a `width`; `identity` keeps the features as they are");
  linear_ = register_module("linear", std::make_shared<nn::Linear>(features, width_));
}

at::Tensor LinearEncoder::embed(const at::Tensor& rows) {
  return at::dropout(linear_->forward(rows), dropout_, is_training());
}

namespace {

void require_table(const config::Choice& choice, const backbones::InputShape& shape) {
  if (shape.image)
    core::fail_usage("`" + choice.name +
                     "` encodes tables and this input is an image; use `resnet`, `vit` or "
                     "`conv_net`");
  if (shape.bag)
    core::fail_usage("`" + choice.name +
                     "` encodes a row of numbers and this input is a bag of vectors; use `bag`");
  if (shape.channels < 1) core::fail_usage("the table has no features");
}

std::shared_ptr<backbones::Encoder> build_snn(const config::Choice& choice,
                                              const backbones::InputShape& shape) {
  require_table(choice, shape);
  return std::make_shared<Snn>(choice.as<SnnOptions>(), shape.channels);
}

std::shared_ptr<backbones::Encoder> build_identity(const config::Choice& choice,
                                                   const backbones::InputShape& shape) {
  require_table(choice, shape);
  return std::make_shared<IdentityEncoder>(choice.as<IdentityOptions>(), shape.channels);
}

std::shared_ptr<backbones::Encoder> build_linear(const config::Choice& choice,
                                                 const backbones::InputShape& shape) {
  require_table(choice, shape);
  return std::make_shared<LinearEncoder>(choice.as<LinearOptions>(), shape.channels);
}

std::shared_ptr<backbones::Encoder> build_bag(const config::Choice& choice,
                                              const backbones::InputShape& shape) {
  return std::make_shared<backbones::FeatureEncoder>(choice.as<backbones::FeatureEncoderOptions>(), shape);
}

}  // namespace

config::Catalogue<backbones::BuildEncoder>& table_encoders() {
  static config::Catalogue<backbones::BuildEncoder> table = {
      {config::component<SnnOptions>("snn", "self-normalising network for tables (omics)"), build_snn},
      {config::component<IdentityOptions>("identity", "a table's features as they are"), build_identity},
      {config::component<LinearOptions>("linear", "a table's features, projected"), build_linear},
      {config::component<backbones::FeatureEncoderOptions>("bag", "vectors of `modality: features`, pooled"),
       build_bag},
  };
  return table;
}

}  // namespace photo51::radiogenomics
