#include "photo51/backbones/mil/feature_encoder.hpp"

#include <torch/nn/module.h>

#include <utility>
#include <vector>

#include "backbones/mil/describe_bag.hpp"
#include "backbones/mil/report_instances.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/load/bag_stream.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, FeatureEncoderOptions& o) {
  f("width", o.width,
    "numbers that a linear layer and a ReLU make of each vector before the bag is pooled; 0 = the vectors as "
    "they are",
    {.min = 0});
  f("dropout", o.dropout, "dropout of what is pooled, in training", {.min = 0, .max = 1});
  describe_bag(f, o.bag);
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

FeatureEncoder::FeatureEncoder(const FeatureEncoderOptions& options, const InputShape& shape)
    : options_(options),
      features_(shape.channels),
      width_(options.width > 0 ? options.width : shape.channels) {
  if (shape.image || !shape.bag)
    core::fail_usage(std::string("`bag` encodes bags of vectors (modality: features) and this input is ") +
                     (shape.image
                          ? "an image; use `resnet`, `vit` or `conv_net`, which pool their bags themselves"
                          : "a table; use `snn`, `linear` or `identity`"));
  if (options.width > 0)
    projection_ = register_module("projection", std::make_shared<nn::Linear>(features_, width_));
  dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
  bag_ = register_module("bag", make_bag_pool(options.bag, width_, shape.views, shape.labels));
}

at::Tensor FeatureEncoder::projected(const at::Tensor& instances) {
  // Stored in 16 bits or not, they are computed with as the layers are.
  const at::ScalarType stored = instances.scalar_type();
  const at::Tensor x = instances.to(projection_                          ? projection_->weight.scalar_type()
                                    : c10::isReducedFloatingType(stored) ? at::kFloat
                                                                         : stored);
  return dropout_->forward(projection_ ? projection_->forward(x).relu() : x);
}

data::InputBatch FeatureEncoder::take(const data::InputBatch& streamed, const at::Device& device) {
  if (is_training())
    core::fail_usage(
        "a bag that is a stream is for prediction, which keeps no gradients; in training load it whole");
  std::vector<at::Tensor> pieces;
  for (;;) {
    const at::Tensor instances = streamed.stream->next(options_.bag.chunk);
    if (!instances.defined()) break;
    pieces.push_back(projected(instances.to(device)));
  }
  data::InputBatch input = data::to(taken(streamed), device);
  input.features = pieces.size() == 1 ? pieces[0] : at::cat(pieces);
  return input;
}

Tokens FeatureEncoder::encode(const data::InputBatch& input) {
  const bool is_projected = input.features.defined();
  const at::Tensor& instances = is_projected ? input.features : input.values;
  if (!input.offsets.defined()) core::fail_data("the encoder expects bags and got a batch without offsets");
  if (!is_projected && (instances.dim() != 2 || instances.size(1) != features_))
    core::fail_data("the encoder expects vectors of " + std::to_string(features_) +
                    " numbers and got a batch of shape " + c10::str(instances.sizes()));
  // The instances of present bags only; hiding an input in training leaves its instances in the batch.
  const at::Tensor all_lengths = input.offsets.diff();
  const at::Tensor chosen =
      input.present.index_select(0, at::repeat_interleave(all_lengths)).nonzero().squeeze(1);
  const at::Tensor places = chosen.to(instances.device());
  const bool all = chosen.size(0) == instances.size(0);
  return encode_present(input, width(), [&](const data::InputBatch&) {
    const at::Tensor here = all ? instances : instances.index_select(0, places);
    const at::Tensor classes =
        input.classes.defined() ? input.classes.masked_select(input.present) : at::Tensor();
    const auto of_bags =
        bag_->forward(is_projected ? here : projected(here), all_lengths.masked_select(input.present),
                      input.view.index_select(0, chosen), classes);
    Tokens tokens{of_bags.values, of_bags.mask};
    tokens.losses = of_bags.losses;
    report_instances(tokens, of_bags, places, instances.size(0));
    return tokens;
  });
}

}  // namespace photo51::backbones
