#pragma once
/// What every encoder is: one input in, tokens out.

#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"

namespace photo51::backbones {

/// values [B, N, D]; mask [B, N] bool, true where a token is real (absent inputs have none).
struct Tokens {
  at::Tensor values;
  at::Tensor mask;
  at::Tensor attention = {};  ///< bags with attention: [N] each instance's weight, 0 of absent cases
};

/// Encodes one input. Runs on present rows only, so that absent cases cost nothing and do not reach batch
/// norm.
class Encoder : public torch::nn::Module {
 public:
  virtual Tokens encode(const data::InputBatch& input) = 0;
  /// D of the tokens.
  virtual int64_t width() const = 0;
};

/// Runs `encode` ([P, ...] -> [P, N, D]) on the P rows that are present and puts the tokens into their places
/// among zeros. A batch without present rows gives one masked token a row and runs nothing. Of bags `present`
/// holds no values, since those are not a row each.
Tokens encode_present(const data::InputBatch& input, int64_t width,
                      const std::function<at::Tensor(const data::InputBatch& present)>& encode);

/// What an input looks like to the encoder built for it.
struct InputShape {
  bool image = true;
  int64_t channels = 1;       ///< image channels (mask channel included) or number of tabular features
  int64_t dims = 3;           ///< 2 or 3, images
  std::vector<int64_t> size;  ///< [D,] H, W of images after preprocessing
  bool bag = false;           ///< a case has any number of such images
  int64_t views = 1;          ///< bags: what `InputBatch::view` counts to
};

}  // namespace photo51::backbones
