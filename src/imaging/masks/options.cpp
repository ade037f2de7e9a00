#include "photo51/imaging/masks/options.hpp"

#include <array>

#include "photo51/config/fields.hpp"

namespace photo51::imaging {

std::span<const std::string_view> enum_names(MaskOutside) {
  static constexpr std::array<std::string_view, 2> names{"error", "crop"};
  return names;
}

void describe(config::Fields& f, MaskOptions& o) {
  f("mask_label", o.label,
    "the region: a value of a label map, the number of a segment or ROI; absent: what `#` in the path picks, "
    "else the only label");
  f("mask_threshold", o.threshold,
    "mask voxels of this value and above are inside, for maps of probabilities and masks with blurred edges");
  f("mask_outside", o.outside,
    "more than 1 % of a mask's volume outside the image: refuse, or crop the mask");
}

}  // namespace photo51::imaging
