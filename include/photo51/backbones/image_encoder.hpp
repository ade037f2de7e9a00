#pragma once
/// The image encoder that every network becomes.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/encoder.hpp"
#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/nn/layers/dropout.hpp"

namespace photo51::backbones {

/// Backbone (as the submodule `backbone`), pool, dropout and, if asked, the channels' presence.
/// With `weights` the backbone starts from that file, adapted as `adapt` says, unless SkipInit is active. A
/// bag's instances go through the backbone one after the other, at prediction in chunks, and `bag` (BagPool)
/// makes tokens of them. Errors: (usage) a bag with `pool: none`, `pool: class` of a network without a class
/// token; (data) a batch of another shape than the encoder was built for.
class ImageEncoder : public Encoder {
 public:
  ImageEncoder(const ImageEncoderOptions& options, const InputShape& shape,
               std::shared_ptr<Backbone> backbone);
  Tokens encode(const data::InputBatch& input) override;
  int64_t width() const override;
  std::string label() const override { return bag_ ? bag_->label() : std::string(); }
  /// Encodes the instances chunk by chunk; each chunk is dropped before the next. Error (usage): in training.
  data::InputBatch take(const data::InputBatch& streamed, const at::Device& device) override;
  std::optional<nn::Pretrained> pretrained() const override { return pretrained_; }
  std::string program() const override { return backbone_->program(); }
  Backbone* network() override { return backbone_.get(); }
  void keep_features() override;

 private:
  int64_t features_width() const;  ///< of the tokens, without what is appended
  void check_images(const at::Tensor& images) const;
  Tokens pooled(const at::Tensor& images);
  at::Tensor finish(at::Tensor tokens, const at::Tensor& channel_present) const;
  Tokens encode_bags(const data::InputBatch& input);

  ImageEncoderOptions options_;
  InputShape shape_;
  std::shared_ptr<Backbone> backbone_;
  std::optional<nn::Pretrained> pretrained_;  ///< what it started from
  std::shared_ptr<nn::Dropout> dropout_;
  bool keeps_features_ = false;
  std::shared_ptr<BagPool> bag_;  ///< null unless the input is a bag
};

/// Errors (usage): a table as input, images of other dimensions than the options ask for.
void require_image(const std::string& encoder, const ImageEncoderOptions& options, const InputShape& shape);

/// The row of an architecture whose Options have ImageEncoderOptions `encoder`; `make` builds its network
/// with that many classes, in an encoder none.
template <class Options, std::shared_ptr<Backbone> (*make)(const Options&, const InputShape&, int64_t)>
EncoderRow image_encoder_row(std::string name, std::string help, EncoderFacts facts = {}) {
  const auto network = [](const config::Choice& choice, const InputShape& shape, int64_t classes) {
    const auto& options = choice.as<Options>();
    require_image(choice.name, options.encoder, shape);
    return make(options, shape, classes);
  };
  const auto encode = [](const config::Choice& choice, const InputShape& shape) -> std::shared_ptr<Encoder> {
    const auto& options = choice.as<Options>();
    require_image(choice.name, options.encoder, shape);
    return std::make_shared<ImageEncoder>(options.encoder, shape, make(options, shape, 0));
  };
  return {config::component<Options>(std::move(name), std::move(help)), {encode, network, std::move(facts)}};
}

}  // namespace photo51::backbones
