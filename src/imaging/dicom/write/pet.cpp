#include <ATen/ATen.h>

#include <cmath>

#include "imaging/dicom/uid.hpp"
#include "imaging/dicom/write/dataset.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/dicom/write.hpp"

namespace photo51::imaging {
namespace {

constexpr double kLargest = 32767;

/// Seconds since midnight of HHMMSS.
double seconds_of(const std::string& time, const char* name) {
  bool good = time.size() == 6 && time.find_first_not_of("0123456789") == std::string::npos;
  double seconds = 0;
  if (good) {
    const int hour = std::stoi(time.substr(0, 2)), minute = std::stoi(time.substr(2, 2)),
              second = std::stoi(time.substr(4, 2));
    good = hour < 24 && minute < 60 && second < 60;
    seconds = 3600.0 * hour + 60.0 * minute + second;
  }
  if (!good) core::fail_usage(std::string(name) + ": \"" + time + "\" is not a time of day, HHMMSS");
  return seconds;
}

void check_pet(const Volume& pet, const DicomTags& tags, const PetTags& t) {
  if (pet.data.dim() != 4 || pet.data.size(0) != 1)
    core::fail_usage("a PET series has one channel; this volume has data " + c10::str(pet.data.sizes()));
  if (pet.units != Units::becquerel_per_ml)
    core::fail_usage("a PET series is written from Bq/ml; this volume's units are " + to_string(pet.units));
  require_orthogonal(pet.geometry, "a PET series");
  const auto positive = [](const char* name, double value) {
    if (!(value > 0 && std::isfinite(value)))
      core::fail_usage(std::string(name) + ": " + decimal(value) + " is not above 0; SUV needs it");
  };
  positive("weight", t.weight);
  positive("dose", t.dose);
  positive("half_life", t.half_life);
  positive("frame_duration", t.frame_duration);
  if (tags.study_date.size() != 8)
    core::fail_usage("study_date: \"" + tags.study_date + "\" is not a date, YYYYMMDD; SUV needs one");
  if (seconds_of(t.injection_time, "injection_time") > seconds_of(t.series_time, "series_time"))
    core::fail_usage("injection_time " + t.injection_time + " is after series_time " + t.series_time);
}

void put_isotope(DicomPut& put, const DicomTags& tags, const PetTags& t) {
  DicomPut drug(put.item(DCM_RadiopharmaceuticalInformationSequence));
  drug.text(DCM_Radiopharmaceutical, t.radiopharmaceutical);
  drug.text(DCM_RadiopharmaceuticalStartTime, t.injection_time);
  drug.text(DCM_RadiopharmaceuticalStartDateTime, tags.study_date + t.injection_time);
  drug.text(DCM_RadionuclideTotalDose, decimal(t.dose));
  drug.text(DCM_RadionuclideHalfLife, decimal(t.half_life));
  drug.code(DCM_RadionuclideCodeSequence, {t.radionuclide_code.c_str(), "SRT", t.radionuclide.c_str()});
}

void put_series(DicomPut& put, const DicomTags& tags, const PetTags& t, int64_t slices) {
  put.text(DCM_PatientWeight, decimal(t.weight));
  put.text(DCM_PatientSize, t.height > 0 ? decimal(t.height) : "");
  for (const DcmTagKey& date : {DCM_SeriesDate, DCM_AcquisitionDate, DCM_ContentDate})
    put.text(date, tags.study_date);
  for (const DcmTagKey& time : {DCM_SeriesTime, DCM_AcquisitionTime, DCM_ContentTime})
    put.text(time, t.series_time);
  put.text(DCM_ImageType, "ORIGINAL\\PRIMARY");
  put.text(DCM_Units, "BQML");
  put.text(DCM_CountsSource, "EMISSION");
  put.text(DCM_SeriesType, "STATIC\\IMAGE");
  put.number(DCM_NumberOfSlices, slices);
  put.text(DCM_CorrectedImage, "DECY\\ATTN\\SCAT\\DTIM\\RAN");
  put.text(DCM_DecayCorrection, "START");
  put.text(DCM_CollimatorType, "NONE");
  // The decay within the frame (PS3.3 C.8.9.4.1.5), to its mean count rate.
  const double decay = std::log(2.0) / t.half_life * t.frame_duration;
  put.text(DCM_DecayFactor, decimal(decay / (1 - std::exp(-decay))));
  put.text(DCM_FrameReferenceTime,
           decimal(1000 * t.half_life / std::log(2.0) * std::log(decay / (1 - std::exp(-decay)))));
  put.text(DCM_ActualFrameDuration, std::to_string(std::llround(1000 * t.frame_duration)));
  put_isotope(put, tags, t);
}

}  // namespace

void write_pet_series(const Volume& pet, const std::filesystem::path& folder, const DicomTags& tags,
                      const PetTags& pet_tags) {
  core::with_context(folder.string(), [&] { check_pet(pet, tags, pet_tags); });
  const at::Tensor values = pet.data[0].to(at::kDouble).contiguous();
  if (!(values.min().item<double>() >= 0 && values.max().item<double>() < 1e12))
    core::fail_data(folder.string() + ": a PET holds 0 to 1e12 Bq/ml; this volume goes from " +
                    decimal(values.min().item<double>()) + " to " + decimal(values.max().item<double>()) +
                    (count_not_finite(pet) > 0 ? " and has NaN voxels" : "") + "; clip it first");
  prepare_series_folder(folder, pet.geometry.size[2]);
  const DicomUids uids = uids_of(tags);
  const auto& size = pet.geometry.size;
  for (int64_t k = 0; k < size[2]; ++k) {
    const double most = values[k].max().item<double>();
    // Values are divided by the slope as the file spells it.
    const std::string slope = decimal(most > 0 ? most / kLargest : 1);
    const at::Tensor pixels =
        (values[k] / std::stod(slope)).round().clamp_max(kLargest).to(at::kShort).contiguous();
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    DicomPut put(dataset);
    put.text(DCM_SOPClassUID, UID_PositronEmissionTomographyImageStorage);
    put.text(DCM_SOPInstanceUID, uid_from(uids.seed + "/slice/" + std::to_string(k)));
    put_patient_and_study(put, tags, uids, "PT");
    put_series(put, tags, pet_tags, size[2]);
    put_plane(put, pet.geometry, k, uids);
    put.text(DCM_AcquisitionNumber, "1");
    put.text(DCM_InstanceNumber, std::to_string(k + 1));
    put.number(DCM_ImageIndex, k + 1);
    put_gray_layout(put, size[1], size[0], 16, 16, true);
    put.text(DCM_RescaleIntercept, "0");
    put.text(DCM_RescaleSlope, slope);
    DicomPut::done(dataset.putAndInsertUint16Array(
        DCM_PixelData, reinterpret_cast<const Uint16*>(pixels.const_data_ptr<int16_t>()),
        static_cast<unsigned long>(size[0] * size[1])));
    save_dicom(file, folder / slice_name(k));
  }
}

}  // namespace photo51::imaging
