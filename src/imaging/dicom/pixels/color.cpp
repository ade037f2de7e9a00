#include "imaging/dicom/pixels/color.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/lut.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// Segments of a segmented palette: discrete (0), linear (1) and indirect (2) ones.
void expand(const std::vector<uint16_t>& in, size_t begin, size_t segments, int depth,
            std::vector<uint16_t>& out) {
  size_t at = begin;
  const auto next = [&]() -> uint16_t {
    if (at >= in.size()) core::fail_data("its segmented palette is cut off; copy the file again");
    return in[at++];
  };
  for (size_t s = 0; s < segments && at < in.size() && out.size() <= 65536; ++s) {
    const uint16_t code = next(), length = next();
    if (length == 0) core::fail_data("its segmented palette has an empty segment; export the file again");
    if (code == 0) {
      for (int i = 0; i < length; ++i) out.push_back(next());
    } else if (code == 1 && !out.empty()) {
      const double from = out.back(), to = next();
      for (int i = 1; i <= length; ++i)
        out.push_back(static_cast<uint16_t>(from + (to - from) * i / length + 0.5));
    } else if (code == 2 && depth == 0) {
      const size_t offset = next();
      expand(in, offset | size_t{next()} << 16, length, 1, out);
    } else {
      core::fail_data("its segmented palette is damaged; export the file again");
    }
  }
}

}  // namespace

at::Tensor apply_palette(const DicomHeader& header, const at::Tensor& indices) {
  DcmDataset& dataset = *header.file->getDataset();
  const std::array<DcmTagKey, 3> descriptors{DCM_RedPaletteColorLookupTableDescriptor,
                                             DCM_GreenPaletteColorLookupTableDescriptor,
                                             DCM_BluePaletteColorLookupTableDescriptor};
  const std::array<DcmTagKey, 3> plain{DCM_RedPaletteColorLookupTableData,
                                       DCM_GreenPaletteColorLookupTableData,
                                       DCM_BluePaletteColorLookupTableData};
  const std::array<DcmTagKey, 3> segmented{DCM_SegmentedRedPaletteColorLookupTableData,
                                           DCM_SegmentedGreenPaletteColorLookupTableData,
                                           DCM_SegmentedBluePaletteColorLookupTableData};
  std::vector<at::Tensor> colors;
  int64_t bits = 8;
  for (size_t c = 0; c < 3; ++c) {
    const LutDescriptor d = lut_descriptor(dataset, descriptors[c], header.is_signed);
    std::vector<uint16_t> words;
    if (dataset.tagExists(plain[c])) {
      words = lut_words(dataset, plain[c], d.entries, d.bits);
    } else {
      expand(lut_words(dataset, segmented[c], 1 << 16, 16), 0, SIZE_MAX, 0, words);
    }
    bits = std::max(bits, d.bits);
    colors.push_back(look_up(lut_table(words, d), indices, d.first));
  }
  const at::Tensor rgb = at::cat(colors, 1);
  return bits <= 8 ? rgb.to(at::kByte) : rgb;
}

at::Tensor ybr_to_rgb(const at::Tensor& ybr, bool partial) {
  const at::Tensor y = ybr.select(1, 0).to(at::kFloat) - (partial ? 16 : 0);
  const at::Tensor b = ybr.select(1, 1).to(at::kFloat) - 128, r = ybr.select(1, 2).to(at::kFloat) - 128;
  const std::array<double, 5> k = partial ? std::array{1.1644, 1.5960, -0.3917, -0.8130, 2.0173}
                                          : std::array{1.0, 1.402, -0.344136, -0.714136, 1.772};
  const at::Tensor rgb =
      at::stack({y * k[0] + r * k[1], y * k[0] + b * k[2] + r * k[3], y * k[0] + b * k[4]}, 1);
  return rgb.round_().clamp_(0, 255).to(at::kByte);
}

at::Tensor apply_modality_lut(const DicomHeader& header, const at::Tensor& stored) {
  DcmItem* item = item_of(*header.file->getDataset(), DCM_ModalityLUTSequence);
  if (item == nullptr) core::fail_data("its Modality LUT Sequence (0028,3000) is empty; export it again");
  const Lut lut = read_lut(*item, header.is_signed);
  return look_up(lut.table, stored, lut.first);
}

}  // namespace photo51::imaging
