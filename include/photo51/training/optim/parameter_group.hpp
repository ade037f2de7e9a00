#pragma once
/// Parameters that are trained otherwise than the rest.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::training {

/// Discriminative learning rates and gradual unfreezing (Howard and Ruder, ULMFiT, ACL 2018).
struct ParameterGroup {
  /// Of parameters' names (`encoders.mri.conv1.weight`): `*` stands for any text, dots included, `?` for one
  /// character, `[ab]` for one of these.
  std::vector<std::string> match;
  double lr_scale = 1;                 ///< on the optimiser's rate
  std::optional<double> weight_decay;  ///< instead of the optimiser's
  int64_t frozen_until = 0;            ///< epochs of training in which they stay as they are
};
void describe(config::Fields& f, ParameterGroup& o);

/// By a group's name in the config.
using ParameterGroups = std::vector<std::pair<std::string, ParameterGroup>>;

/// For each of `names` whether one of `patterns` matches it. Error (usage) that begins with `where` and names
/// what is nearest when a pattern matches none.
std::vector<bool> matched(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
                          const std::string& where);
/// For each of `names` the first group that matches it, or one of the defaults. Error (usage) as above.
std::vector<ParameterGroup> group_of_each(const ParameterGroups& groups,
                                          const std::vector<std::string>& names);

}  // namespace photo51::training
