#include "imaging/dicom_colour.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

struct Descriptor {
  int64_t entries = 0, first = 0, bits = 16;
};

/// The three numbers of a LUT descriptor; 0 entries mean 65536, the first mapped value has the pixels' sign.
Descriptor descriptor_of(DcmItem& item, const DcmTagKey& tag, bool is_signed) {
  const auto values = numbers_of<3>(item, tag);
  if (!values) core::fail_data("its lookup table's descriptor is damaged; export the file again");
  Descriptor d{static_cast<int64_t>((*values)[0]), static_cast<int64_t>((*values)[1]),
               static_cast<int64_t>((*values)[2])};
  // A signed count is a writer's slip.
  if (d.entries <= 0) d.entries += 65536;
  if (is_signed && d.first > 32767) d.first -= 65536;
  if (d.entries < 1 || d.entries > 65536 || d.bits < 1 || d.bits > 16)
    core::fail_data("its lookup table's descriptor is damaged; export the file again");
  return d;
}

/// Words of a table; entries of 8 bits may lie packed, two a word.
std::vector<uint16_t> words_of(DcmItem& item, const DcmTagKey& tag, int64_t entries, int64_t bits) {
  DcmElement* element = nullptr;
  std::vector<uint16_t> words;
  if (item.findAndGetElement(tag, element).bad() || element == nullptr || element->getLength() == 0)
    core::fail_data("its lookup table has no data; export the file again");
  std::vector<uint8_t> bytes(element->getLength());
  if (element->getPartialValue(bytes.data(), 0, element->getLength(), nullptr, gLocalByteOrder).bad())
    core::fail_data("its lookup table cannot be read; copy the file again");
  const bool packed = bits <= 8 && static_cast<int64_t>(bytes.size()) < 2 * entries;
  words.resize(packed ? bytes.size() : bytes.size() / 2);
  for (size_t i = 0; i < words.size(); ++i) {
    if (packed)
      words[i] = bytes[i];
    else
      std::memcpy(&words[i], bytes.data() + 2 * i, 2);
  }
  return words;
}

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

/// Table as int32, as long as its descriptor says.
at::Tensor table_of(const std::vector<uint16_t>& words, const Descriptor& d) {
  if (static_cast<int64_t>(words.size()) < d.entries)
    core::fail_data("its lookup table holds " + std::to_string(words.size()) + " of " +
                    std::to_string(d.entries) + " entries; copy the file again");
  at::Tensor table = at::empty({d.entries}, at::kInt);
  std::copy_n(words.begin(), d.entries, table.mutable_data_ptr<int32_t>());
  return table;
}

at::Tensor look_up(const at::Tensor& table, const at::Tensor& values, int64_t first) {
  const at::Tensor index = (values.to(at::kLong) - first).clamp_(0, table.numel() - 1);
  return table.index_select(0, index.flatten()).view(values.sizes());
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
  std::vector<at::Tensor> colours;
  int64_t bits = 8;
  for (size_t c = 0; c < 3; ++c) {
    const Descriptor d = descriptor_of(dataset, descriptors[c], header.is_signed);
    std::vector<uint16_t> words;
    if (dataset.tagExists(plain[c])) {
      words = words_of(dataset, plain[c], d.entries, d.bits);
    } else {
      expand(words_of(dataset, segmented[c], 1 << 16, 16), 0, SIZE_MAX, 0, words);
    }
    bits = std::max(bits, d.bits);
    colours.push_back(look_up(table_of(words, d), indices, d.first));
  }
  const at::Tensor rgb = at::cat(colours, 1);
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
  const Descriptor d = descriptor_of(*item, DCM_LUTDescriptor, header.is_signed);
  return look_up(table_of(words_of(*item, DCM_LUTData, d.entries, d.bits), d), stored, d.first);
}

}  // namespace photo51::imaging
