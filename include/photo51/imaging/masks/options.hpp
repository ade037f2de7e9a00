#pragma once
/// How masks are read, and what becomes of a mask that does not lie on its image.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace photo51::config {
class Fields;
}

namespace photo51::imaging {

enum class MaskOutside { error, crop };
std::span<const std::string_view> enum_names(MaskOutside);

struct MaskOptions {
  /// The region: a value of a label map, the number of a segment (SEG) or of an ROI (RTSTRUCT). Absent: what
  /// the path picks behind its `#`, else as `read_mask` says.
  std::optional<int64_t> label;
  /// Voxels of this value and above are inside; for maps of probabilities and masks with blurred edges.
  std::optional<double> threshold;
  /// More than 1 % of the mask's volume outside the image: `error`, or `crop` it with a warning.
  MaskOutside outside = MaskOutside::error;
  /// No key: the label that a label map of several labels has by default (PyRadiomics: 1). Absent: all that
  /// is not 0 is united, with a warning.
  std::optional<int64_t> usual_label;
};
/// The keys `mask_label`, `mask_threshold` and `mask_outside`, flat.
void describe(config::Fields& f, MaskOptions& o);

}  // namespace photo51::imaging
