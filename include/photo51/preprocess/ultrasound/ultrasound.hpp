#pragma once
/// Ultrasound pictures without what the machine drew around and over them.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "photo51/config/fields.hpp"
#include "photo51/preprocess/mammography/mammography.hpp"

namespace photo51::preprocess {

/// The area of the scan: none keeps all, mask makes all around it 0, crop also cuts the picture to its box.
enum class SectorUse { none, mask, crop };
/// Letters, calipers and lines over the scan become 0 or are filled from around.
enum class TextRemoval { none, zero, inpaint };
/// The colors of flow: kept; gray: B-mode alone; split: B-mode and flow.
enum class DopplerUse { keep, gray, split };
/// As configs write them.
std::span<const std::string_view> enum_names(SectorUse);
std::span<const std::string_view> enum_names(TextRemoval);
std::span<const std::string_view> enum_names(DopplerUse);

struct UltrasoundOptions {
  SectorUse sector = SectorUse::crop;
  TextRemoval remove_text = TextRemoval::inpaint;
  DopplerUse doppler = DopplerUse::keep;
};
void describe(config::Fields& f, UltrasoundOptions& o);

/// The area that echoes were drawn in: a fan, a rectangle, a trapezoid or a curved array's ring piece.
struct Sector {
  at::Tensor mask;  ///< uint8 [H, W]; each column is one run, holes filled
  PixelBox box;
};

/// `frames` uint8 [T, C, H, W] (or [C, H, W]), C = 1 or 3. With several frames the sector is where pictures
/// change; of one frame it is the largest connected area that is not background, text and thin lines taken
/// away. Error (data): no such area (an empty picture).
Sector find_sector(const at::Tensor& frames);

/// uint8 [T, H, W]: 1 where the machine drew letters, calipers or lines. Outside the sector every pixel that
/// is not background; inside it, small thin bright shapes and colored shapes that are not flow.
at::Tensor find_overlay(const at::Tensor& frames, const Sector& sector);

/// Frames with the overlay's pixels 0 or filled from around (harmonic, that is a membrane spanned over the
/// hole). Same shape and type.
at::Tensor remove_overlay(const at::Tensor& frames, const at::Tensor& overlay, bool inpaint);

/// Color Doppler taken apart.
struct Doppler {
  at::Tensor gray;  ///< uint8 [T, 1, H, W]: B-mode; under color the white part that shows through
  /// float32 [T, 1, H, W], -1 to 1: where on the color bar a pixel's color stands, + its upper half
  /// (toward the transducer). Without a bar: warm colors +, cold ones -, by brightness.
  at::Tensor flow;
  bool bar_found = false;
  bool power = false;  ///< a power Doppler's bar: both halves warm, flow >= 0
};
/// `frames` uint8 [T, 3, H, W]; gray pictures give a flow of zeros.
Doppler split_doppler(const at::Tensor& frames, const Sector& sector);

/// All that the options ask for: uint8 [T, C, h, w], or float32 [T, 2, h, w] (B-mode 0..255, flow -1..1)
/// with `doppler: split`. [C, H, W] in gives [C, h, w].
at::Tensor prepare_ultrasound(const at::Tensor& frames, const UltrasoundOptions& options);

}  // namespace photo51::preprocess
