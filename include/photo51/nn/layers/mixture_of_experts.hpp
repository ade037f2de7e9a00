#pragma once
/// A feed-forward part of which each token uses a few of many (Shazeer et al., Outrageously large neural
/// networks, ICLR 2017; Fedus et al., Switch transformers, JMLR 2022): [..., width] -> the same.
///
///   p = softmax(W x) over the E experts; y = sum over the k experts of the largest p_i of w_i expert_i(x)
///
/// w_i is p_i where k = 1, so that the router has a gradient, and else p_i over the sum of the k. Experts
/// take whatever comes to them (no capacity). That the load be even is asked for by
///
///   balance = E sum_i f_i P_i,   f_i the share of the T k choices that fell on i, P_i the mean of p_i,
///
/// 1 where all p are even, E where one expert has all; its gradient goes through P.

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "photo51/nn/layers/perceptron.hpp"

namespace photo51::nn {

struct MixtureOptions {
  int64_t experts = 2;
  int64_t per_token = 1;       ///< k
  PerceptronOptions expert{};  ///< each
};

struct Mixture {
  at::Tensor values;
  at::Tensor balance;  ///< scalar
};

/// Submodules `router` (W, without bias) and `experts.0`, `experts.1`, ... An expert that no token chose does
/// not run, and its parameters get no gradient.
class MixtureOfExperts : public torch::nn::Module {
 public:
  /// Error (usage): `per_token` is not in 1 .. experts.
  explicit MixtureOfExperts(const MixtureOptions& options);
  Mixture forward(const at::Tensor& x);

 private:
  int64_t per_token_;
  std::shared_ptr<Linear> router_;
  std::vector<std::shared_ptr<Perceptron>> experts_;
};

}  // namespace photo51::nn
