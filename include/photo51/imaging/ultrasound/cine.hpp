#pragma once
/// Moving pictures and stills of ultrasound: frames, their times and their calibrated regions.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// RegionSpatialFormat (0018,6012) and RegionDataType (0018,6014), DICOM PS3.3 C.8.5.5.
enum class RegionFormat { none, two_d, m_mode, spectral, waveform, graphics };
enum class RegionData { none, tissue, color_flow, doppler, trace, other };

/// A part of the picture whose axes are calibrated.
struct CalibratedRegion {
  std::array<int64_t, 4> box{0, 0, 0, 0};  ///< x0, y0, x1, y1: first and last pixel, inside the picture
  RegionFormat format = RegionFormat::none;
  RegionData data = RegionData::none;
  /// mm a pixel along x and y; absent where the axis is not a length (time, velocity) or not said.
  std::optional<double> mm_x, mm_y;
  std::string problem;  ///< why the calibration cannot be used, with its tag; empty when it can
};

struct Cine {
  at::Tensor frames;            ///< uint8 [T, C, H, W], C = 1 (gray) or 3 (red, green, blue)
  std::vector<double> seconds;  ///< of each frame after the first; empty when the file does not say
  std::string time_source;      ///< the tag that the times come from
  std::vector<CalibratedRegion> regions;
  std::optional<std::array<double, 2>> pixel_spacing;  ///< x, y mm, from PixelSpacing (0028,0030)
  Modality modality = Modality::unknown;
  std::string source;                 ///< file, for messages
  std::vector<std::string> warnings;  ///< what the reader found odd
};

/// A DICOM image or multi-frame object of 8-bit gray or color pixels (ultrasound, secondary capture), or a
/// PNG, JPEG or TIFF still, which has neither time nor calibration (16 bits that reach the upper three become
/// 8 by v / 257, with a warning). Nothing is guessed: what the file does not say
/// stays absent and is a warning. Times come from FrameTime or FrameTimeVector (FrameIncrementPointer says
/// which), else from CineRate or RecommendedDisplayFrameRate, with a warning, for those are rates of showing.
/// Errors (data): as for `read_volume`; a video container (AVI, MP4), pixels of more than 8 bits, no picture.
Cine read_cine(const std::filesystem::path& path);

/// Mean time from frame to frame. Error (data) naming the tags when it is not known or there is one frame.
double seconds_a_frame(const Cine& cine);

/// mm a pixel along x and y of the two-dimensional regions or, where there are none, from PixelSpacing.
/// Errors (data), naming the tag: neither, units other than cm, a box that the picture does not hold, regions
/// that disagree.
std::array<double, 2> mm_per_pixel(const Cine& cine);

}  // namespace photo51::imaging
