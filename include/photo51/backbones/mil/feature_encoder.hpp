#pragma once
/// The encoder of bags of vectors that another network has made (data/modality/features.hpp): a projection of
/// each, then a pool of bags.

#include <memory>
#include <string>

#include "photo51/backbones/encoder.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/feature_encoder_options.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {

/// h_i = dropout(relu(W x_i + b)) of each instance, as ABMIL (Ilse, Tomczak and Welling 2018, arXiv
/// 1802.04712) and CLAM begin, or x_i itself; then the bag pool's tokens. Values [N, D_in] may be float16 or
/// bfloat16.
class FeatureEncoder : public Encoder {
 public:
  /// Error (usage): the input is no bag of vectors.
  FeatureEncoder(const FeatureEncoderOptions& options, const InputShape& shape);
  /// Error (data): vectors of another width, a batch without offsets.
  Tokens encode(const data::InputBatch& input) override;
  /// Vectors are projected chunk by chunk. Error (usage): in training.
  data::InputBatch take(const data::InputBatch& streamed, const at::Device& device) override;
  int64_t width() const override { return bag_->width(); }
  std::string label() const override { return bag_->label(); }

 private:
  at::Tensor projected(const at::Tensor& instances);
  FeatureEncoderOptions options_;
  int64_t features_, width_;                ///< of the vectors, and of what is pooled
  std::shared_ptr<nn::Linear> projection_;  ///< null without
  std::shared_ptr<nn::Dropout> dropout_;
  std::shared_ptr<BagPool> bag_;
};

}  // namespace photo51::backbones
