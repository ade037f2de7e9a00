#pragma once
/// Slices as 8-bit pictures, for reports and contact sheets. A picture is uint8 [H, W, 3] (or [H, W], gray).

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// Values shown black and white.
struct Window {
  double low = 0, high = 1;
};

/// -160..240 HU for a CT; else the 1st to 99.5th percentile of the finite voxels that are not the minimum
/// (the air around the patient).
Window usual_window(const Volume& volume, int64_t channel = 0);

struct PictureOptions {
  int64_t channel = 0;
  std::optional<Window> window = {};  ///< absent: usual_window
  const Volume* mask = nullptr;       ///< non-zero voxels are outlined; the volume's grid
  std::array<uint8_t, 3> outline{255, 176, 0};
  int64_t longest_side = 0;  ///< pixels; 0 = one pixel a voxel along the finer axis
};

/// One slice across voxel `axis` (0 x, 1 y, 2 z) at `index`, with square pixels and, where the orientation is
/// known, as radiologists look at it: the patient's right on the left, front or head on top. Errors (usage):
/// axis, index or channel out of range, a mask on another grid.
at::Tensor slice_picture(const Volume& volume, int axis, int64_t index, const PictureOptions& options = {});

/// Index along `axis` of the slice with the most mask voxels; the middle slice when the mask is empty.
int64_t fullest_slice(const Volume& mask, int axis);

/// Evenly spaced slices along z, `columns` x `rows` at most, in reading order from the first.
at::Tensor contact_sheet(const Volume& volume, int64_t columns, int64_t rows,
                         const PictureOptions& options = {});

/// PNG (ISO/IEC 15948) of uint8 [H, W] or [H, W, 3]. Error (usage) for anything else.
std::string encode_png(const at::Tensor& picture);

}  // namespace photo51::imaging
