#pragma once
/// What encoders yield and fusions take.

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace photo51::backbones {

/// What a module asks to be added to the loss, a scalar times its weight.
struct AuxiliaryLoss {
  at::Tensor value;
  double weight = 1;
};
using AuxiliaryLosses = std::map<std::string, AuxiliaryLoss>;  ///< by name

struct Features;

struct Tokens {
  at::Tensor values;  ///< [B, N, D]
  at::Tensor mask;    ///< [B, N] bool, true where a token is real (absent inputs have none)
  /// [B, N, dims] the middle of what each token is of, ([z,] y, x) in voxels of the encoder's input, 0 the
  /// middle of its first voxel; of prefix tokens the image's. float32, without gradient. Image encoders fill
  /// it where the tokens are a grid; undefined where they are not, as pooled ones, and for bags, whose
  /// batches do not say where an instance is from.
  at::Tensor positions = {};
  /// [D,] H, W: the tokens behind the prefix are the places of this grid, x fastest; empty: they are no grid.
  std::vector<int64_t> grid = {};
  int64_t prefix = 0;  ///< how many tokens, at the beginning, are of the whole image (a class token)
  /// By name, without gradient. `bag`: [instances] the weight of each in its bag, 0 in absent cases.
  std::map<std::string, at::Tensor> attention = {};
  AuxiliaryLosses losses = {};
  /// Of an encoder that keeps them (Encoder::keep_features): what its network found in the P rows that are
  /// present, and these rows' images [P, C, ...]. Null where no row is.
  std::shared_ptr<const Features> features = nullptr;
  at::Tensor image = {};
};

}  // namespace photo51::backbones
