#pragma once
/// A network from an image to features, and the image encoder that every backbone becomes.

#include <memory>

#include "photo51/backbones/encoder.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/options.hpp"

namespace photo51::backbones {

class Backbone : public torch::nn::Module {
 public:
  /// [B, C, D, H, W] or [B, C, H, W] -> [B, N, width]: `prefix_tokens` special ones, then one a place (x
  /// fastest).
  virtual at::Tensor tokens(const at::Tensor& image) = 0;
  virtual int64_t width() const = 0;
  virtual int64_t prefix_tokens() const { return 0; }
};

/// Backbone (as the submodule `backbone`), pool, dropout and, if asked, the channels' presence.
/// With `weights` the backbone starts from that file, unless SkipInit is active. A bag's instances go through
/// the backbone one after the other, at prediction in chunks, and `bag` (BagPool) makes them one token.
/// Errors: (usage) a table as input, a bag with `pool: none`; (data) a batch of another shape than the
/// encoder was built for.
class ImageEncoder : public Encoder {
 public:
  ImageEncoder(const ImageEncoderOptions& options, const InputShape& shape,
               std::shared_ptr<Backbone> backbone);
  Tokens encode(const data::InputBatch& input) override;
  int64_t width() const override;

 private:
  at::Tensor features(const at::Tensor& images);
  at::Tensor finish(at::Tensor tokens, const at::Tensor& channel_present) const;
  Tokens encode_bags(const data::InputBatch& input);

  ImageEncoderOptions options_;
  InputShape shape_;
  std::shared_ptr<Backbone> backbone_;
  std::shared_ptr<BagPool> bag_;  ///< null unless the input is a bag
};

}  // namespace photo51::backbones
