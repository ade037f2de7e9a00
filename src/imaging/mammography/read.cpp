#include <ATen/core/Tensor.h>

#include "imaging/dicom/header.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {
namespace {

/// Mirrors values about the middle of what the stored bits can hold, rescaled: 0 becomes the highest.
at::Tensor inverted(const at::Tensor& values, const DicomHeader& h) {
  const double range = static_cast<double>((int64_t{1} << h.bits_stored) - 1);
  const double low = h.is_signed ? -(range + 1) / 2 : 0;
  const double slope = h.slope.value_or(1), intercept = h.intercept.value_or(0);
  const double ends = (2 * low + range) * slope + 2 * intercept;
  if (at::isFloatingType(values.scalar_type())) return values.neg().add(ends);
  return values.to(at::kInt).neg().add(static_cast<int64_t>(ends));
}

}  // namespace

Mammogram read_mammogram(const std::filesystem::path& path, const DicomPolicy& policy) {
  Mammogram made;
  made.volume = read_volume(path, {.modality = Modality::mammography, .dicom = policy});
  Volume& volume = made.volume;
  volume.units = Units::arbitrary;
  std::error_code code;
  if (std::filesystem::is_directory(path, code) || detect_format(path) != Format::dicom) {
    made.facts.path = path;
    made.facts.warnings.emplace_back(
        "a picture file says neither laterality nor view nor the size of a pixel");
    return made;
  }
  if (volume.data.size(0) != 1)
    core::fail_data(path.string() + ": has " + std::to_string(volume.data.size(0)) +
                    " channels, but a mammogram is gray; convert it");
  made.facts = read_mammogram_facts(path);
  if (made.facts.inverted)
    volume.data = policy.voi == VoiUse::apply ? volume.data.neg().add(1)
                                              : inverted(volume.data, read_dicom_header(path));
  volume.spacing_known = made.facts.spacing.has_value();
  if (made.facts.spacing) {
    volume.geometry.spacing[0] = (*made.facts.spacing)[0];
    volume.geometry.spacing[1] = (*made.facts.spacing)[1];
  }
  volume.warnings.insert(volume.warnings.end(), made.facts.warnings.begin(), made.facts.warnings.end());
  return made;
}

}  // namespace photo51::imaging
