#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "imaging/dicom/image.hpp"
#include "imaging/dicom/mosaic.hpp"
#include "imaging/dicom/pixels/color.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"
#include "imaging/dicom/volume.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

void warn_of_color(const DicomHeader& h, Volume& volume) {
  // Mammograms are turned by their own reader.
  if (h.photometric == "MONOCHROME1" && h.modality != "MG")
    volume.warnings.emplace_back("MONOCHROME1: high values are shown dark; values are as stored");
  if (h.photometric == "PALETTE COLOR")
    volume.warnings.emplace_back("PALETTE COLOR: values are the palette's red, green and blue");
}

bool same_rescale(const std::vector<DicomFrame>& frames) {
  for (const DicomFrame& f : frames)
    if (f.slope != frames[0].slope || f.intercept != frames[0].intercept) return false;
  return true;
}

/// What numbers mean, as far as the header says it in words.
std::string unit_of(const DicomHeader& h, const DicomFrame& frame) {
  if (!h.units.empty()) return h.units;
  return h.modality == "CT" && frame.rescale_type.empty() ? "HU" : frame.rescale_type;
}

bool is_one_of(const std::string& modality, std::initializer_list<const char*> modalities) {
  return std::ranges::any_of(modalities, [&](const char* one) { return modality == one; });
}

/// What a camera or an ultrasound machine shows: it has no place, and often comes with loss only.
bool is_picture(const DicomHeader& h) {
  return is_one_of(h.modality, {"US", "IVUS", "ES", "GM", "XC", "OP", "OT", "SC"});
}

bool is_projection(const DicomHeader& h) {
  return is_one_of(h.modality, {"MG", "CR", "DX", "RG", "XA", "RF", "IO", "PX"});
}

/// Values that stand for "no value", so that they are not taken for tissue.
void warn_of_padding(const std::vector<DicomObject>& objects, Volume& volume) {
  int64_t padded = 0, all = 0;
  double shown = 0;
  for (const DicomObject& object : objects) {
    const DicomHeader& h = object.header;
    all += object.values.numel();
    if (!h.padding || object.values.size(1) != 1 || h.has_modality_lut) continue;
    double stored = *h.padding;
    // Written as unsigned although the pixels are signed.
    if (h.is_signed && stored > 32767 && h.bits_allocated == 16) stored -= 65536;
    const double value = stored * object.frames[0].slope.value_or(1) + object.frames[0].intercept.value_or(0);
    const auto here = object.values.eq(value).sum().item<int64_t>();
    if (here > 0 && padded == 0) shown = value;
    padded += here;
  }
  if (padded == 0) return;
  volume.warnings.push_back(
      core::format_fixed(100.0 * static_cast<double>(padded) / static_cast<double>(all), 1) +
      "% of the voxels are PixelPaddingValue (0028,0120), " + core::format_number(shown) +
      ": not a part of the image");
}

}  // namespace

bool is_placed(const DicomHeader& h) {
  return (!is_projection(h) && !is_picture(h)) || h.position.has_value();
}

void warn_of_pixels(const std::vector<DicomObject>& objects, Volume& volume) {
  warn_of_padding(objects, volume);
  const auto lossy =
      std::ranges::count_if(objects, [](const DicomObject& object) { return object.header.is_lossy; });
  if (lossy > 0 && !is_picture(objects[0].header))
    volume.warnings.emplace_back(
        "was compressed with loss (LossyImageCompression (0028,2110)): its values are not the scanner's");
}

void require_volume(const DicomHeader& h) {
  const std::string where = h.path.string() + ": ";
  if (!h.has_pixels) core::fail_data(where + "has no pixels; it is a " + h.sop_class_name);
  if (h.modality == "SEG" || h.modality == "SM")
    core::fail_data(where + "is a " + h.sop_class_name + ", not an image volume");
}

at::Tensor read_values(const DicomHeader& h, const std::vector<DicomFrame>& frames, core::ThreadPool* pool) {
  for (const DicomFrame& frame : frames)
    if (frame.slope && std::abs(*frame.slope) < 1e-20)
      core::fail_data(h.path.string() + ": RescaleSlope (0028,1053) is " + core::format_number(*frame.slope) +
                      ", which leaves no values; correct it");
  at::Tensor stored = read_dicom_pixels(h, pool);
  if (h.tiles > 1) stored = cut_mosaic(stored, h.tiles, static_cast<int64_t>(frames.size()));
  if (h.has_modality_lut)
    return core::with_context(h.path.string(), [&] { return apply_modality_lut(h, stored); });
  // Colors have no rescale.
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
  const bool ct = h.modality == "CT", pet = h.modality == "PT";
  if ((!ct && !pet) || h.has_modality_lut) return;
  for (const DicomFrame& frame : frames)
    if (!frame.slope || !frame.intercept)
      core::fail_data(h.path.string() + ": " + (ct ? "a CT" : "a PET") +
                      " needs RescaleSlope (0028,1053) and RescaleIntercept (0028,1052) for " +
                      (ct ? "Hounsfield units" : "its values") + ", and " +
                      (!frame.slope ? "RescaleSlope" : "RescaleIntercept") +
                      " is missing or empty; export it again");
}

void require_same_values(const std::vector<DicomObject>& objects) {
  const DicomFrame& first = objects[0].frames[0];
  const std::string unit = unit_of(objects[0].header, first);
  for (const DicomObject& object : objects)
    for (const DicomFrame& frame : object.frames) {
      const auto differs = [&](const std::string& what) {
        core::fail_data(
            object.header.path.string() + ": " + what + " unlike " + objects[0].header.name() +
            " of the same series, so their values are not of one kind; keep one kind a folder, or "
            "correct the headers");
      };
      const auto has = [](bool there, const char* name) {
        return (there ? "has " : "has no ") + std::string(name);
      };
      if (frame.slope.has_value() != first.slope.has_value())
        differs(has(frame.slope.has_value(), "RescaleSlope (0028,1053)"));
      if (frame.intercept.has_value() != first.intercept.has_value())
        differs(has(frame.intercept.has_value(), "RescaleIntercept (0028,1052)"));
      if (object.header.has_modality_lut != objects[0].header.has_modality_lut)
        differs(has(object.header.has_modality_lut, "a Modality LUT Sequence (0028,3000)"));
      if (unit_of(object.header, frame) != unit)
        differs("is in `" + unit_of(object.header, frame) +
                "` (RescaleType (0028,1054), Units (0054,1001)), " + "not in `" + unit + "`,");
      if (object.header.photometric != objects[0].header.photometric)
        differs("has PhotometricInterpretation (0028,0004) " + object.header.photometric + ",");
    }
}

void describe_values(const DicomHeader& h, const std::vector<DicomFrame>& frames, Volume& volume) {
  volume.modality = h.kind();
  const std::string& type = frames[0].rescale_type;
  if (volume.modality == Modality::ct) {
    const bool hounsfield = type.empty() || type == "HU";
    volume.units = hounsfield ? Units::hounsfield : Units::unknown;
    if (!hounsfield) volume.warnings.push_back("RescaleType (0028,1054) is " + type + ", not HU");
  } else if (volume.modality == Modality::pet) {
    volume.units =
        h.units == "BQML" || (h.units.empty() && type == "BQML") ? Units::becquerel_per_ml : Units::unknown;
  } else {
    volume.units = Units::arbitrary;
  }
  warn_of_color(h, volume);
  // An ordinary mammogram; its own reader takes the magnification off.
  if (h.spacing_at_detector && volume.modality != Modality::mammography)
    volume.warnings.emplace_back(
        "the spacing is ImagerPixelSpacing (0018,1164), at the detector: the patient's is smaller by the "
        "magnification");
  if (h.modality == "NM" && h.between_slices && *h.between_slices < 0 && frames.size() > 1 &&
      frames[1].position)
    volume.warnings.push_back("SpacingBetweenSlices (0018,0088) is " +
                              core::format_number(*h.between_slices) +
                              ": its slices were placed against their normal, as nuclear medicine means it");
}

}  // namespace photo51::imaging
