#include <ATen/ATen.h>

#include "imaging/dicom/uid.hpp"
#include "imaging/dicom/write/dataset.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

constexpr double kIntercept = -1024;

void check(const Volume& ct) {
  if (ct.data.dim() != 4 || ct.data.size(0) != 1)
    core::fail_usage("a CT series has one channel; this volume has data " + c10::str(ct.data.sizes()));
  if (ct.units != Units::hounsfield)
    core::fail_usage("a CT series is written from Hounsfield units; this volume's units are " +
                     to_string(ct.units));
  require_orthogonal(ct.geometry, "a CT series");
}

}  // namespace

void write_dicom_series(const Volume& ct, const std::filesystem::path& folder, const DicomTags& tags) {
  core::with_context(folder.string(), [&] { check(ct); });
  const at::Tensor stored = (ct.data[0].to(at::kDouble) - kIntercept).round();
  if (!(stored.min().item<double>() >= -32768 && stored.max().item<double>() <= 32767))
    core::fail_data(folder.string() + ": a CT series holds -31744 to 31743 HU; this volume goes from " +
                    decimal(ct.data.min().item<double>()) + " to " + decimal(ct.data.max().item<double>()) +
                    (count_not_finite(ct) > 0 ? " and has NaN voxels" : "") + "; clip it first");
  const at::Tensor pixels = stored.to(at::kShort).contiguous();
  prepare_series_folder(folder, ct.geometry.size[2]);

  const DicomUids uids = uids_of(tags);
  const int64_t plane = ct.geometry.size[0] * ct.geometry.size[1];
  for (int64_t k = 0; k < ct.geometry.size[2]; ++k) {
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    DicomPut put(dataset);
    put.text(DCM_SOPClassUID, UID_CTImageStorage);
    put.text(DCM_SOPInstanceUID, uid_from(uids.seed + "/slice/" + std::to_string(k)));
    put_patient_and_study(put, tags, uids, "CT");
    put.text(DCM_ConvolutionKernel, tags.convolution_kernel);
    put.text(DCM_KVP, tags.kvp > 0 ? decimal(tags.kvp) : "");
    put_plane(put, ct.geometry, k, uids);
    put.text(DCM_ImageType, "DERIVED\\PRIMARY\\AXIAL");
    put.text(DCM_AcquisitionNumber, "1");
    put.text(DCM_InstanceNumber, std::to_string(k + 1));
    put_gray_layout(put, ct.geometry.size[1], ct.geometry.size[0], 16, 16, true);
    put.text(DCM_RescaleIntercept, decimal(kIntercept));
    put.text(DCM_RescaleSlope, "1");
    put.text(DCM_RescaleType, "HU");
    DicomPut::done(dataset.putAndInsertUint16Array(
        DCM_PixelData, reinterpret_cast<const Uint16*>(pixels.const_data_ptr<int16_t>() + k * plane),
        static_cast<unsigned long>(plane)));
    save_dicom(file, folder / slice_name(k));
  }
}

}  // namespace photo51::imaging
