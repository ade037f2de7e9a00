#include "imaging/dicom/write/dataset.hpp"

#include <dcmtk/dcmdata/dcostrmf.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <set>

#include "imaging/dicom/uid.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/temporary.hpp"

namespace photo51::imaging {

namespace fs = std::filesystem;

namespace {

void put_synthetic(DicomPut& put) {
  put.text(DCM_PatientIdentityRemoved, "YES");
  put.text(DCM_DeidentificationMethod, "made by a program, of no patient");
  put.text(DCM_LongitudinalTemporalInformationModified, "MODIFIED");
  const Code options[] = {{"113100", "DCM", "Basic Application Confidentiality Profile"},
                          {"113105", "DCM", "Clean Descriptors Option"},
                          {"113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"},
                          {"113108", "DCM", "Retain Patient Characteristics Option"},
                          {"113109", "DCM", "Retain Device Identity Option"},
                          {"113112", "DCM", "Retain Institution Identity Option"}};
  for (const Code& option : options) put.code(DCM_DeidentificationMethodCodeSequence, option);
}

}  // namespace

std::string decimal(double value) {
  if (value == 0) value = 0;  // no "-0"
  char text[32];
  for (int digits = 12; digits > 0; --digits) {
    const int length = std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (length <= 16) break;
  }
  return text;
}

void DicomPut::text(const DcmTagKey& tag, const std::string& value) {
  done(item_.putAndInsertString(DcmTag(tag), value.c_str()));
}
void DicomPut::number(const DcmTagKey& tag, int64_t value) {
  done(item_.putAndInsertUint16(DcmTag(tag), static_cast<Uint16>(value)));
}
void DicomPut::large(const DcmTagKey& tag, int64_t value) {
  done(DcmTag(tag).getEVR() == EVR_SL ? item_.putAndInsertSint32(DcmTag(tag), static_cast<Sint32>(value))
                                      : item_.putAndInsertUint32(DcmTag(tag), static_cast<Uint32>(value)));
}
void DicomPut::real(const DcmTagKey& tag, double value) {
  done(item_.putAndInsertFloat64(DcmTag(tag), value));
}
void DicomPut::code(const DcmTagKey& sequence, const Code& code) {
  DicomPut put(item(sequence));
  put.text(DCM_CodeValue, code.value);
  put.text(DCM_CodingSchemeDesignator, code.scheme);
  put.text(DCM_CodeMeaning, code.meaning);
}
DcmItem& DicomPut::item(const DcmTagKey& sequence) {
  DcmItem* made = nullptr;
  done(item_.findOrCreateSequenceItem(DcmTag(sequence), made, -2));
  return *made;
}
void DicomPut::done(const OFCondition& condition) {
  if (condition.bad()) core::fail_run(std::string("DICOM: ") + condition.text());
}

DicomUids uids_of(const DicomTags& tags) {
  const std::string seed =
      tags.uid_seed.empty() ? tags.patient_id + "/" + tags.study_description + "/" + tags.series_description
                            : tags.uid_seed;
  return {seed, uid_from(seed + "/study"), uid_from(seed + "/series"), uid_from(seed + "/frame")};
}

void put_patient_and_study(DicomPut& put, const DicomTags& tags, const DicomUids& uids,
                           const std::string& modality) {
  put.text(DCM_SpecificCharacterSet, "ISO_IR 192");
  put.text(DCM_PatientName, tags.patient_name);
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
  put.text(DCM_Modality, modality);
  put.text(DCM_SeriesInstanceUID, uids.series);
  put.text(DCM_SeriesNumber, std::to_string(tags.series_number));
  put.text(DCM_SeriesDescription, tags.series_description);
  put.text(DCM_Manufacturer, tags.manufacturer);
  put.text(DCM_InstitutionName, tags.institution);
  put.text(DCM_StationName, tags.station);
  put.text(DCM_ManufacturerModelName, tags.model);
  if (tags.synthetic) put_synthetic(put);
}

void put_plane(DicomPut& put, const Geometry& geometry, int64_t k, const DicomUids& uids) {
  const auto& d = geometry.direction;
  const auto position = geometry.to_world({0, 0, static_cast<double>(k)});
  put.text(DCM_PatientPosition, "HFS");
  put.text(DCM_FrameOfReferenceUID, uids.frame);
  put.text(DCM_PositionReferenceIndicator, "");
  put.text(DCM_ImagePositionPatient,
           decimal(position[0]) + "\\" + decimal(position[1]) + "\\" + decimal(position[2]));
  std::string axes;
  for (size_t axis = 0; axis < 2; ++axis)
    for (size_t row = 0; row < 3; ++row) axes += (axes.empty() ? "" : "\\") + decimal(d[row * 3 + axis]);
  put.text(DCM_ImageOrientationPatient, axes);
  put.text(DCM_PixelSpacing, decimal(geometry.spacing[1]) + "\\" + decimal(geometry.spacing[0]));
  put.text(DCM_SliceThickness, decimal(geometry.spacing[2]));
}

void put_gray_layout(DicomPut& put, int64_t rows, int64_t columns, int64_t allocated, int64_t stored,
                     bool is_signed) {
  put.number(DCM_SamplesPerPixel, 1);
  put.text(DCM_PhotometricInterpretation, "MONOCHROME2");
  put.number(DCM_Rows, rows);
  put.number(DCM_Columns, columns);
  put.number(DCM_BitsAllocated, allocated);
  put.number(DCM_BitsStored, stored);
  put.number(DCM_HighBit, stored - 1);
  put.number(DCM_PixelRepresentation, is_signed ? 1 : 0);
}

void require_orthogonal(const Geometry& geometry, const std::string& what) {
  const auto& d = geometry.direction;
  for (size_t a = 0; a < 3; ++a)
    for (size_t b = a; b < 3; ++b) {
      const double dot = d[a] * d[b] + d[3 + a] * d[3 + b] + d[6 + a] * d[6 + b];
      if (std::abs(dot - (a == b ? 1.0 : 0.0)) > 1e-4)
        core::fail_usage(what + " needs orthogonal axes; resample this volume to an orthogonal grid");
    }
}

void prepare_series_folder(const fs::path& folder, int64_t slices) {
  core::make_directories(folder);
  std::set<std::string> written;
  for (int64_t k = 0; k < slices; ++k) written.insert(slice_name(k));
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!written.contains(name))
      core::fail_usage(folder.string() + ": holds other files (" + name + "); choose an empty folder");
  }
}

std::string slice_name(int64_t k) {
  char name[32];
  std::snprintf(name, sizeof name, "slice_%04lld.dcm", static_cast<long long>(k + 1));
  return name;
}

void save_dicom(DcmFileFormat& file, const fs::path& path, E_TransferSyntax syntax) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  core::TemporaryFile temporary(path);
  const int handle = temporary.another_handle();
  FILE* stream = ::fdopen(handle, "wb");
  if (stream == nullptr) {
    const std::string why = std::strerror(errno);
    ::close(handle);
    temporary.fail(why);
  }
  // As DcmFileFormat::saveFile does, which opens a name: what lies there by then may be a link.
  DcmOutputFileStream out(stream);  // closes it
  OFCondition saved = out.status();
  if (saved.good()) {
    DcmWriteCache cache;
    file.transferInit();
    saved = file.write(out, syntax, EET_UndefinedLength, &cache, EGL_recalcGL);
    file.transferEnd();
    out.flush();
  }
  if (saved.bad()) temporary.fail(saved.text());
  if (std::fflush(stream) != 0) temporary.fail(std::strerror(errno));
  temporary.put();
}

}  // namespace photo51::imaging
