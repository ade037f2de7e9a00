#pragma once
/// One patient.

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace photo51::data {

class BagSource;

/// One patient as loaded: prepared inputs (unbatched values, undefined when absent) and labels.
struct Case {
  std::string id, site;
  struct Input {
    /// [C, D, H, W], [C, H, W] or [F]; a bag [N, C, ...]; float32, or uint8 with a `lookup`; undefined =
    /// absent, unless there is a `source`.
    at::Tensor values;
    at::Tensor channel_present;                    ///< [C] bool for images, [views] for bags
    at::Tensor view = {};                          ///< bags: [N] int64
    at::Tensor lookup = {};                        ///< see InputBatch::lookup
    std::shared_ptr<const BagSource> source = {};  ///< bags whose instances are not decoded yet

    bool is_present() const { return values.defined() || source != nullptr; }
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
