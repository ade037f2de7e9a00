#pragma once
/// What one PET slice says about dose, decay and body.

#include <filesystem>
#include <optional>
#include <string>

#include "imaging/dicom/date_time.hpp"
#include "imaging/dicom/header.hpp"

namespace photo51::imaging {

struct PetHeader {
  std::filesystem::path path;
  std::string modality, units, suv_type, decay_correction, corrected_image, sex;
  bool enhanced = false;                 ///< one object of many frames, which says the same in other elements
  std::optional<double> weight, height;  ///< kg, m
  /// Radiopharmaceuticals that differ; the numbers below are the first one's.
  size_t injections = 0;
  std::string nuclide;
  std::optional<double> dose, half_life;                ///< Bq, s
  std::optional<Moment> injected;                       ///< RadiopharmaceuticalStartDateTime
  std::optional<double> injected_time;                  ///< RadiopharmaceuticalStartTime, s since midnight
  std::optional<Moment> series, acquired;               ///< SeriesTime, AcquisitionTime with their dates
  std::optional<Moment> corrected_to;                   ///< DecayCorrectionDateTime
  std::optional<Moment> ge_scan;                        ///< GE's private scan time
  std::optional<double> duration, reference;            ///< ActualFrameDuration, FrameReferenceTime, s
  std::optional<double> philips_suv, philips_activity;  ///< Philips' private scales of counts
};

/// Of a header that still holds its file. Error (data): one of the numbers cannot be read.
PetHeader pet_header_of(const DicomHeader& slice);

}  // namespace photo51::imaging
