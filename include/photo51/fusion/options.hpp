#pragma once
/// The options of the fusions.

#include <cstdint>
#include <string>

#include "photo51/config/fields.hpp"

namespace photo51::fusion {

struct ConcatOptions {
  int64_t width = 0;               ///< each input is projected to this many features; 0 = as it is
  std::string absent = "learned";  ///< what stands for an absent input: learned (a vector), zero
  bool presence = true;            ///< appends which inputs are present, as 0/1
};
void describe(config::Fields& f, ConcatOptions& o);

struct GatedOptions {
  int64_t width = 64;  ///< of each input's projection and of the fused embedding
  double dropout = 0;  ///< of the projections
};
void describe(config::Fields& f, GatedOptions& o);

}  // namespace photo51::fusion
