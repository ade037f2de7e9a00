#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmimage/diregist.h>  // color for the JPEG encoder
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrploss.h>

#include <mutex>

#include "imaging/dicom/uid.hpp"
#include "imaging/dicom/write/dataset.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/dicom/write.hpp"

namespace photo51::imaging {
namespace {

void check_ultrasound(const at::Tensor& frames, const UltrasoundTags& u) {
  if (frames.dim() != 4 || frames.scalar_type() != at::kByte || frames.numel() == 0 ||
      (frames.size(1) != 1 && frames.size(1) != 3))
    core::fail_usage("ultrasound frames are uint8 [T, 1 or 3, H, W]; these are " +
                     std::string(c10::toString(frames.scalar_type())) + " " + c10::str(frames.sizes()));
  const auto positive = [](const char* name, double value) {
    if (!(value > 0)) core::fail_usage(std::string(name) + ": " + decimal(value) + " is not above 0");
  };
  positive("frame_time", u.frame_time);
  positive("spacing", u.spacing[0]);
  positive("spacing", u.spacing[1]);
  if (u.region[0] < 0 || u.region[1] < 0 || u.region[2] < u.region[0] || u.region[3] < u.region[1] ||
      u.region[2] >= frames.size(3) || u.region[3] >= frames.size(2))
    core::fail_usage("region: does not lie within frames of " + std::to_string(frames.size(3)) + " x " +
                     std::to_string(frames.size(2)) + " pixels");
  if (u.jpeg_quality < 1 || u.jpeg_quality > 100)
    core::fail_usage("jpeg_quality: " + std::to_string(u.jpeg_quality) + " is not in 1..100");
}

void put_region(DicomPut& put, const UltrasoundTags& u) {
  DicomPut region(put.item(DCM_SequenceOfUltrasoundRegions));
  region.number(DCM_RegionSpatialFormat, 1);  // 2D
  region.number(DCM_RegionDataType, 1);       // tissue
  region.large(DCM_RegionFlags, 0);
  region.large(DCM_RegionLocationMinX0, u.region[0]);
  region.large(DCM_RegionLocationMinY0, u.region[1]);
  region.large(DCM_RegionLocationMaxX1, u.region[2]);
  region.large(DCM_RegionLocationMaxY1, u.region[3]);
  region.number(DCM_PhysicalUnitsXDirection, 3);  // cm
  region.number(DCM_PhysicalUnitsYDirection, 3);
  region.real(DCM_PhysicalDeltaX, u.spacing[0] / 10);
  region.real(DCM_PhysicalDeltaY, u.spacing[1] / 10);
}

/// Encoders are registered once for the program: without new UIDs, so that the same frames give the same
/// file.
void register_encoders() {
  static std::once_flag once;
  std::call_once(once, [] {
    DcmRLEEncoderRegistration::registerCodecs(OFFalse);
    DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
  });
}

/// The transfer syntax that the data set now has.
E_TransferSyntax compress(DcmDataset& dataset, const UltrasoundTags& u) {
  if (u.compression == FrameCompression::none) return EXS_LittleEndianExplicit;
  register_encoders();
  const DcmRLERepresentationParameter run_length;
  const DJ_RPLossy jpeg(u.jpeg_quality);
  const bool lossy = u.compression == FrameCompression::jpeg;
  const E_TransferSyntax syntax = lossy ? EXS_JPEGProcess1 : EXS_RLELossless;
  DicomPut::done(dataset.chooseRepresentation(
      syntax, lossy ? static_cast<const DcmRepresentationParameter*>(&jpeg) : &run_length));
  return syntax;
}

}  // namespace

void write_ultrasound(const at::Tensor& frames, const std::filesystem::path& path, const DicomTags& tags,
                      const UltrasoundTags& ultrasound) {
  core::with_context(path.string(), [&] { check_ultrasound(frames, ultrasound); });
  const int64_t count = frames.size(0), samples = frames.size(1);
  const at::Tensor pixels = frames.permute({0, 2, 3, 1}).contiguous();

  const DicomUids uids = uids_of(tags);
  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  DicomPut put(dataset);
  put.text(DCM_SOPClassUID, UID_UltrasoundMultiframeImageStorage);
  put.text(DCM_SOPInstanceUID, uid_from(uids.seed + "/cine"));
  put_patient_and_study(put, tags, uids, "US");
  put.text(DCM_ImageType, "ORIGINAL\\PRIMARY");
  put.text(DCM_InstanceNumber, "1");
  put.text(DCM_PatientOrientation, "");
  put.text(DCM_ContentDate, tags.study_date);
  put.text(DCM_ContentTime, "");
  put_gray_layout(put, frames.size(2), frames.size(3), 8, 8, false);
  if (samples == 3) {
    put.number(DCM_SamplesPerPixel, 3);
    put.text(DCM_PhotometricInterpretation, "RGB");
    put.number(DCM_PlanarConfiguration, 0);
  }
  put.text(DCM_NumberOfFrames, std::to_string(count));
  put.text(DCM_FrameTime, decimal(1000 * ultrasound.frame_time));
  DicomPut::done(dataset.putAndInsertTagKey(DCM_FrameIncrementPointer, DCM_FrameTime));
  put_region(put, ultrasound);
  put.text(DCM_BurnedInAnnotation, "NO");
  put.text(DCM_LossyImageCompression, "00");
  DicomPut::done(dataset.putAndInsertUint8Array(DCM_PixelData, pixels.const_data_ptr<uint8_t>(),
                                                static_cast<unsigned long>(pixels.numel())));
  save_dicom(file, path, compress(dataset, ultrasound));
}

}  // namespace photo51::imaging
