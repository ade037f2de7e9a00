#pragma once
/// The options of the fusions.

#include <cstdint>
#include <span>
#include <string_view>

#include "photo51/config/fields.hpp"

namespace photo51::fusion {

/// What stands for an absent input: a learned vector, or zeros.
enum class AbsentInput { learned, zero };
std::span<const std::string_view> enum_names(AbsentInput);

struct ConcatOptions {
  int64_t width = 0;  ///< each input is projected to this many features; 0 = as it is
  AbsentInput absent = AbsentInput::learned;
  bool presence = true;  ///< appends which inputs are present, as 0/1
};
void describe(config::Fields& f, ConcatOptions& o);

struct GatedOptions {
  int64_t width = 64;  ///< of each input's projection and of the fused embedding
  double dropout = 0;  ///< of the projections
};
void describe(config::Fields& f, GatedOptions& o);

}  // namespace photo51::fusion
