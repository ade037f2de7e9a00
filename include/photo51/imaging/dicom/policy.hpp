#pragma once
/// How DICOM images are read: what to do with a series that is not one even stack (an error unless the config
/// decides), and whether values are those of the file or as it asks them to be shown.

#include <span>
#include <string_view>

namespace photo51::config {
class Fields;
}

namespace photo51::imaging {

enum class SliceGaps { error, interpolate };
enum class RepeatedSlices { error, first, channels };
enum class GantryTilt { error, keep };
enum class VoiUse { none, apply };
/// As configs write them.
std::span<const std::string_view> enum_names(SliceGaps);
std::span<const std::string_view> enum_names(RepeatedSlices);
std::span<const std::string_view> enum_names(GantryTilt);
std::span<const std::string_view> enum_names(VoiUse);

struct DicomPolicy {
  /// Slices missing or unevenly spaced: `error`, or `interpolate` linearly between neighbours at the usual
  /// spacing.
  SliceGaps gaps = SliceGaps::error;
  /// Several images at one place (repeats, echoes, times, diffusion weightings): `error`, the `first` by
  /// acquisition, or all of them as `channels`, when every place has as many.
  RepeatedSlices duplicates = RepeatedSlices::error;
  /// Slices that are shifted against their normal (gantry tilt): `error`, or `keep` the sheared grid, whose
  /// axes are not perpendicular; resampling undoes it.
  GantryTilt tilt = GantryTilt::error;
  /// `none`: values after rescale or modality lookup. `apply`: also through the file's VOI lookup table or
  /// window, 0 (black) to 1 (white); a file without one is an error.
  VoiUse voi = VoiUse::none;
};
void describe(config::Fields& f, DicomPolicy& o);

}  // namespace photo51::imaging
