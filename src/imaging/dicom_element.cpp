#include "imaging/dicom_element.hpp"

#include <cmath>

namespace photo51::imaging {
namespace {

/// The bytes of an element whose representation is not text: a damaged or private writer's.
std::string raw_text(DcmElement& element) {
  Uint8* bytes = nullptr;
  if (element.getLength() > 1024 || element.getUint8Array(bytes).bad() || bytes == nullptr) return {};
  std::string text(reinterpret_cast<const char*>(bytes), element.getLength());
  if (const auto end = text.find('\0'); end != std::string::npos) text.resize(end);
  return text;
}

}  // namespace

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || element == nullptr) return {};
  const DcmEVR vr = element->ident();
  if (vr == EVR_UN || vr == EVR_OB) return std::string(core::trim(raw_text(*element)));
  OFString value;
  if (element->getOFStringArray(value).bad()) return {};
  return std::string(core::trim(std::string_view(value.c_str(), value.length())));
}

std::vector<double> numbers_of(DcmItem& item, const DcmTagKey& tag) {
  const std::string text = text_of(item, tag);
  std::vector<double> values;
  if (text.empty()) return values;
  for (const std::string& part : core::split(text, '\\')) {
    const auto value = core::parse_double(core::trim(part));
    if (!value || !(std::abs(*value) < 1e12)) return {};
    values.push_back(*value);
  }
  return values;
}

std::optional<int64_t> integer_of(DcmItem& item, const DcmTagKey& tag) {
  return core::parse_int(text_of(item, tag));
}

DcmItem* item_of(DcmItem& item, const DcmTagKey& sequence, size_t index) {
  DcmItem* found = nullptr;
  if (item.findAndGetSequenceItem(sequence, found, static_cast<long>(index)).bad()) return nullptr;
  return found;
}

size_t count_items(DcmItem& item, const DcmTagKey& sequence) {
  DcmSequenceOfItems* items = nullptr;
  if (item.findAndGetSequence(sequence, items).bad() || items == nullptr) return 0;
  return items->card();
}

}  // namespace photo51::imaging
