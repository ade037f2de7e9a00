#include "photo51/backbones/backbone.hpp"

#include <torch/torch.h>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/backbones/weights.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {

ImageEncoder::ImageEncoder(const ImageEncoderOptions& options, const InputShape& shape,
                           std::shared_ptr<Backbone> backbone)
    : options_(options), shape_(shape), backbone_(register_module("backbone", std::move(backbone))) {
  if (!options.weights.empty() && !SkipInit::active())
    load_weights(*backbone_, options.weights, {.ignore = {"fc.", "heads."}});
}

int64_t ImageEncoder::width() const {
  return backbone_->width() + (options_.channel_present ? shape_.channels : 0);
}

at::Tensor ImageEncoder::tokens(const at::Tensor& images, const at::Tensor& channel_present) {
  at::Tensor tokens = backbone_->tokens(images);
  const int64_t prefix = backbone_->prefix_tokens();
  if (options_.pool == "mean")
    tokens = tokens.slice(1, prefix).mean(1, true);
  else if (options_.pool == "class")
    tokens = tokens.slice(1, 0, 1);
  tokens = at::dropout(tokens, options_.dropout, is_training());
  if (!options_.channel_present) return tokens;
  const at::Tensor known = channel_present.defined() ? channel_present.to(tokens.scalar_type())
                                                     : at::ones({images.size(0), shape_.channels},
                                                                tokens.options().requires_grad(false));
  return at::cat({tokens, known.unsqueeze(1).expand({-1, tokens.size(1), -1})}, 2);
}

Tokens ImageEncoder::encode(const data::InputBatch& input) {
  if (input.values.dim() != shape_.dims + 2 || input.values.size(1) != shape_.channels)
    core::fail_data("the encoder expects " + std::to_string(shape_.dims) + "D images with " +
                    std::to_string(shape_.channels) + " channels and got a batch of shape " +
                    c10::str(input.values.sizes()));
  return encode_present(input, width(), [&](const data::InputBatch& present) {
    return tokens(present.values, present.channel_present);
  });
}

namespace {

void require_image(const config::Choice& choice, const ImageEncoderOptions& options,
                   const InputShape& shape) {
  if (!shape.image)
    core::fail_usage("`" + choice.name + "` encodes images and this input is a table; use `snn` or `linear`");
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

}  // namespace

const config::Catalogue<BuildEncoder>& image_encoders() {
  static const config::Catalogue<BuildEncoder> table = {
      {config::component<ResNetOptions>("resnet", "residual convolutional network, 2D or 3D"), build_resnet},
      {config::component<VitOptions>("vit", "vision transformer, 2D or 3D"), build_vit},
      {config::component<ConvNetOptions>("conv_net", "small plain convolutional network, 2D or 3D"),
       build_conv_net},
  };
  return table;
}

}  // namespace photo51::backbones
