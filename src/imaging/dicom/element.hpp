#pragma once
/// Values of DICOM elements, for the files that see DCMTK. An element that is absent or empty is no value;
/// one that is there and cannot be read is an Error (data) naming the tag and what stands in it, without the
/// file.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/text.hpp"

namespace photo51::imaging {

/// "RescaleSlope (0028,1053)".
std::string name_of(const DcmTagKey& tag);

/// All values, separated by backslashes, without the blanks, line ends and NULs around them. An element of
/// unknown representation is read as text. Never throws.
std::string text_of(DcmItem& item, const DcmTagKey& tag);

/// The numbers of a text with backslashes; nothing when one of them is not a number of sensible size. Blanks,
/// line ends and NULs around a number are none of its digits.
std::optional<std::vector<double>> parse_numbers(const std::string& text);

/// All numbers; empty when the element is absent or empty.
std::vector<double> numbers_of(DcmItem& item, const DcmTagKey& tag);
/// A whole number, also written as 3.0.
std::optional<int64_t> integer_of(DcmItem& item, const DcmTagKey& tag);

[[noreturn]] void fail_count(DcmItem& item, const DcmTagKey& tag, size_t wanted);

/// Exactly N numbers; nothing when the element is absent or empty.
template <size_t N>
std::optional<std::array<double, N>> numbers_of(DcmItem& item, const DcmTagKey& tag) {
  const auto values = numbers_of(item, tag);
  if (values.empty()) return {};
  if (values.size() != N) fail_count(item, tag, N);
  std::array<double, N> found{};
  std::copy(values.begin(), values.end(), found.begin());
  return found;
}

inline std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag) {
  const auto value = numbers_of<1>(item, tag);
  if (!value) return {};
  return (*value)[0];
}

/// Half of the last digit that is written of an element's decimal numbers: the most that the writer may have
/// rounded. 0 when nothing is known of it.
double rounding_of(DcmItem& item, const DcmTagKey& tag);

/// Item `index` of a sequence, or null.
DcmItem* item_of(DcmItem& item, const DcmTagKey& sequence, size_t index = 0);
/// All items of a sequence in order; none when it is absent. DCMTK keeps them as a list: asking for one after
/// the other by number would walk it from the start each time.
std::vector<DcmItem*> items_of(DcmItem& item, const DcmTagKey& sequence);
/// Items of a sequence; 0 when it is absent.
size_t count_items(DcmItem& item, const DcmTagKey& sequence);

}  // namespace photo51::imaging
