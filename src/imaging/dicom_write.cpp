#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "imaging/dicom_uid.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
constexpr double kIntercept = -1024;

/// A DICOM decimal string: 16 characters at most.
std::string decimal(double value) {
  if (value == 0) value = 0;  // no "-0"
  char text[32];
  for (int digits = 12; digits > 0; --digits) {
    const int length = std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (length <= 16) break;
  }
  return text;
}

void check(const Volume& ct) {
  if (ct.data.dim() != 4 || ct.data.size(0) != 1)
    core::fail_usage("a CT series has one channel; this volume has data " + c10::str(ct.data.sizes()));
  if (ct.units != Units::hounsfield)
    core::fail_usage("a CT series is written from Hounsfield units; this volume's units are " +
                     to_string(ct.units));
  const auto& d = ct.geometry.direction;
  for (size_t a = 0; a < 3; ++a)
    for (size_t b = a; b < 3; ++b) {
      const double dot = d[a] * d[b] + d[3 + a] * d[3 + b] + d[6 + a] * d[6 + b];
      if (std::abs(dot - (a == b ? 1.0 : 0.0)) > 1e-4)
        core::fail_usage("a CT series needs orthogonal axes; resample this volume to an orthogonal grid");
    }
}

/// Makes the folder and takes away the slices of an earlier series.
void prepare(const fs::path& folder) {
  core::make_directories(folder);
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("slice_"))
      core::fail_usage(folder.string() + ": holds other files (" + name + "); choose an empty folder");
    old.push_back(entry.path());
  }
  for (const fs::path& path : old) fs::remove(path);
}

class Writer {
 public:
  explicit Writer(DcmDataset& dataset) : dataset_(dataset) {}
  void text(const DcmTagKey& tag, const std::string& value) {
    done(dataset_.putAndInsertString(DcmTag(tag), value.c_str()));
  }
  void number(const DcmTagKey& tag, int64_t value) {
    done(dataset_.putAndInsertUint16(DcmTag(tag), static_cast<Uint16>(value)));
  }
  static void done(const OFCondition& condition) {
    if (condition.bad()) core::fail_run(std::string("DICOM: ") + condition.text());
  }

 private:
  DcmDataset& dataset_;
};

struct Uids {
  std::string study, series, frame;
};

void put_patient_and_study(Writer& put, const DicomTags& tags, const Uids& uids) {
  put.text(DCM_SpecificCharacterSet, "ISO_IR 192");
  put.text(DCM_PatientName, tags.patient_name.empty() ? tags.patient_id : tags.patient_name);
  put.text(DCM_PatientID, tags.patient_id);
  put.text(DCM_PatientBirthDate, "");
  put.text(DCM_PatientSex, tags.patient_sex);
  put.text(DCM_StudyInstanceUID, uids.study);
  put.text(DCM_StudyDate, tags.study_date);
  put.text(DCM_StudyTime, "");
  put.text(DCM_StudyID, "1");
  put.text(DCM_AccessionNumber, "");
  put.text(DCM_ReferringPhysicianName, "");
  put.text(DCM_StudyDescription, tags.study_description);
  put.text(DCM_Modality, "CT");
  put.text(DCM_SeriesInstanceUID, uids.series);
  put.text(DCM_SeriesNumber, std::to_string(tags.series_number));
  put.text(DCM_SeriesDescription, tags.series_description);
  put.text(DCM_PatientPosition, "HFS");
  put.text(DCM_FrameOfReferenceUID, uids.frame);
  put.text(DCM_PositionReferenceIndicator, "");
  put.text(DCM_Manufacturer, tags.manufacturer);
  put.text(DCM_InstitutionName, tags.institution);
  put.text(DCM_StationName, tags.station);
  put.text(DCM_ManufacturerModelName, tags.model);
  put.text(DCM_ConvolutionKernel, tags.convolution_kernel);
  put.text(DCM_KVP, tags.kvp > 0 ? decimal(tags.kvp) : "");
}

void put_image(Writer& put, const Geometry& geometry, int64_t k) {
  const auto& d = geometry.direction;
  const auto position = geometry.to_world({0, 0, static_cast<double>(k)});
  put.text(DCM_ImageType, "DERIVED\\PRIMARY\\AXIAL");
  put.text(DCM_AcquisitionNumber, "1");
  put.text(DCM_InstanceNumber, std::to_string(k + 1));
  put.text(DCM_ImagePositionPatient,
           decimal(position[0]) + "\\" + decimal(position[1]) + "\\" + decimal(position[2]));
  std::string axes;
  for (size_t axis = 0; axis < 2; ++axis)
    for (size_t row = 0; row < 3; ++row) axes += (axes.empty() ? "" : "\\") + decimal(d[row * 3 + axis]);
  put.text(DCM_ImageOrientationPatient, axes);
  put.text(DCM_PixelSpacing, decimal(geometry.spacing[1]) + "\\" + decimal(geometry.spacing[0]));
  put.text(DCM_SliceThickness, decimal(geometry.spacing[2]));
  put.number(DCM_SamplesPerPixel, 1);
  put.text(DCM_PhotometricInterpretation, "MONOCHROME2");
  put.number(DCM_Rows, geometry.size[1]);
  put.number(DCM_Columns, geometry.size[0]);
  put.number(DCM_BitsAllocated, 16);
  put.number(DCM_BitsStored, 16);
  put.number(DCM_HighBit, 15);
  put.number(DCM_PixelRepresentation, 1);
  put.text(DCM_RescaleIntercept, decimal(kIntercept));
  put.text(DCM_RescaleSlope, "1");
  put.text(DCM_RescaleType, "HU");
}

}  // namespace

void write_dicom_series(const Volume& ct, const fs::path& folder, const DicomTags& tags) {
  core::with_context(folder.string(), [&] { check(ct); });
  const at::Tensor stored = (ct.data[0].to(at::kDouble) - kIntercept).round();
  if (!(stored.min().item<double>() >= -32768 && stored.max().item<double>() <= 32767))
    core::fail_data(folder.string() + ": a CT series holds -31744 to 31743 HU; this volume goes from " +
                    decimal(ct.data.min().item<double>()) + " to " + decimal(ct.data.max().item<double>()) +
                    (count_not_finite(ct) > 0 ? " and has NaN voxels" : "") + "; clip it first");
  const at::Tensor pixels = stored.to(at::kShort).contiguous();
  prepare(folder);

  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  const std::string seed =
      tags.uid_seed.empty() ? tags.patient_id + "/" + tags.study_description + "/" + tags.series_description
                            : tags.uid_seed;
  const Uids uids{uid_from(seed + "/study"), uid_from(seed + "/series"), uid_from(seed + "/frame")};
  const int64_t plane = ct.geometry.size[0] * ct.geometry.size[1];
  for (int64_t k = 0; k < ct.geometry.size[2]; ++k) {
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    Writer put(dataset);
    put.text(DCM_SOPClassUID, UID_CTImageStorage);
    put.text(DCM_SOPInstanceUID, uid_from(seed + "/slice/" + std::to_string(k)));
    put_patient_and_study(put, tags, uids);
    put_image(put, ct.geometry, k);
    Writer::done(dataset.putAndInsertUint16Array(
        DCM_PixelData, reinterpret_cast<const Uint16*>(pixels.const_data_ptr<int16_t>() + k * plane),
        static_cast<unsigned long>(plane)));
    char name[32];
    std::snprintf(name, sizeof name, "slice_%04lld.dcm", static_cast<long long>(k + 1));
    const fs::path path = folder / name, temporary = folder / (std::string(name) + ".tmp");
    const OFCondition saved = file.saveFile(temporary.c_str(), EXS_LittleEndianExplicit);
    std::error_code code;
    if (saved.good()) fs::rename(temporary, path, code);
    if (saved.bad() || code) {
      const std::string why = saved.bad() ? saved.text() : code.message();
      fs::remove(temporary, code);
      core::fail_run(path.string() + ": writing failed: " + why +
                     "; free some space or choose another folder");
    }
  }
}

}  // namespace photo51::imaging
