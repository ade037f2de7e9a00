#include "imaging/dicom_tags.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <mutex>

#include "imaging/dicom_dcmtk.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

std::string text(DcmDataset& dataset, const DcmTagKey& tag) {
  OFString value;
  if (dataset.findAndGetOFStringArray(tag, value).bad()) return {};
  return std::string(core::trim(std::string_view(value.c_str(), value.length())));
}

int64_t integer(DcmDataset& dataset, const DcmTagKey& tag, int64_t otherwise) {
  return core::parse_int(text(dataset, tag)).value_or(otherwise);
}

/// Exactly N finite numbers, or nothing.
template <size_t N>
std::optional<std::array<double, N>> numbers(DcmDataset& dataset, const DcmTagKey& tag) {
  const auto parts = core::split(text(dataset, tag), '\\');
  std::array<double, N> values{};
  if (parts.size() != N) return {};
  for (size_t i = 0; i < N; ++i) {
    const auto value = core::parse_double(parts[i]);
    if (!value || !(*value > -1e12 && *value < 1e12)) return {};
    values[i] = *value;
  }
  return values;
}

std::optional<double> number(DcmDataset& dataset, const DcmTagKey& tag) {
  const auto value = numbers<1>(dataset, tag);
  if (!value) return {};
  return (*value)[0];
}

void take_identity(DcmDataset& dataset, DicomHeader& header) {
  const std::pair<DcmTagKey, const char*> elements[] = {
      {DCM_PatientName, "PatientName"},
      {DCM_PatientBirthDate, "PatientBirthDate"},
      {DCM_PatientAddress, "PatientAddress"},
      {DCM_PatientTelephoneNumbers, "PatientTelephoneNumbers"},
      {DCM_OtherPatientNames, "OtherPatientNames"},
      {DCM_PatientMotherBirthName, "PatientMotherBirthName"}};
  for (const auto& [tag, name] : elements) {
    const std::string value = text(dataset, tag);
    // A name that repeats the patient id is a pseudonym.
    if (!value.empty() && value != header.patient_id) header.identifying.emplace_back(name);
  }
}

void take_pixel_layout(DcmDataset& dataset, DicomHeader& header) {
  header.rows = integer(dataset, DCM_Rows, 0);
  header.columns = integer(dataset, DCM_Columns, 0);
  header.frames = integer(dataset, DCM_NumberOfFrames, 1);
  header.samples = integer(dataset, DCM_SamplesPerPixel, 1);
  header.bits_allocated = integer(dataset, DCM_BitsAllocated, 0);
  header.bits_stored = integer(dataset, DCM_BitsStored, header.bits_allocated);
  header.high_bit = integer(dataset, DCM_HighBit, header.bits_stored - 1);
  header.is_signed = integer(dataset, DCM_PixelRepresentation, 0) == 1;
  header.planar = integer(dataset, DCM_PlanarConfiguration, 0);
  header.photometric = text(dataset, DCM_PhotometricInterpretation);
  header.slope = number(dataset, DCM_RescaleSlope);
  header.intercept = number(dataset, DCM_RescaleIntercept);
  header.rescale_type = text(dataset, DCM_RescaleType);
  header.padding = number(dataset, DCM_PixelPaddingValue);
  header.has_modality_lut = dataset.tagExists(DCM_ModalityLUTSequence);
  header.is_float = dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData);
  header.has_pixels = dataset.tagExists(DCM_PixelData) || header.is_float;
}

void take_place(DcmDataset& dataset, DicomHeader& header) {
  header.position = numbers<3>(dataset, DCM_ImagePositionPatient);
  header.orientation = numbers<6>(dataset, DCM_ImageOrientationPatient);
  header.spacing = numbers<2>(dataset, DCM_PixelSpacing);
  header.thickness = number(dataset, DCM_SliceThickness);
  header.between_slices = number(dataset, DCM_SpacingBetweenSlices);
}

}  // namespace

Modality DicomHeader::kind() const {
  if (modality == "CT") return Modality::ct;
  if (modality == "MR") return Modality::mri;
  if (modality == "PT") return Modality::pet;
  if (modality == "MG") return Modality::mammography;
  if (modality == "US" || modality == "IVUS") return Modality::ultrasound;
  if (modality == "SM") return Modality::histopathology;
  if (modality == "SEG") return Modality::segmentation;
  return Modality::unknown;
}

void load_dicom(DcmFileFormat& file, const std::filesystem::path& path) {
  static std::once_flag once;
  std::call_once(once, [] { OFLog::configure(OFLogger::OFF_LOG_LEVEL); });
  const OFCondition loaded = file.loadFile(path.c_str());
  if (loaded.bad())
    core::fail_data(path.string() + ": is not a readable DICOM file (" + loaded.text() + "); copy it again");
}

DicomHeader read_dicom_header(const std::filesystem::path& path) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  DicomHeader header;
  header.path = path;
  header.sop_class = text(dataset, DCM_SOPClassUID);
  const char* name = dcmFindNameOfUID(header.sop_class.c_str());
  header.sop_class_name = name != nullptr ? name : header.sop_class;
  // As written: DCMTK knows fewer transfer syntaxes than there are.
  OFString syntax;
  file.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax);
  header.transfer_syntax = syntax.empty() ? DcmXfer(dataset.getOriginalXfer()).getXferID() : syntax.c_str();
  header.modality = text(dataset, DCM_Modality);
  header.patient_id = text(dataset, DCM_PatientID);
  header.study_description = text(dataset, DCM_StudyDescription);
  header.series_uid = text(dataset, DCM_SeriesInstanceUID);
  header.series_description = text(dataset, DCM_SeriesDescription);
  header.series_number = text(dataset, DCM_SeriesNumber);
  header.instance_number = text(dataset, DCM_InstanceNumber);
  header.image_type = text(dataset, DCM_ImageType);
  header.units = text(dataset, DCM_Units);
  take_identity(dataset, header);
  take_pixel_layout(dataset, header);
  take_place(dataset, header);
  if (header.sop_class.empty() && header.modality.empty() && !header.has_pixels)
    core::fail_data(path.string() + ": is not a DICOM image: it names no SOP class and has no pixels");
  return header;
}

}  // namespace photo51::imaging
