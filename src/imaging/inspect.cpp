#include "photo51/imaging/inspect.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "imaging/dicom_tags.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

std::string kind_of(const DicomHeader& h) {
  if (h.modality == "SEG") return "segmentation";
  if (h.modality == "RTSTRUCT") return "structure_set";
  if (!h.has_pixels || h.modality == "RTDOSE") return "other";
  if (h.modality == "SM") return "slide";
  if (h.modality == "US" && h.is_multiframe()) return "cine";
  return "volume";
}

/// One file's DICOM header into the inspection.
void look_at_dicom(const fs::path& path, Inspection& found) {
  const DicomHeader header = read_dicom_header(path);
  found.kind = kind_of(header);
  found.modality = header.kind();
  found.phi = header.identifying;
}

/// All slices of the folder: one of them may have kept a name that the others lost.
void look_for_phi(const fs::path& folder, Inspection& found) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    if (detect_format(entry.path()) != Format::dicom) continue;
    for (const std::string& name : read_dicom_header(entry.path()).identifying) names.insert(name);
  }
  found.phi.assign(names.begin(), names.end());
}

void measure(Inspection& found) {
  at::Tensor data = found.volume->data;
  const int64_t bad = count_not_finite(*found.volume);
  if (bad > 0) {
    found.warnings.push_back(std::to_string(bad) + " of " + std::to_string(data.numel()) +
                             " voxels are NaN or infinite");
    data = data.masked_select(at::isfinite(data));
    if (data.numel() == 0) return;
  }
  found.min = data.min().item<double>();
  found.max = data.max().item<double>();
  found.mean = data.mean(at::kDouble).item<double>();
}

void suspect(Inspection& found) {
  const Volume& volume = *found.volume;
  const Geometry& g = volume.geometry;
  const auto warn = [&](std::string text) { found.warnings.push_back(std::move(text)); };
  if (found.min == found.max) warn("all voxels are " + core::format_number(found.min));
  if (volume.spacing_known) {
    const double finest = std::min({g.spacing[0], g.spacing[1], g.spacing[2]});
    const double coarsest = std::max({g.spacing[0], g.spacing[1], g.spacing[2]});
    if (finest < 0.01 || coarsest > 20)
      warn("voxels of " + core::format_number(finest) + " to " + core::format_number(coarsest) +
           " mm are unusual for a patient; check the unit of length");
    if (g.size[2] > 1 && coarsest > 8 * finest)
      warn("voxels are " + core::format_number(std::round(coarsest / finest)) + " times longer than wide");
  }
  if (volume.units == Units::hounsfield) {
    if (found.min > -200) warn("no voxel is air: are these Hounsfield units?");
    if (found.min < -1100)
      warn("voxels below -1100 HU: padding outside the scanner's field, or not Hounsfield units");
  }
}

void look(const fs::path& path, Inspection& found) {
  std::error_code code;
  const bool folder = fs::is_directory(path, code);
  const std::string suffix = path.extension().string();
  for (const char* slide : {".svs", ".ndpi", ".mrxs", ".scn", ".vms", ".bif"})
    if (suffix == slide) {
      found.kind = "slide";
      found.modality = Modality::histopathology;
    }
  if (found.kind == "slide" && fs::exists(path, code)) {
    found.warnings.emplace_back("a whole-slide image: its pixels were not looked at");
    return;
  }
  if (!folder && fs::exists(path, code) && detect_format(path) == Format::dicom) {
    look_at_dicom(path, found);
    if (found.kind != "volume") {
      found.warnings.push_back("a " + found.kind + " in DICOM: its content was not looked at");
      return;
    }
  } else if (folder) {
    look_for_phi(path, found);
  }
  found.volume = read_volume(path);
  found.modality = found.volume->modality;
  found.kind = found.volume->units == Units::label ? "segmentation" : "volume";
  found.warnings = found.volume->warnings;
  measure(found);
  suspect(found);
}

}  // namespace

Inspection inspect(const fs::path& path) {
  Inspection found;
  found.path = path.string();
  try {
    look(path, found);
  } catch (const core::Error& error) {
    found.error = error.what();
  } catch (const std::exception& error) {
    found.error = found.path + ": " + error.what();
  }
  return found;
}

}  // namespace photo51::imaging
