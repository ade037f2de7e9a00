#pragma once
/// Text that people wrote into DICOM files: names and descriptions, in UTF-8.

#include <string>

#include "imaging/dicom/element.hpp"

namespace photo51::imaging {

/// `text` in UTF-8, which was written in `character_set`, the value of SpecificCharacterSet (0008,0005) with
/// its backslashes. Where that is absent or wrong, text that is UTF-8 already stays and other text is taken
/// as Latin-1.
std::string to_utf8(const std::string& text, const std::string& character_set);

/// `text_of` in UTF-8, for elements whose text depends on the character set (LO, SH, PN, ST, LT, UT):
/// `item` may be an item within `dataset`, which says what the character set is unless the item does.
std::string utf8_text_of(DcmItem& dataset, DcmItem& item, const DcmTagKey& tag);
inline std::string utf8_text_of(DcmItem& dataset, const DcmTagKey& tag) {
  return utf8_text_of(dataset, dataset, tag);
}

}  // namespace photo51::imaging
