#pragma once
/// Whole-slide pictures to pyramidal TIFF.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace photo51::imaging {

enum class SlideCompression { jpeg, deflate };
struct SlideTags {
  double mpp = 0;      ///< micrometres a pixel of the finest level
  int64_t levels = 3;  ///< each half as wide and high as the one before
  int64_t tile = 256;  ///< pixels, a multiple of 16
  SlideCompression compression = SlideCompression::jpeg;
  int jpeg_quality = 85;
  /// An ImageDescription as Aperio scanners write it (`|MPP = …|AppMag = …`). Otherwise the scale stands in
  /// the resolution tags alone. Both spell the resolution tags, in pixels a centimetre.
  bool aperio = false;
  double magnification = 20;  ///< of the objective, for Aperio's description
  std::string scanner = {};   ///< Aperio's ScanScope ID; else the TIFF's Model
};

/// `picture` is uint8 [3, H, W], RGB. The TIFF opens in OpenSlide as `aperio` or `generic-tiff`; tiles at the
/// border repeat the last pixels. Atomic. Errors: usage (shape, mpp, tile or levels that cannot be), run (the
/// disk).
void write_slide(const at::Tensor& picture, const std::filesystem::path& path, const SlideTags& tags);

}  // namespace photo51::imaging
