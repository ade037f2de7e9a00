#pragma once
/// What an input looks like to the encoder built for it.

#include <cstdint>
#include <string>
#include <vector>

namespace photo51::backbones {

/// A head with classes, whose labels a module may ask for (`Encoder::label`).
struct LabelShape {
  std::string head;
  int64_t classes = 2;
};

struct InputShape {
  bool image = true;
  int64_t channels = 1;       ///< image channels (mask channel included) or number of tabular features
  int64_t dims = 3;           ///< 2 or 3, images
  std::vector<int64_t> size;  ///< [D,] H, W of images after preprocessing
  bool bag = false;           ///< a case has any number of such images
  int64_t views = 1;          ///< bags: what `InputBatch::view` counts to
  std::vector<LabelShape> labels = {};  ///< of the heads with classes
};

}  // namespace photo51::backbones
