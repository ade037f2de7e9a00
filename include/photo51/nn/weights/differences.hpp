#pragma once
/// Two sets of named tensors side by side.

#include <string>
#include <vector>

#include "photo51/nn/weights/dialect.hpp"

namespace photo51::nn {

struct Differences {
  struct Changed {
    std::string name;
    std::string what;  ///< "[3, 4] and [4, 3]", "Float and Half"; empty: the values alone
    double largest =
        0;  ///< |a - b| over the largest |b|, where shapes agree; infinite where a value is no number
  };
  std::vector<std::string> only_first, only_second;
  std::vector<Changed> changed;
  int64_t equal = 0;  ///< tensors of the same name, type, shape and values
};
Differences differences(const Tensors& first, const Tensors& second);

/// Rules that make names of `own` of those of `given` that have none there: of tensors of one shape those
/// whose names are nearest, one to one. Numbers that both names have in the same order become `*`, and what
/// both end in is left out, so that a rule holds for many: {"blocks.*.norm1", "layers.layer_*.ln_1"}. A
/// proposal: nothing but shapes and names was looked at.
std::vector<Dialect::Rename> propose_renames(const Tensors& given, const Tensors& own);

}  // namespace photo51::nn
