#include <ATen/ATen.h>

#include "imaging/dicom_colour.hpp"
#include "imaging/dicom_image.hpp"
#include "imaging/dicom_pixels.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

void warn_of_colour(const DicomHeader& h, Volume& volume) {
  if (h.photometric == "MONOCHROME1")
    volume.warnings.emplace_back("MONOCHROME1: high values are shown dark; values are as stored");
  if (h.photometric == "PALETTE COLOR")
    volume.warnings.emplace_back("PALETTE COLOR: values are the palette's red, green and blue");
}

bool same_rescale(const std::vector<DicomFrame>& frames) {
  for (const DicomFrame& f : frames)
    if (f.slope != frames[0].slope || f.intercept != frames[0].intercept) return false;
  return true;
}

}  // namespace

void require_volume(const DicomHeader& h) {
  const std::string where = h.path.string() + ": ";
  if (!h.has_pixels) core::fail_data(where + "has no pixels; it is a " + h.sop_class_name);
  if (h.modality == "SEG" || h.modality == "SM")
    core::fail_data(where + "is a " + h.sop_class_name + ", not an image volume");
}

at::Tensor read_values(const DicomHeader& h, const std::vector<DicomFrame>& frames, core::ThreadPool* pool) {
  for (const DicomFrame& frame : frames)
    if (frame.slope == 0.0) core::fail_data(h.path.string() + ": RescaleSlope (0028,1053) is 0; correct it");
  at::Tensor stored = read_dicom_pixels(h, pool);
  if (h.has_modality_lut)
    return core::with_context(h.path.string(), [&] { return apply_modality_lut(h, stored); });
  // Colours have no rescale.
  if (stored.size(1) > 1) return stored;
  if (same_rescale(frames))
    return rescale(stored, frames[0].slope.value_or(1), frames[0].intercept.value_or(0));
  std::vector<at::Tensor> values;
  for (size_t f = 0; f < frames.size(); ++f)
    values.push_back(
        rescale(stored[static_cast<int64_t>(f)], frames[f].slope.value_or(1), frames[f].intercept.value_or(0))
            .to(at::kFloat));
  return at::stack(values);
}

void require_units(const DicomHeader& h, const std::vector<DicomFrame>& frames) {
  if (h.modality != "CT" || h.has_modality_lut) return;
  for (const DicomFrame& frame : frames)
    if (!frame.slope || !frame.intercept)
      core::fail_data(
          h.path.string() +
          ": a CT needs RescaleSlope (0028,1053) and RescaleIntercept (0028,1052) for Hounsfield units");
}

void describe_values(const DicomHeader& h, const std::vector<DicomFrame>& frames, Volume& volume) {
  volume.modality = h.kind();
  const std::string& type = frames[0].rescale_type;
  if (volume.modality == Modality::ct) {
    const bool hounsfield = type.empty() || type == "HU";
    volume.units = hounsfield ? Units::hounsfield : Units::unknown;
    if (!hounsfield) volume.warnings.push_back("RescaleType (0028,1054) is " + type + ", not HU");
  } else if (volume.modality == Modality::pet) {
    volume.units = h.units == "BQML" ? Units::becquerel_per_ml : Units::unknown;
  } else {
    volume.units = Units::arbitrary;
  }
  warn_of_colour(h, volume);
  if (h.spacing_at_detector)
    volume.warnings.emplace_back(
        "the spacing is ImagerPixelSpacing (0018,1164), at the detector: the patient's is smaller by the "
        "magnification");
}

}  // namespace photo51::imaging
