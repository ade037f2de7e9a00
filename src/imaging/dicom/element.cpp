#include "imaging/dicom/element.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// Blanks, line ends and the NULs that pad UIDs and, from some writers, everything.
std::string_view clean(std::string_view text) {
  constexpr std::string_view kPadding(" \t\r\n\v\f\0", 7);
  const auto first = text.find_first_not_of(kPadding);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kPadding) - first + 1);
}

/// The bytes of an element whose representation is not text: a damaged or private writer's.
std::string raw_text(DcmElement& element) {
  Uint8* bytes = nullptr;
  if (element.getLength() > 1024 || element.getUint8Array(bytes).bad() || bytes == nullptr) return {};
  std::string text(reinterpret_cast<const char*>(bytes), element.getLength());
  if (const auto end = text.find('\0'); end != std::string::npos) text.resize(end);
  return text;
}

/// A value as part of a message: short, and of characters that every terminal shows.
std::string shown(const std::string& text) {
  std::string safe = text.substr(0, 40);
  for (char& c : safe)
    if (std::isprint(static_cast<unsigned char>(c)) == 0) c = '.';
  return safe + (text.size() > 40 ? "..." : "");
}

}  // namespace

std::string name_of(const DcmTagKey& tag) {
  DcmTag named(tag);
  char number[16];
  std::snprintf(number, sizeof number, " (%04X,%04X)", static_cast<unsigned>(tag.getGroup()),
                static_cast<unsigned>(tag.getElement()));
  return std::string(named.getTagName()) + number;
}

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || element == nullptr) return {};
  const DcmEVR vr = element->ident();
  if (vr == EVR_UN || vr == EVR_OB) return std::string(clean(raw_text(*element)));
  OFString value;
  if (element->getOFStringArray(value).bad()) return {};
  return std::string(clean(std::string_view(value.c_str(), value.length())));
}

std::optional<std::vector<double>> parse_numbers(const std::string& text) {
  std::vector<double> values;
  if (clean(text).empty()) return values;
  for (const std::string& part : core::split(text, '\\')) {
    const auto value = core::parse_double(clean(part));
    if (!value || !(std::abs(*value) < 1e12)) return {};
    values.push_back(*value);
  }
  return values;
}

std::vector<double> numbers_of(DcmItem& item, const DcmTagKey& tag) {
  const std::string text = text_of(item, tag);
  auto values = parse_numbers(text);
  if (!values)
    core::fail_data(name_of(tag) + " is `" + shown(text) + "`, which is " +
                    (text.find('\\') == std::string::npos ? "no usable number" : "not all usable numbers") +
                    "; correct the header");
  return std::move(*values);
}

std::optional<int64_t> integer_of(DcmItem& item, const DcmTagKey& tag) {
  const auto value = number_of(item, tag);
  if (!value) return {};
  if (std::trunc(*value) != *value)
    core::fail_data(name_of(tag) + " is `" + shown(text_of(item, tag)) +
                    "`, not a whole number; correct the header");
  return static_cast<int64_t>(*value);
}

void fail_count(DcmItem& item, const DcmTagKey& tag, size_t wanted) {
  core::fail_data(name_of(tag) + " is `" + shown(text_of(item, tag)) + "`, not " + std::to_string(wanted) +
                  (wanted == 1 ? " number" : " numbers") + "; correct the header");
}

double rounding_of(DcmItem& item, const DcmTagKey& tag) {
  const std::string text = text_of(item, tag);
  if (text.empty() || text.find_first_of("eE") != std::string::npos) return 0;
  size_t decimals = 0;
  for (const std::string& part : core::split(text, '\\'))
    if (const auto point = part.find('.'); point != std::string::npos)
      decimals = std::max(decimals, clean(std::string_view(part).substr(point + 1)).size());
  return 0.5 * std::pow(10.0, -static_cast<double>(decimals));
}

DcmItem* item_of(DcmItem& item, const DcmTagKey& sequence, size_t index) {
  DcmItem* found = nullptr;
  if (item.findAndGetSequenceItem(sequence, found, static_cast<long>(index)).bad()) return nullptr;
  return found;
}

std::vector<DcmItem*> items_of(DcmItem& item, const DcmTagKey& sequence) {
  std::vector<DcmItem*> found;
  DcmSequenceOfItems* items = nullptr;
  if (item.findAndGetSequence(sequence, items).bad() || items == nullptr) return found;
  found.reserve(items->card());
  for (DcmObject* object = items->nextInContainer(nullptr); object != nullptr;
       object = items->nextInContainer(object))
    if (auto* one = dynamic_cast<DcmItem*>(object)) found.push_back(one);
  return found;
}

size_t count_items(DcmItem& item, const DcmTagKey& sequence) {
  DcmSequenceOfItems* items = nullptr;
  if (item.findAndGetSequence(sequence, items).bad() || items == nullptr) return 0;
  return items->card();
}

}  // namespace photo51::imaging
