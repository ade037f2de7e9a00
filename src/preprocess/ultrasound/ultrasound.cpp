#include "photo51/preprocess/ultrasound/ultrasound.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>

#include <array>

#include "photo51/core/error.hpp"
#include "preprocess/ultrasound/planes.hpp"

namespace photo51::preprocess {

std::span<const std::string_view> enum_names(SectorUse) {
  static constexpr std::array<std::string_view, 3> names{"none", "mask", "crop"};
  return names;
}

std::span<const std::string_view> enum_names(TextRemoval) {
  static constexpr std::array<std::string_view, 3> names{"none", "zero", "inpaint"};
  return names;
}

std::span<const std::string_view> enum_names(DopplerUse) {
  static constexpr std::array<std::string_view, 3> names{"keep", "gray", "split"};
  return names;
}

void describe(config::Fields& f, UltrasoundOptions& o) {
  f("sector", o.sector,
    "the area of the scan: mask makes all around it 0, crop also cuts the picture to its box, none keeps "
    "all");
  f("remove_text", o.remove_text,
    "letters, calipers and lines over the scan become 0 or are filled from around");
  f("doppler", o.doppler,
    "colors of flow: kept; gray: B-mode alone; split: B-mode and, as a second channel, flow from -1 to 1 by "
    "the "
    "color bar");
}

at::Tensor prepare_ultrasound(const at::Tensor& given, const UltrasoundOptions& options) {
  if (given.dim() == 3) return prepare_ultrasound(given.unsqueeze(0), options).squeeze(0);
  at::Tensor frames = checked_frames(given);
  const bool sought = options.sector != SectorUse::none || options.remove_text != TextRemoval::none ||
                      options.doppler != DopplerUse::keep;
  if (!sought) return frames;
  const Sector sector = find_sector(frames);
  const at::Tensor outside = sector.mask.eq(0);
  at::Tensor overlay;
  if (options.remove_text != TextRemoval::none) {
    overlay = find_overlay(frames, sector);
    const at::Tensor clean = remove_overlay(frames, overlay, options.remove_text == TextRemoval::inpaint);
    // The color bar stands outside and must still be there when the flow is told from it.
    frames = options.doppler == DopplerUse::keep ? clean : at::where(outside, frames, clean);
  }
  if (options.doppler != DopplerUse::keep) {
    const Doppler split = split_doppler(frames, sector);
    frames = options.doppler == DopplerUse::gray ? split.gray
                                                 : at::cat({split.gray.to(at::kFloat), split.flow}, 1);
    if (overlay.defined()) frames = frames.masked_fill(overlay.ne(0).logical_and(outside).unsqueeze(1), 0);
  }
  if (options.sector == SectorUse::none) return frames;
  frames = frames.masked_fill(outside, 0);
  if (options.sector == SectorUse::mask) return frames;
  const PixelBox& b = sector.box;
  return frames.narrow(2, b.y0, b.y1 - b.y0).narrow(3, b.x0, b.x1 - b.x0).contiguous();
}

}  // namespace photo51::preprocess
