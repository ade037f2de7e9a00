#include "imaging/dicom/lut.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "photo51/core/error.hpp"

namespace photo51::imaging {

LutDescriptor lut_descriptor(DcmItem& item, const DcmTagKey& tag, bool is_signed) {
  const auto values = numbers_of<3>(item, tag);
  if (!values) core::fail_data("its lookup table's descriptor is damaged; export the file again");
  LutDescriptor d{static_cast<int64_t>((*values)[0]), static_cast<int64_t>((*values)[1]),
                  static_cast<int64_t>((*values)[2])};
  // A signed count is a writer's slip.
  if (d.entries <= 0) d.entries += 65536;
  if (is_signed && d.first > 32767) d.first -= 65536;
  if (d.entries < 1 || d.entries > 65536 || d.bits < 1 || d.bits > 16)
    core::fail_data("its lookup table's descriptor is damaged; export the file again");
  return d;
}

std::vector<uint16_t> lut_words(DcmItem& item, const DcmTagKey& tag, int64_t entries, int64_t bits) {
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

at::Tensor lut_table(const std::vector<uint16_t>& words, const LutDescriptor& d) {
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

Lut read_lut(DcmItem& item, bool is_signed) {
  const LutDescriptor d = lut_descriptor(item, DCM_LUTDescriptor, is_signed);
  return {lut_table(lut_words(item, DCM_LUTData, d.entries, d.bits), d), d.first, d.bits};
}

}  // namespace photo51::imaging
