#pragma once
/// DICOM unique identifiers that derive from a text.

#include <string>

namespace photo51::imaging {

/// "2.25." and the decimal number of a UUID (PS3.5 B.2) made from a hash of `text`: same text, same UID.
std::string uid_from(const std::string& text);

}  // namespace photo51::imaging
