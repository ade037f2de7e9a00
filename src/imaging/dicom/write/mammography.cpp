#include <ATen/ATen.h>

#include "imaging/dicom/uid.hpp"
#include "imaging/dicom/write/dataset.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/dicom/write.hpp"

namespace photo51::imaging {
namespace {

void check_mammogram(const Volume& image, const MammogramTags& m) {
  if (image.data.dim() != 4 || image.data.size(0) != 1 || image.data.size(1) != 1)
    core::fail_usage("a mammogram is one picture, [1, 1, H, W]; this volume has data " +
                     c10::str(image.data.sizes()));
  if (at::isFloatingType(image.data.scalar_type()))
    core::fail_usage("a mammogram stores whole numbers; round this volume and make its type int16 or int32");
  if (!image.spacing_known)
    core::fail_usage("a mammogram needs the size of a pixel on the detector; set the volume's spacing");
  if (m.laterality != "L" && m.laterality != "R")
    core::fail_usage("laterality: \"" + m.laterality + "\" is not L or R");
  if (m.view != "CC" && m.view != "MLO") core::fail_usage("view: \"" + m.view + "\" is not CC or MLO");
  if (m.bits < 8 || m.bits > 16) core::fail_usage("bits: " + std::to_string(m.bits) + " is not in 8..16");
}

/// Where rows and columns point (PS3.3 C.7.6.1.1.1), for the usual display: chest walls in the middle of the
/// pair.
std::string patient_orientation(const MammogramTags& m) {
  const bool left = m.laterality == "L";
  if (m.view == "CC") return left ? "A\\R" : "P\\L";
  return left ? "A\\FR" : "P\\FL";
}

void put_view(DicomPut& put, const MammogramTags& m) {
  put.text(DCM_BodyPartExamined, "BREAST");
  put.text(DCM_ImageLaterality, m.laterality);
  put.text(DCM_ViewPosition, m.view);
  put.text(DCM_PatientOrientation, patient_orientation(m));
  put.code(DCM_ViewCodeSequence, m.view == "CC" ? Code{"R-10242", "SRT", "cranio-caudal"}
                                                : Code{"R-10226", "SRT", "medio-lateral oblique"});
  put.code(DCM_AnatomicRegionSequence, {"T-04000", "SRT", "Breast"});
  put.text(DCM_PositionerType, "MAMMOGRAPHIC");
  put.text(DCM_OrganExposed, "BREAST");
  put.text(DCM_BreastImplantPresent, "NO");
  put.text(DCM_PartialView, "NO");
  if (m.compression_force > 0) put.text(DCM_CompressionForce, decimal(m.compression_force));
  if (m.thickness > 0) put.text(DCM_BodyPartThickness, decimal(m.thickness));
}

}  // namespace

void write_mammogram(const Volume& image, const std::filesystem::path& path, const DicomTags& tags,
                     const MammogramTags& mammogram) {
  core::with_context(path.string(), [&] { check_mammogram(image, mammogram); });
  const int64_t largest = (int64_t{1} << mammogram.bits) - 1;
  const at::Tensor values = image.data[0][0].to(at::kLong);
  const auto low = values.min().item<int64_t>(), high = values.max().item<int64_t>();
  if (low < 0 || high > largest)
    core::fail_data(path.string() + ": " + std::to_string(mammogram.bits) + " bits hold 0 to " +
                    std::to_string(largest) + "; this image goes from " + std::to_string(low) + " to " +
                    std::to_string(high) + "; scale it or set more bits");
  const at::Tensor pixels =
      (mammogram.inverted ? largest - values : values).to(at::kInt).to(at::kUInt16).contiguous();

  const DicomUids uids = uids_of(tags);
  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  DicomPut put(dataset);
  put.text(DCM_SOPClassUID, UID_DigitalMammographyXRayImageStorageForPresentation);
  put.text(DCM_SOPInstanceUID, uid_from(uids.seed + "/" + mammogram.laterality + mammogram.view));
  put_patient_and_study(put, tags, uids, "MG");
  put.text(DCM_PresentationIntentType, "FOR PRESENTATION");
  put.text(DCM_ImageType, "DERIVED\\PRIMARY");
  put.text(DCM_InstanceNumber,
           std::to_string(1 + (mammogram.laterality == "L" ? 0 : 2) + (mammogram.view == "CC" ? 0 : 1)));
  put.text(DCM_ContentDate, tags.study_date);
  put.text(DCM_ContentTime, "");
  put_view(put, mammogram);
  const auto& size = image.geometry.size;
  put_gray_layout(put, size[1], size[0], 16, mammogram.bits, false);
  if (mammogram.inverted) put.text(DCM_PhotometricInterpretation, "MONOCHROME1");
  put.text(DCM_PresentationLUTShape, mammogram.inverted ? "INVERSE" : "IDENTITY");
  put.text(DCM_ImagerPixelSpacing,
           decimal(image.geometry.spacing[1]) + "\\" + decimal(image.geometry.spacing[0]));
  put.text(DCM_PixelIntensityRelationship, "LOG");
  DicomPut::done(dataset.putAndInsertSint16(DCM_PixelIntensityRelationshipSign, 1));
  put.text(DCM_RescaleIntercept, "0");
  put.text(DCM_RescaleSlope, "1");
  put.text(DCM_RescaleType, "US");
  put.text(DCM_WindowCenter, decimal(static_cast<double>(largest + 1) / 2));
  put.text(DCM_WindowWidth, decimal(static_cast<double>(largest + 1)));
  put.text(DCM_BurnedInAnnotation, "NO");
  put.text(DCM_LossyImageCompression, "00");
  DicomPut::done(dataset.putAndInsertUint16Array(DCM_PixelData,
                                                 static_cast<const Uint16*>(pixels.const_data_ptr()),
                                                 static_cast<unsigned long>(size[0] * size[1])));
  save_dicom(file, path);
}

}  // namespace photo51::imaging
