#pragma once
/// What the functional groups of an enhanced object say of each frame (PS3.3 C.7.6.16).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imaging/dicom/header.hpp"

namespace photo51::imaging {

/// The first window of several.
struct VoiWindow {
  double center = 0, width = 0;
  std::string function;  ///< VOILUTFunction (0028,1056); empty = LINEAR
};

struct DicomFrame {
  std::optional<std::array<double, 3>> position;
  double rounding = 0;  ///< of the position's written digits, at most; mm
  std::optional<std::array<double, 6>> orientation;
  std::optional<std::array<double, 2>> spacing;
  std::optional<double> thickness, between_slices;
  std::optional<double> slope, intercept;
  std::string rescale_type, stack, frame_type;
  std::optional<int64_t> temporal;
  std::vector<double> dimension;  ///< DimensionIndexValues
  std::optional<double> b_value, echo_time, seconds;
  std::optional<VoiWindow> window;
};

/// One a frame: its own group, else the shared one, else the object's own element. Objects without groups get
/// their frames' places from GridFrameOffsetVector or, reconstructions of nuclear medicine, from the signed
/// SpacingBetweenSlices along the normal of the first. Error (data): fewer groups than frames, a damaged
/// offset vector, a number that cannot be read.
std::vector<DicomFrame> read_frames(const DicomHeader& header);

}  // namespace photo51::imaging
