#include "photo51/backbones/image_encoder.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "backbones/mil/report_instances.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::backbones {
namespace {

/// A chunk's losses, into the mean over all instances.
void add_mean(AuxiliaryLosses& all, const AuxiliaryLosses& of_chunk, double share) {
  for (const auto& [name, loss] : of_chunk) {
    const at::Tensor part = loss.value * share;
    const auto [place, is_new] = all.try_emplace(name, part, loss.weight);
    if (!is_new) place->second.value = place->second.value + part;
  }
}

}  // namespace

ImageEncoder::ImageEncoder(const ImageEncoderOptions& options, const InputShape& shape,
                           std::shared_ptr<Backbone> backbone)
    : options_(options),
      shape_(shape),
      backbone_(register_module("backbone", std::move(backbone))),
      dropout_(register_module("dropout", std::make_shared<nn::Dropout>(options.dropout))) {
  if (options.pool == TokenPool::class_token && backbone_->prefix_tokens() == 0)
    core::fail_usage("this network has no class token; set `pool: mean`");
  if (!nn::SkipInit::active()) pretrained_ = backbone_->pretrained();
  if (!options.weights.empty() && !nn::SkipInit::active())
    pretrained_ = nn::load_pretrained(
        *backbone_, options.weights, backbone_->dialects(),
        {.entry = options.weights_entry,
         .adapt = options.adapt,
         .target = {.dims = shape.dims, .channels = shape.channels, .positions = backbone_->positions()}});
  if (!shape.bag) return;
  if (options.pool == TokenPool::none)
    core::fail_usage("this input is a bag, whose instances need one token each; set `pool: mean`");
  bag_ = register_module("bag", make_bag_pool(options.bag, backbone_->width(), shape.views, shape.labels));
}

void ImageEncoder::keep_features() {
  if (bag_) return Encoder::keep_features();
  keeps_features_ = true;
}

int64_t ImageEncoder::features_width() const {
  return bag_ ? bag_->width() : backbone_->width();
}

int64_t ImageEncoder::width() const {
  return features_width() + (options_.channel_present ? (shape_.bag ? shape_.views : shape_.channels) : 0);
}

Tokens ImageEncoder::pooled(const at::Tensor& images) {
  auto found = std::make_shared<const Features>(backbone_->features(images));
  const Features& features = *found;
  Tokens tokens;
  tokens.losses = features.losses;
  if (keeps_features_) {
    tokens.features = std::move(found);
    tokens.image = images;
  }
  if (options_.pool != TokenPool::none) {
    tokens.values = options_.pool == TokenPool::mean ? backbone_->mean_of_places(features).unsqueeze(1)
                                                     : features.prefix.slice(1, 0, 1);
    return tokens;
  }
  const at::Tensor& map = features.stages.back();
  const at::Tensor places = place_tokens(map);
  tokens.values = features.prefix.defined() ? at::cat({features.prefix, places}, 1) : places;
  tokens.grid = map.sizes().slice(2).vec();
  tokens.prefix = backbone_->prefix_tokens();
  const at::Tensor positions = place_positions(map, images);
  // The mean of equal parts' middles is the image's.
  tokens.positions = at::cat({positions.mean(0, true).expand({tokens.prefix, -1}), positions})
                         .expand({images.size(0), -1, -1});
  return tokens;
}

at::Tensor ImageEncoder::finish(at::Tensor tokens, const at::Tensor& channel_present) const {
  tokens = dropout_->forward(tokens);
  if (!options_.channel_present) return tokens;
  const at::Tensor known = channel_present.defined() ? channel_present.to(tokens.scalar_type())
                                                     : at::ones({tokens.size(0), width() - features_width()},
                                                                tokens.options().requires_grad(false));
  return at::cat({tokens, known.unsqueeze(1).expand({-1, tokens.size(1), -1})}, 2);
}

void ImageEncoder::check_images(const at::Tensor& images) const {
  if (images.dim() != shape_.dims + 2 || images.size(1) != shape_.channels)
    core::fail_data("the encoder expects " + std::to_string(shape_.dims) + "D images with " +
                    std::to_string(shape_.channels) + " channels and got a batch of shape " +
                    c10::str(images.sizes()));
}

Tokens ImageEncoder::encode(const data::InputBatch& input) {
  if (!input.features.defined()) check_images(input.values);
  if (shape_.bag != input.offsets.defined())
    core::fail_data(shape_.bag ? "the encoder expects bags and got a batch without offsets"
                               : "the encoder expects images and got a batch of bags");
  if (shape_.bag) return encode_bags(input);
  return encode_present(input, width(), [&](const data::InputBatch& present) {
    Tokens tokens = pooled(present.values);
    tokens.values = finish(tokens.values, present.channel_present);
    return tokens;
  });
}

data::InputBatch ImageEncoder::take(const data::InputBatch& streamed, const at::Device& device) {
  if (is_training())
    core::fail_usage(
        "a bag that is a stream is for prediction, where its images need not be kept; in "
        "training load it whole");
  const at::Tensor lookup = streamed.lookup.defined() ? streamed.lookup.to(device) : at::Tensor();
  std::vector<at::Tensor> encoded;
  for (;;) {
    const at::Tensor images = streamed.stream->next(options_.bag.chunk);
    if (!images.defined()) break;
    check_images(images);
    encoded.push_back(pooled(data::floats(images.to(device), lookup, 1)).values.squeeze(1));
  }
  data::InputBatch input = data::to(taken(streamed), device);
  input.lookup = at::Tensor();
  input.features = at::cat(encoded);
  return input;
}

Tokens ImageEncoder::encode_bags(const data::InputBatch& input) {
  const at::Tensor& instances = input.features.defined() ? input.features : input.values;
  // The instances of present bags only; hiding an input in training leaves its instances in the batch.
  const at::Tensor all_lengths = input.offsets.diff();
  const at::Tensor bag = at::repeat_interleave(all_lengths);
  const at::Tensor chosen = input.present.index_select(0, bag).nonzero().squeeze(1);
  const int64_t count = chosen.size(0);
  const at::Tensor places = chosen.to(instances.device());
  return encode_present(input, width(), [&](const data::InputBatch& present) {
    const bool all = count == instances.size(0);
    const auto part = [&](int64_t begin, int64_t size) {
      return all ? instances.narrow(0, begin, size)
                 : instances.index_select(0, places.narrow(0, begin, size));
    };
    at::Tensor features;
    AuxiliaryLosses losses;
    if (input.features.defined()) {
      features = part(0, count);
    } else {
      const int64_t chunk = at::GradMode::is_enabled() && is_training() ? count : options_.bag.chunk;
      std::vector<at::Tensor> encoded;
      for (int64_t begin = 0; begin < count; begin += chunk) {
        const int64_t size = std::min(chunk, count - begin);
        const Tokens of_chunk = pooled(part(begin, size));
        encoded.push_back(of_chunk.values.squeeze(1));
        add_mean(losses, of_chunk.losses, static_cast<double>(size) / static_cast<double>(count));
      }
      features = at::cat(encoded);
    }
    const at::Tensor lengths = all_lengths.masked_select(input.present);
    const at::Tensor classes =
        input.classes.defined() ? input.classes.masked_select(input.present) : at::Tensor();
    const auto of_bags = bag_->forward(features, lengths, input.view.index_select(0, chosen), classes);
    Tokens tokens{finish(of_bags.values, present.channel_present), of_bags.mask};
    tokens.losses = std::move(losses);
    tokens.losses.insert(of_bags.losses.begin(), of_bags.losses.end());
    report_instances(tokens, of_bags, places, instances.size(0));
    return tokens;
  });
}

void require_image(const std::string& encoder, const ImageEncoderOptions& options, const InputShape& shape) {
  if (!shape.image && shape.bag)
    core::fail_usage("`" + encoder + "` encodes images and this input is a bag of vectors; use `bag`");
  if (!shape.image)
    core::fail_usage("`" + encoder +
                     "` encodes images and this input is a table; use `snn`, `linear` or `identity`");
  if (options.dims != 0 && options.dims != shape.dims)
    core::fail_usage("`dims` is " + std::to_string(options.dims) + " and the input is " +
                     std::to_string(shape.dims) + "D; change one of them, or leave `dims` out");
}

}  // namespace photo51::backbones
