#pragma once
/// What every encoder is: one input in, tokens out.

#include <torch/nn/module.h>

#include <functional>
#include <optional>
#include <string>

#include "photo51/backbones/input_shape.hpp"
#include "photo51/backbones/tokens.hpp"
#include "photo51/data/load/batch.hpp"
#include "photo51/nn/weights/dialect.hpp"

namespace photo51::backbones {

class Backbone;

/// Encodes one input. Runs on present rows only, so that absent cases cost nothing and do not reach batch
/// norm.
class Encoder : public torch::nn::Module {
 public:
  /// Images are float32. Of a bag also an input that `take` returned.
  virtual Tokens encode(const data::InputBatch& input) = 0;
  /// Takes the instances of an input that is a stream, for `encode`: all of them as images, on the device;
  /// an encoder that needs each only once overrides it and returns their features instead. For prediction.
  virtual data::InputBatch take(const data::InputBatch& streamed, const at::Device& device);
  /// D of the tokens.
  virtual int64_t width() const = 0;
  /// The head whose label it is taught by in training beside the head's own loss (`InputBatch::classes`);
  /// empty: none.
  virtual std::string label() const { return {}; }
  /// Where its first weights come from; nothing where they were drawn, or are a trained model's.
  virtual std::optional<nn::Pretrained> pretrained() const { return std::nullopt; }
  /// The network whose stages a decoder may join; null: the encoder is none of images.
  virtual Backbone* network() { return nullptr; }
  /// From now on tokens come with the network's features (Tokens::features). Error (usage): it has no network
  /// that sees a case's image once, such as an encoder of tables or of bags.
  virtual void keep_features();
  /// Hash of the file whose program it runs, see Backbone::program; empty: it runs none.
  virtual std::string program() const { return {}; }
};

/// `streamed` with what its stream says at the end: offsets, views, and which of them each case has.
data::InputBatch taken(const data::InputBatch& streamed);

/// Runs `encode` on the P rows that are present and puts its tokens ([P, N, D]; without a mask all are real)
/// into their places among zeros. A batch without present rows gives one masked token a row and runs nothing.
/// Of bags `present` holds no values, since those are not a row each.
Tokens encode_present(const data::InputBatch& input, int64_t width,
                      const std::function<Tokens(const data::InputBatch& present)>& encode);
/// The same of tokens that are nothing but values.
Tokens encode_present(const data::InputBatch& input, int64_t width,
                      const std::function<at::Tensor(const data::InputBatch& present)>& encode);

}  // namespace photo51::backbones
