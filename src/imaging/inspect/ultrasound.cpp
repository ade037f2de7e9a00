#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "imaging/dicom/dcmtk.hpp"
#include "imaging/inspect/inspectors.hpp"
#include "imaging/ultrasound/tags.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"

namespace photo51::imaging {
namespace {

const char* name_of(RegionFormat format) {
  static constexpr const char* kNames[] = {"a region",   "a 2D region", "an M-mode region",
                                           "a spectrum", "a waveform",  "graphics"};
  return kNames[static_cast<size_t>(format)];
}

std::string mm_text(double value) {
  return plain(value);
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

void show_spacing(const Cine& cine, Inspection& found) {
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
  show_spacing(cine, found);
  measure(cine.frames, found);
  if (found.min == found.max) found.warnings.push_back("all pixels are " + core::format_number(found.min));
  if (options.picture) found.picture = frame_sheet(cine.frames);
}

void inspect_still(const std::filesystem::path& path, Inspection& found) {
  if (!found.size) return;
  DcmFileFormat file;
  load_dicom(file, path);
  Cine cine;
  cine.source = path.string();
  core::with_context(path.string(),
                     [&] { read_regions(*file.getDataset(), (*found.size)[0], (*found.size)[1], cine); });
  note_regions(cine, found);
  found.warnings.insert(found.warnings.end(), cine.warnings.begin(), cine.warnings.end());
  if (!found.spacing) show_spacing(cine, found);
}

}  // namespace photo51::imaging
