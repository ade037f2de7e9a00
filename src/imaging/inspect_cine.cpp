#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "imaging/cine_tags.hpp"
#include "imaging/dicom_dcmtk.hpp"
#include "imaging/inspectors.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/cine.hpp"

namespace photo51::imaging {
namespace {

const char* name_of(RegionFormat format) {
  static constexpr const char* kNames[] = {"a region",   "a 2D region", "an M-mode region",
                                           "a spectrum", "a waveform",  "graphics"};
  return kNames[static_cast<size_t>(format)];
}

std::string mm_text(double value) {
  return core::format_number(std::round(value * 1e4) / 1e4);
}

void note_regions(const Cine& cine, Inspection& found) {
  for (const CalibratedRegion& region : cine.regions) {
    const auto [x0, y0, x1, y1] = region.box;
    std::string note = std::string(name_of(region.format)) + " at " + std::to_string(x0) + ", " +
                       std::to_string(y0) + " to " + std::to_string(x1) + ", " + std::to_string(y1);
    if (region.mm_x && region.mm_y)
      note += ": " + mm_text(*region.mm_x) + " x " + mm_text(*region.mm_y) + " mm a pixel";
    found.notes.push_back(std::move(note));
  }
}

/// Frames evenly over time, as they are, side by side; the longest side of one is at most 160 pixels.
at::Tensor sheet_of(const at::Tensor& frames) {
  constexpr int64_t kColumns = 6, kRows = 3, kGap = 2, kSide = 160;
  const int64_t count = frames.size(0), tiles = std::min(count, kColumns * kRows);
  const int64_t step = std::max<int64_t>(1, (std::max(frames.size(2), frames.size(3)) + kSide - 1) / kSide);
  const int64_t h = (frames.size(2) + step - 1) / step, w = (frames.size(3) + step - 1) / step;
  const int64_t wide = std::min(kColumns, tiles), high = (tiles + kColumns - 1) / kColumns;
  at::Tensor sheet = at::zeros({high * (h + kGap) - kGap, wide * (w + kGap) - kGap, 3}, at::kByte);
  for (int64_t i = 0; i < tiles; ++i) {
    const at::Tensor frame = frames[(2 * i + 1) * count / (2 * tiles)]
                                 .slice(1, 0, std::nullopt, step)
                                 .slice(2, 0, std::nullopt, step);
    sheet.narrow(0, i / kColumns * (h + kGap), h)
        .narrow(1, i % kColumns * (w + kGap), w)
        .copy_(frame.expand({3, h, w}).permute({1, 2, 0}));
  }
  return sheet;
}

void take_spacing(const Cine& cine, Inspection& found) {
  try {
    const auto mm = mm_per_pixel(cine);
    found.spacing = std::array<double, 3>{mm[0], mm[1], std::numeric_limits<double>::quiet_NaN()};
  } catch (const core::Error&) {
    // The warnings say it already.
  }
}

}  // namespace

void inspect_cine(const std::filesystem::path& path, Inspection& found, const InspectOptions& options) {
  const Cine cine = read_cine(path);
  found.size = std::array<int64_t, 3>{cine.frames.size(3), cine.frames.size(2), cine.frames.size(0)};
  found.channels = cine.frames.size(1);
  found.units = Units::arbitrary;
  found.warnings.insert(found.warnings.end(), cine.warnings.begin(), cine.warnings.end());
  if (!cine.seconds.empty())
    found.notes.push_back(std::to_string(cine.frames.size(0)) + " frames, " +
                          mm_text(1 / seconds_a_frame(cine)) + " a second, from " + cine.time_source);
  note_regions(cine, found);
  take_spacing(cine, found);
  measure(cine.frames, found);
  if (found.min == found.max) found.warnings.push_back("all pixels are " + core::format_number(found.min));
  if (options.picture) found.picture = sheet_of(cine.frames);
}

void inspect_still(const std::filesystem::path& path, Inspection& found) {
  if (!found.size) return;
  DcmFileFormat file;
  load_dicom(file, path);
  Cine cine;
  read_regions(*file.getDataset(), (*found.size)[0], (*found.size)[1], cine);
  note_regions(cine, found);
  found.warnings.insert(found.warnings.end(), cine.warnings.begin(), cine.warnings.end());
  if (!found.spacing) take_spacing(cine, found);
}

}  // namespace photo51::imaging
