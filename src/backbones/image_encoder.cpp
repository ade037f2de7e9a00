#include "photo51/backbones/image_encoder.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/efficientnet_lite.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {

ImageEncoder::ImageEncoder(const ImageEncoderOptions& options, const InputShape& shape,
                           std::shared_ptr<Backbone> backbone)
    : options_(options), shape_(shape), backbone_(register_module("backbone", std::move(backbone))) {
  if (!options.weights.empty() && !nn::SkipInit::active())
    nn::load_weights(*backbone_, options.weights, {.ignore = {"fc.", "heads.", "classifier."}});
  if (!shape.bag) return;
  if (options.pool == "none")
    core::fail_usage("this input is a bag, whose instances need one token each; set `pool: mean`");
  bag_ = register_module("bag", std::make_shared<BagPool>(options.bag, backbone_->width(), shape.views));
}

int64_t ImageEncoder::width() const {
  return backbone_->width() + (options_.channel_present ? (shape_.bag ? shape_.views : shape_.channels) : 0);
}

at::Tensor ImageEncoder::features(const at::Tensor& images) {
  const at::Tensor tokens = backbone_->tokens(images);
  const int64_t prefix = backbone_->prefix_tokens();
  if (options_.pool == "mean") return tokens.slice(1, prefix).mean(1, true);
  return options_.pool == "class" ? tokens.slice(1, 0, 1) : tokens;
}

at::Tensor ImageEncoder::finish(at::Tensor tokens, const at::Tensor& channel_present) const {
  tokens = at::dropout(tokens, options_.dropout, is_training());
  if (!options_.channel_present) return tokens;
  const at::Tensor known =
      channel_present.defined()
          ? channel_present.to(tokens.scalar_type())
          : at::ones({tokens.size(0), width() - backbone_->width()}, tokens.options().requires_grad(false));
  return at::cat({tokens, known.unsqueeze(1).expand({-1, tokens.size(1), -1})}, 2);
}

Tokens ImageEncoder::encode(const data::InputBatch& input) {
  if (input.values.dim() != shape_.dims + 2 || input.values.size(1) != shape_.channels)
    core::fail_data("the encoder expects " + std::to_string(shape_.dims) + "D images with " +
                    std::to_string(shape_.channels) + " channels and got a batch of shape " +
                    c10::str(input.values.sizes()));
  if (shape_.bag != input.offsets.defined())
    core::fail_data(shape_.bag ? "the encoder expects bags and got a batch without offsets"
                               : "the encoder expects images and got a batch of bags");
  if (shape_.bag) return encode_bags(input);
  return encode_present(input, width(), [&](const data::InputBatch& present) {
    return finish(features(present.values), present.channel_present);
  });
}

Tokens ImageEncoder::encode_bags(const data::InputBatch& input) {
  // The instances of present bags only; hiding an input in training leaves its instances in the batch.
  const at::Tensor all_lengths = input.offsets.diff();
  const at::Tensor bag = at::repeat_interleave(all_lengths);
  const at::Tensor chosen = input.present.index_select(0, bag).nonzero().squeeze(1);
  const int64_t count = chosen.size(0);
  const at::Tensor places = chosen.to(input.values.device());
  at::Tensor attention;
  Tokens tokens = encode_present(input, width(), [&](const data::InputBatch& present) {
    const bool all = count == input.values.size(0);
    const auto part = [&](int64_t begin, int64_t size) {
      return all ? input.values.narrow(0, begin, size)
                 : input.values.index_select(0, places.narrow(0, begin, size));
    };
    const int64_t chunk = at::GradMode::is_enabled() && is_training() ? count : options_.bag.chunk;
    std::vector<at::Tensor> encoded;
    for (int64_t begin = 0; begin < count; begin += chunk)
      encoded.push_back(features(part(begin, std::min(chunk, count - begin))).squeeze(1));
    const at::Tensor lengths = all_lengths.masked_select(input.present);
    const auto pooled = bag_->forward(at::cat(encoded), lengths, input.view.index_select(0, chosen));
    if (pooled.attention.defined())
      attention = at::zeros({input.values.size(0)}, pooled.attention.options().requires_grad(false))
                      .index_copy(0, places, pooled.attention.detach());
    return finish(pooled.values.unsqueeze(1), present.channel_present);
  });
  tokens.attention = attention;
  return tokens;
}

namespace {

void require_image(const config::Choice& choice, const ImageEncoderOptions& options,
                   const InputShape& shape) {
  if (!shape.image)
    core::fail_usage("`" + choice.name +
                     "` encodes images and this input is a table; use `snn`, `linear` or `identity`");
  if (options.dims != 0 && options.dims != shape.dims)
    core::fail_usage("`dims` is " + std::to_string(options.dims) + " and the input is " +
                     std::to_string(shape.dims) + "D; change one of them, or leave `dims` out");
}

std::shared_ptr<Encoder> build_resnet(const config::Choice& choice, const InputShape& shape) {
  const auto& options = choice.as<ResNetOptions>();
  require_image(choice, options.encoder, shape);
  return std::make_shared<ImageEncoder>(options.encoder, shape,
                                        std::make_shared<ResNet>(options, shape.dims, shape.channels));
}

std::shared_ptr<Encoder> build_vit(const config::Choice& choice, const InputShape& shape) {
  const auto& options = choice.as<VitOptions>();
  require_image(choice, options.encoder, shape);
  return std::make_shared<ImageEncoder>(options.encoder, shape,
                                        std::make_shared<Vit>(options, shape.size, shape.channels));
}

std::shared_ptr<Encoder> build_conv_net(const config::Choice& choice, const InputShape& shape) {
  const auto& options = choice.as<ConvNetOptions>();
  require_image(choice, options.encoder, shape);
  return std::make_shared<ImageEncoder>(options.encoder, shape,
                                        std::make_shared<ConvNet>(options, shape.dims, shape.channels));
}

std::shared_ptr<Encoder> build_efficientnet_lite0(const config::Choice& choice, const InputShape& shape) {
  const auto& options = choice.as<EfficientNetLiteOptions>();
  require_image(choice, options.encoder, shape);
  if (shape.dims != 2)
    core::fail_usage("`efficientnet_lite0` takes 2D images; set the input's dims: 2, or use `resnet`");
  return std::make_shared<ImageEncoder>(options.encoder, shape,
                                        std::make_shared<EfficientNetLite>(options, shape.channels));
}

}  // namespace

config::Catalogue<BuildEncoder>& image_encoders() {
  static config::Catalogue<BuildEncoder> table = {
      {config::component<ResNetOptions>("resnet", "residual convolutional network, 2D or 3D"), build_resnet},
      {config::component<VitOptions>("vit", "vision transformer, 2D or 3D"), build_vit},
      {config::component<ConvNetOptions>("conv_net", "small plain convolutional network, 2D or 3D"),
       build_conv_net},
      {config::component<EfficientNetLiteOptions>("efficientnet_lite0", "EfficientNet-Lite0, 2D"),
       build_efficientnet_lite0},
  };
  return table;
}

}  // namespace photo51::backbones
