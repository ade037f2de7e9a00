#pragma once
/// Values of DICOM elements, for the files that see DCMTK. An element that is absent, empty or not what its
/// dictionary entry says is no value: none of these throws.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/text.hpp"

namespace photo51::imaging {

/// All values, separated by backslashes, trimmed. An element of unknown representation is read as text.
std::string text_of(DcmItem& item, const DcmTagKey& tag);
/// All finite numbers; empty when one of them is not a number.
std::vector<double> numbers_of(DcmItem& item, const DcmTagKey& tag);
std::optional<int64_t> integer_of(DcmItem& item, const DcmTagKey& tag);

/// Exactly N numbers, or nothing.
template <size_t N>
std::optional<std::array<double, N>> numbers_of(DcmItem& item, const DcmTagKey& tag) {
  const auto values = numbers_of(item, tag);
  if (values.size() != N) return {};
  std::array<double, N> found{};
  std::copy(values.begin(), values.end(), found.begin());
  return found;
}

inline std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag) {
  const auto values = numbers_of(item, tag);
  if (values.size() != 1) return {};
  return values[0];
}

/// Item `index` of a sequence, or null.
DcmItem* item_of(DcmItem& item, const DcmTagKey& sequence, size_t index = 0);
/// Items of a sequence; 0 when it is absent.
size_t count_items(DcmItem& item, const DcmTagKey& sequence);

}  // namespace photo51::imaging
