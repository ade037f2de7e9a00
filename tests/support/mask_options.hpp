#pragma once
/// Options of masks with one of them set.

#include "photo51/imaging/masks/options.hpp"

namespace photo51::test {

inline imaging::MaskOptions with_label(int64_t label) {
  imaging::MaskOptions options;
  options.label = label;
  return options;
}

inline imaging::MaskOptions with_usual_label(int64_t label) {
  imaging::MaskOptions options;
  options.usual_label = label;
  return options;
}

inline imaging::MaskOptions with_threshold(double threshold) {
  imaging::MaskOptions options;
  options.threshold = threshold;
  return options;
}

inline imaging::MaskOptions with_outside(imaging::MaskOutside outside) {
  imaging::MaskOptions options;
  options.outside = outside;
  return options;
}

}  // namespace photo51::test
