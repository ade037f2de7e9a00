#include "imaging/dicom/voi.hpp"

#include <ATen/ATen.h>

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/lut.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

DcmItem* table_of(const DicomHeader& h) {
  return item_of(*h.file->getDataset(), DCM_VOILUTSequence);
}

at::Tensor through_table(const at::Tensor& values, DcmItem& item) {
  // Its first value has the sign of what the modality transformation yields.
  const Lut lut = read_lut(item, values.min().item<double>() < 0);
  const double white = static_cast<double>((int64_t{1} << lut.bits) - 1);
  return look_up(lut.table, values, lut.first).to(at::kFloat).div_(white);
}

at::Tensor through_window(const at::Tensor& values, const VoiWindow& w) {
  const bool linear = w.function.empty() || w.function == "LINEAR";
  if (linear ? w.width < 1 : !(w.width > 0))
    core::fail_data("WindowWidth (0028,1051) is " + core::format_number(w.width) +
                    "; correct it, or set dicom.voi: none");
  const at::Tensor x = values.to(at::kFloat);
  if (w.function == "SIGMOID") return at::sigmoid((x - w.center) * (4 / w.width));
  if (w.function == "LINEAR_EXACT") return ((x - w.center) / w.width + 0.5).clamp_(0, 1);
  if (!linear)
    core::fail_data("VOILUTFunction (0028,1056) is " + w.function +
                    ", not LINEAR, LINEAR_EXACT or SIGMOID; correct it, or set dicom.voi: none");
  if (w.width == 1) return x.gt(w.center - 0.5).to(at::kFloat);
  return ((x - (w.center - 0.5)) / (w.width - 1) + 0.5).clamp_(0, 1);
}

}  // namespace

bool has_voi(const DicomHeader& h, const std::vector<DicomFrame>& frames) {
  if (h.samples > 1 || h.photometric == "PALETTE COLOR") return false;
  return table_of(h) != nullptr ||
         std::ranges::all_of(frames, [](const DicomFrame& frame) { return frame.window.has_value(); });
}

at::Tensor apply_voi(const DicomHeader& h, const std::vector<DicomFrame>& frames, const at::Tensor& values) {
  if (!has_voi(h, frames))
    core::fail_data(
        "has neither a VOI LUT Sequence (0028,3010) nor WindowCenter (0028,1050) and WindowWidth "
        "(0028,1051); "
        "set dicom.voi: none, or leave the file out");
  if (DcmItem* table = table_of(h)) return through_table(values, *table);
  std::vector<at::Tensor> shown;
  for (size_t f = 0; f < frames.size(); ++f)
    shown.push_back(through_window(values[static_cast<int64_t>(f)], *frames[f].window));
  return at::stack(shown);
}

}  // namespace photo51::imaging
