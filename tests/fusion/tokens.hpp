#pragma once
/// One token a case, for tests of fusions.

#include <ATen/ATen.h>

#include <vector>

#include "photo51/backbones/tokens.hpp"

namespace photo51::test {

/// `values` [B, D]; who has one.
inline backbones::Tokens tokens(const at::Tensor& values, const std::vector<int>& present) {
  return {values.unsqueeze(1), at::tensor(present).to(at::kBool).unsqueeze(1)};
}

}  // namespace photo51::test
