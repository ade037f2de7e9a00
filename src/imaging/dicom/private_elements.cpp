#include "imaging/dicom/private_elements.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "imaging/dicom/element.hpp"

namespace photo51::imaging {
namespace {

bool same_creator(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::optional<DcmTagKey> find(DcmItem& item, unsigned group, unsigned number, const char* creator) {
  for (unsigned block = 0x10; block <= 0xFF; ++block)
    if (same_creator(text_of(item, DcmTagKey(static_cast<Uint16>(group), static_cast<Uint16>(block))),
                     creator))
      return DcmTagKey(static_cast<Uint16>(group), static_cast<Uint16>(block << 8 | number));
  return {};
}

/// The float or double behind an element of unknown representation.
std::optional<double> raw_number(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  Uint8* bytes = nullptr;
  if (item.findAndGetElement(tag, element).bad() || element == nullptr) return {};
  if (element->ident() != EVR_UN && element->ident() != EVR_OB) return {};
  if (element->getUint8Array(bytes).bad() || bytes == nullptr) return {};
  double value = 0;
  if (element->getLength() == sizeof(float)) {
    float single = 0;
    std::memcpy(&single, bytes, sizeof single);
    value = single;
  } else if (element->getLength() == sizeof(double)) {
    std::memcpy(&value, bytes, sizeof value);
  } else {
    return {};
  }
  if (!std::isfinite(value)) return {};
  return value;
}

}  // namespace

std::string private_text(DcmItem& item, unsigned group, unsigned number, const char* creator) {
  const auto tag = find(item, group, number, creator);
  return tag ? text_of(item, *tag) : std::string();
}

std::vector<uint8_t> private_bytes(DcmItem& item, unsigned group, unsigned number, const char* creator) {
  const auto tag = find(item, group, number, creator);
  DcmElement* element = nullptr;
  if (!tag || item.findAndGetElement(*tag, element).bad() || element == nullptr) return {};
  std::vector<uint8_t> bytes(element->getLength());
  if (bytes.empty() || element->getPartialValue(bytes.data(), 0, element->getLength()).bad()) return {};
  return bytes;
}

std::optional<double> private_number(DcmItem& item, unsigned group, unsigned number, const char* creator) {
  const auto tag = find(item, group, number, creator);
  if (!tag) return {};
  const auto values = parse_numbers(text_of(item, *tag));
  if (values && !values->empty()) return (*values)[0];
  return raw_number(item, *tag);
}

}  // namespace photo51::imaging
