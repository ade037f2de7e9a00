#pragma once
/// Lookup tables of DICOM: a descriptor of three numbers and as many entries as it says (PS3.3 C.11.1.1).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "imaging/dicom/element.hpp"

namespace photo51::imaging {

struct LutDescriptor {
  int64_t entries = 0, first = 0, bits = 16;
};

/// The three numbers of a LUT descriptor; 0 entries mean 65536, the first mapped value has the sign of what
/// is looked up. Error (data): damaged.
LutDescriptor lut_descriptor(DcmItem& item, const DcmTagKey& tag, bool is_signed);
/// Words of a table; entries of 8 bits may lie packed, two a word. Error (data): no data.
std::vector<uint16_t> lut_words(DcmItem& item, const DcmTagKey& tag, int64_t entries, int64_t bits);
/// Table as int32, as long as its descriptor says. Error (data): shorter.
at::Tensor lut_table(const std::vector<uint16_t>& words, const LutDescriptor& descriptor);
/// Entries of `values`, the first mapped value being the first entry; those beyond the ends are the ends.
at::Tensor look_up(const at::Tensor& table, const at::Tensor& values, int64_t first);

struct Lut {
  at::Tensor table;  ///< int32
  int64_t first = 0, bits = 16;
};
/// LUTDescriptor (0028,3002) and LUTData (0028,3006) of an item.
Lut read_lut(DcmItem& item, bool is_signed);

}  // namespace photo51::imaging
