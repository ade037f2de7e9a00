#include "photo51/imaging/inspect/inspect.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "imaging/dicom/select.hpp"
#include "imaging/inspect/dicom.hpp"
#include "imaging/inspect/inspectors.hpp"
#include "imaging/readers.hpp"
#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/privacy/privacy.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

bool is_named_as_slide(const fs::path& path) {
  const std::string suffix = path.extension().string();
  for (const char* slide : {".svs", ".ndpi", ".mrxs", ".scn", ".vms", ".bif"})
    if (suffix == slide) return true;
  return false;
}

void look(const fs::path& path, Inspection& found, const InspectOptions& options) {
  std::error_code code;
  const bool folder = fs::is_directory(split_choice(path).first, code),
             file = !folder && fs::exists(path, code);
  if (file && (is_named_as_slide(path) || looks_like_slide(path))) {
    found.kind = "slide";
    found.modality = Modality::histopathology;
  } else if (file && detect_format(path) == Format::dicom) {
    return inspect_dicom(path, found, options);
  } else if (folder) {
    return inspect_dicom_folder(path, found, options);
  } else {
    found.kind = "volume";
  }
  if (found.kind == "slide") return inspect_slide(path, found, options);
  Volume volume = read_volume(path);
  inspect_segments(path, volume, found);
  inspect_volume(std::move(volume), found, options);
}

}  // namespace

void inspect_volume(Volume volume, Inspection& found, const InspectOptions& options) {
  found.modality = volume.modality;
  found.units = volume.units;
  found.kind = volume.units == Units::label ? "segmentation" : "volume";
  found.size = volume.geometry.size;
  if (volume.spacing_known) found.spacing = volume.geometry.spacing;
  found.channels = volume.data.size(0);
  found.warnings.insert(found.warnings.end(), volume.warnings.begin(), volume.warnings.end());
  if (!found.measured) measure(volume.data, found);
  suspect(volume, found);
  if (options.picture)
    found.picture = is_color_picture(volume.data) ? frame_sheet(volume.data.narrow(0, 0, 3).transpose(0, 1))
                                                  : inspection_sheet(volume);
  found.volume = std::move(volume);
}

at::Tensor inspection_sheet(const Volume& volume, std::optional<Window> window) {
  PictureOptions picture;
  picture.window = window;
  picture.longest_side = 160;
  return contact_sheet(volume, 6, 3, picture);
}

at::Tensor frame_sheet(const at::Tensor& frames) {
  // The longest side of one is at most 160 pixels.
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

bool is_color_picture(const at::Tensor& channels) {
  return channels.scalar_type() == at::kByte && (channels.size(0) == 3 || channels.size(0) == 4);
}

std::string plain(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

void suspect(const Volume& volume, Inspection& found) {
  const Geometry& g = volume.geometry;
  const auto warn = [&](std::string text) { found.warnings.push_back(std::move(text)); };
  if (found.min == found.max) warn("all voxels are " + core::format_number(found.min));
  if (volume.spacing_known) {
    double finest = std::min(g.spacing[0], g.spacing[1]), coarsest = std::max(g.spacing[0], g.spacing[1]);
    // How thick a single slice is says nothing of its voxels' shape.
    if (g.size[2] > 1) {
      finest = std::min(finest, g.spacing[2]);
      coarsest = std::max(coarsest, g.spacing[2]);
    }
    if (finest < 0.01 || coarsest > 20)
      warn("voxels of " + plain(finest) + " to " + plain(coarsest) +
           " mm are unusual for a patient; check the unit of length");
    // Slices of 7 mm of a head in pixels of 0.25 mm are ordinary.
    if (coarsest > 30 * finest)
      warn("voxels are " + plain(std::round(coarsest / finest)) + " times longer than wide");
  }
  if (volume.units == Units::hounsfield) {
    if (found.min > -200) warn("no voxel is air: are these Hounsfield units?");
    if (found.min < -1100)
      warn("voxels below -1100 HU: padding outside the scanner's field, or not Hounsfield units");
  }
}

void measure(const at::Tensor& values, Inspection& found) {
  at::Tensor finite = values;
  if (at::isFloatingType(values.scalar_type())) {
    const at::Tensor good = at::isfinite(values);
    const int64_t bad = values.numel() - good.sum().item<int64_t>();
    if (bad > 0) {
      found.warnings.push_back(std::to_string(bad) + " of " + std::to_string(values.numel()) +
                               " voxels are NaN or infinite");
      finite = values.masked_select(good);
    }
  }
  if (finite.numel() == 0) return;
  found.min = finite.min().item<double>();
  found.max = finite.max().item<double>();
  found.mean = finite.mean(at::kDouble).item<double>();
  found.measured = true;
}

Inspection inspect(const fs::path& path, const InspectOptions& options) {
  Inspection found;
  found.path = path.string();
  found.phi = identity_of(path).elements;
  try {
    look(path, found, options);
  } catch (const core::Error& error) {
    found.error = error.what();
  } catch (const std::exception& error) {
    if (core::is_out_of_memory(error)) throw;  // says nothing about the file
    found.error = found.path + ": " + error.what();
  }
  return found;
}

}  // namespace photo51::imaging
