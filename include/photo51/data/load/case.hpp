#pragma once
/// One patient.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace photo51::data {

/// One patient as loaded: prepared inputs (unbatched values, undefined when absent) and labels.
struct Case {
  std::string id, site;
  struct Input {
    at::Tensor values;           ///< [C, D, H, W], [C, H, W] or [F]; a bag [N, C, ...]; undefined = absent
    at::Tensor channel_present;  ///< [C] bool for images, [views] for bags
    at::Tensor view = {};        ///< bags: [N] int64
  };
  std::map<std::string, Input> inputs;
  struct Label {
    bool known = false;
    double value = 0;
    bool event = false;
    std::vector<float> values = {};  ///< expression, by gene; empty else
  };
  std::map<std::string, Label> labels;
};

}  // namespace photo51::data
