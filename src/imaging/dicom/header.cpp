#include "imaging/dicom/header.hpp"

#include <algorithm>
#include <mutex>
#include <sstream>

#include "imaging/dicom/character_sets.hpp"
#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/dicom/guard.hpp"
#include "imaging/dicom/stream.hpp"
#include "imaging/recent_files.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

void take_pixel_layout(DcmDataset& dataset, DicomHeader& header) {
  header.is_float = dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData);
  header.has_pixels = dataset.tagExists(DCM_PixelData) || header.is_float;
  header.has_modality_lut = dataset.tagExists(DCM_ModalityLUTSequence);
  header.is_lossy = text_of(dataset, DCM_LossyImageCompression) == "01";
  header.photometric = text_of(dataset, DCM_PhotometricInterpretation);
  header.rescale_type = text_of(dataset, DCM_RescaleType);
  header.rows = integer_of(dataset, DCM_Rows).value_or(0);
  header.columns = integer_of(dataset, DCM_Columns).value_or(0);
  header.frames = integer_of(dataset, DCM_NumberOfFrames).value_or(1);
  if (header.frames < 0)
    core::fail_data(name_of(DCM_NumberOfFrames) + " is " + std::to_string(header.frames) +
                    ", which is no number of frames; correct the header");
  // Some writers say 0 of a single image.
  header.frames = std::max<int64_t>(1, header.frames);
  header.samples = integer_of(dataset, DCM_SamplesPerPixel).value_or(1);
  header.bits_allocated = integer_of(dataset, DCM_BitsAllocated).value_or(0);
  header.bits_stored = integer_of(dataset, DCM_BitsStored).value_or(header.bits_allocated);
  header.high_bit = integer_of(dataset, DCM_HighBit).value_or(header.bits_stored - 1);
  header.is_signed = integer_of(dataset, DCM_PixelRepresentation).value_or(0) == 1;
  header.planar = integer_of(dataset, DCM_PlanarConfiguration).value_or(0);
  header.slope = number_of(dataset, DCM_RescaleSlope);
  header.intercept = number_of(dataset, DCM_RescaleIntercept);
  header.padding = number_of(dataset, DCM_PixelPaddingValue);
  header.dose_scaling = number_of(dataset, DCM_DoseGridScaling);
  if (header.is_float) {
    // Float pixels say how wide they are by the element that holds them; other words are integers'.
    header.bits_allocated = dataset.tagExists(DCM_FloatPixelData) ? 32 : 64;
    header.bits_stored = header.bits_allocated;
    header.high_bit = header.bits_stored - 1;
  }
}

void take_place(DcmDataset& dataset, DicomHeader& header) {
  header.position = numbers_of<3>(dataset, DCM_ImagePositionPatient);
  header.orientation = numbers_of<6>(dataset, DCM_ImageOrientationPatient);
  if (DcmItem* detector = item_of(dataset, DCM_DetectorInformationSequence);
      detector != nullptr && !header.position && !header.orientation) {
    // Where nuclear medicine keeps them.
    header.position = numbers_of<3>(*detector, DCM_ImagePositionPatient);
    header.orientation = numbers_of<6>(*detector, DCM_ImageOrientationPatient);
  }
  header.rounding = rounding_of(dataset, DCM_ImagePositionPatient);
  header.spacing = numbers_of<2>(dataset, DCM_PixelSpacing);
  if (!header.spacing) {
    header.spacing = numbers_of<2>(dataset, DCM_ImagerPixelSpacing);
    header.spacing_at_detector = header.spacing.has_value();
  }
  header.frame_offsets = numbers_of(dataset, DCM_GridFrameOffsetVector);
  header.thickness = number_of(dataset, DCM_SliceThickness);
  header.between_slices = number_of(dataset, DCM_SpacingBetweenSlices);
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
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    // Elements that passed through software which did not know them are written as UN; what they are is
    // known.
    dcmEnableUnknownVRConversion.set(OFTrue);
  });
  core::require_regular_file(path);  // DCMTK would wait at a pipe
  const FileBytes bytes = recent_files().read(path);
  core::with_context(path.string(), [&] {
    if (!bytes) return guard_dicom(path);
    std::istringstream stream(*bytes);
    guard_dicom(stream);
  });
  const OFCondition loaded = bytes ? load_from_bytes(file, bytes, path) : file.loadFile(path.c_str());
  if (loaded.bad())
    core::fail_data(path.string() + ": is not a readable DICOM file (" + loaded.text() + "); copy it again");
}

DicomHeader read_dicom_header(const std::filesystem::path& path) {
  DicomHeader header = look_at_dicom_header(path);
  if (!header.damage.empty()) core::fail_data(header.damage);
  return header;
}

DicomHeader look_at_dicom_header(const std::filesystem::path& path) {
  DicomHeader header;
  header.path = path;
  header.file = std::make_shared<DcmFileFormat>();
  load_dicom(*header.file, path);
  DcmDataset& dataset = *header.file->getDataset();
  header.sop_class = text_of(dataset, DCM_SOPClassUID);
  const char* name = dcmFindNameOfUID(header.sop_class.c_str());
  header.sop_class_name = name != nullptr ? name : header.sop_class;
  // As written: DCMTK knows fewer transfer syntaxes than there are.
  OFString syntax;
  header.file->getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax);
  header.transfer_syntax = core::trim(syntax.c_str());
  if (header.transfer_syntax.empty()) header.transfer_syntax = DcmXfer(dataset.getOriginalXfer()).getXferID();
  header.modality = text_of(dataset, DCM_Modality);
  header.patient_id = text_of(dataset, DCM_PatientID);
  header.study_description = utf8_text_of(dataset, DCM_StudyDescription);
  header.series_uid = text_of(dataset, DCM_SeriesInstanceUID);
  header.series_description = utf8_text_of(dataset, DCM_SeriesDescription);
  header.series_number = text_of(dataset, DCM_SeriesNumber);
  header.instance_number = text_of(dataset, DCM_InstanceNumber);
  header.instance_uid = text_of(dataset, DCM_SOPInstanceUID);
  header.study_uid = text_of(dataset, DCM_StudyInstanceUID);
  header.acquisition_number = text_of(dataset, DCM_AcquisitionNumber);
  header.echo = text_of(dataset, DCM_EchoNumbers);
  header.temporal_position = text_of(dataset, DCM_TemporalPositionIdentifier);
  header.image_type = text_of(dataset, DCM_ImageType);
  header.units = text_of(dataset, DCM_Units);
  header.dose_units = text_of(dataset, DCM_DoseUnits);
  try {
    take_pixel_layout(dataset, header);
    take_place(dataset, header);
  } catch (const core::Error& error) {
    header.damage = path.string() + ": " + error.what();
  }
  if (header.sop_class.empty() && header.modality.empty() && !header.has_pixels)
    core::fail_data(path.string() + ": is not a DICOM image: it names no SOP class and has no pixels");
  return header;
}

}  // namespace photo51::imaging
