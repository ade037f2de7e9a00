#pragma once
/// Several images at one place: which of them belong together at all places.

#include <string>
#include <vector>

#include "imaging/dicom/geometry.hpp"

namespace photo51::imaging {

/// Planes at one place, by their positions in a list that is sorted along the stack.
struct Place {
  double at = 0;  ///< mm along the normal
  std::vector<size_t> planes;
};

/// What the channels are that repeats became; all empty where there is one image a place.
struct Repetition {
  size_t channels = 1;
  std::vector<std::string> names;
  std::vector<double> b_values, seconds;
};

/// Puts the images of every place into one order, that of the channels, by what their headers say of their
/// kind (image type, echo, diffusion weighting, temporal position) and, among those of one kind, by time and
/// number. Policy `first` leaves the same kind at every place. Errors (data) naming the files: what the
/// policy does not allow, kinds that are not the same at every place, places with different numbers of
/// images.
Repetition arrange_repeats(const std::vector<ImagePlane>& planes, std::vector<Place>& places,
                           const DicomPolicy& policy, Volume& volume);

}  // namespace photo51::imaging
