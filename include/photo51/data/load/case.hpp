#pragma once
/// One patient.

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::data {

class BagSource;

/// In a map of classes: nobody knows what is there.
inline constexpr uint8_t unknown_class = 255;

/// Where an image's voxels lie.
struct ImageGrids {
  imaging::Geometry prepared;  ///< of the values that a model sees
  imaging::Geometry original;  ///< of the file that gave the frame
};

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

    std::shared_ptr<const ImageGrids> grids = {};  ///< images, but for bags and what is augmented

    bool is_present() const { return values.defined() || source != nullptr; }
  };
  std::map<std::string, Input> inputs;
  struct Label {
    bool known = false;
    double value = 0;
    bool event = false;
    std::vector<float> values = {};  ///< expression, by gene; empty else
    std::string file = {};           ///< segmentation: the mask
    /// Segmentation, of a case that was loaded with its maps: uint8 of the size of the input's values, class
    /// numbers (0 = background) or `unknown_class`.
    at::Tensor map = {};
  };
  std::map<std::string, Label> labels;
};

}  // namespace photo51::data
