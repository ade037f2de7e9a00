#include "photo51/imaging/dicom/policy.hpp"

#include <array>

#include "photo51/config/fields.hpp"

namespace photo51::imaging {

std::span<const std::string_view> enum_names(SliceGaps) {
  static constexpr std::array<std::string_view, 2> names{"error", "interpolate"};
  return names;
}

std::span<const std::string_view> enum_names(RepeatedSlices) {
  static constexpr std::array<std::string_view, 3> names{"error", "first", "channels"};
  return names;
}

std::span<const std::string_view> enum_names(GantryTilt) {
  static constexpr std::array<std::string_view, 2> names{"error", "keep"};
  return names;
}

std::span<const std::string_view> enum_names(VoiUse) {
  static constexpr std::array<std::string_view, 2> names{"none", "apply"};
  return names;
}

void describe(config::Fields& f, DicomPolicy& o) {
  f("gaps", o.gaps, "missing or unevenly spaced slices: refuse, or interpolate between neighbours");
  f("duplicates", o.duplicates,
    "several images at one place (echoes, times, repeats): refuse, take the first, or make them channels");
  f("tilt", o.tilt, "gantry tilt: refuse, or keep the sheared grid, which resampling undoes");
  f("voi", o.voi,
    "values as stored and rescaled, or through the file's own VOI lookup table or window, 0 to 1, as "
    "mammograms for presentation ask for");
}

}  // namespace photo51::imaging
