#include "imaging/dicom/character_sets.hpp"

#include <dcmtk/dcmdata/dcspchrs.h>
#include <iconv.h>

#include <algorithm>

namespace photo51::imaging {
namespace {

bool is_plain(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != 0x1B; });
}

bool is_utf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : 9;
    if (more == 9 || i + more >= text.size() || (lead & 0xFE) == 0xC0) return false;
    for (size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

std::string from_latin1(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0 | byte >> 6);
      result += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return result;
}

/// By the C library, whose names differ; empty where it cannot.
std::string converted_from(const char* encoding, const std::string& text) {
  const iconv_t converter = iconv_open("UTF-8", encoding);
  if (converter == reinterpret_cast<iconv_t>(-1)) return {};
  std::string from = text, to(4 * text.size() + 16, '\0');
  char *in = from.data(), *out = to.data();
  size_t in_left = from.size(), out_left = to.size();
  const bool good = iconv(converter, &in, &in_left, &out, &out_left) != static_cast<size_t>(-1);
  iconv_close(converter);
  return good ? to.substr(0, to.size() - out_left) : std::string();
}

/// What DCMTK's build lacks: Asian sets that are switched to by escape sequences, of which Korean and Chinese
/// have one and go on in 8 bits.
std::string from_escaped(const std::string& text) {
  constexpr struct {
    const char *escape, *encoding;
  } kEightBits[] = {{"\x1B$)C", "EUC-KR"}, {"\x1B$)A", "EUC-CN"}};
  for (const auto& [escape, encoding] : kEightBits) {
    std::string plain = text;
    size_t at = plain.find(escape);
    if (at == std::string::npos) continue;
    for (; at != std::string::npos; at = plain.find(escape, at)) plain.erase(at, 4);
    return converted_from(encoding, plain);
  }
  return converted_from("ISO-2022-JP-2", text);
}

/// As the standard spells it: some writers put ISO-IR 100 or ISO IR 100.
std::string spelled(const std::string& character_set) {
  std::vector<std::string> terms = core::split(character_set, '\\');
  for (std::string& term : terms) {
    term = core::trim(term);
    if (term.starts_with("ISO-IR") || term.starts_with("ISO IR")) term[3] = '_';
    if (term == "UTF-8" || term == "UTF8") term = "ISO_IR 192";
  }
  return core::join(terms, "\\");
}

}  // namespace

std::string to_utf8(const std::string& text, const std::string& character_set) {
  if (is_plain(text)) return text;
  const std::string from = spelled(character_set);
  DcmSpecificCharacterSet converter;
  OFString converted;
  if (!from.empty() && converter.selectCharacterSet(from.c_str()).good() &&
      converter.convertString(text.data(), text.size(), converted, "\\").good()) {
    std::string result(converted.c_str(), converted.length());
    if (is_utf8(result)) return result;
  }
  if (text.find('\x1B') != std::string::npos)
    if (std::string result = from_escaped(text); !result.empty()) return result;
  return is_utf8(text) ? text : from_latin1(text);
}

std::string utf8_text_of(DcmItem& dataset, DcmItem& item, const DcmTagKey& tag) {
  std::string text = text_of(item, tag);
  if (is_plain(text)) return text;
  const std::string own = text_of(item, DCM_SpecificCharacterSet);
  return to_utf8(text, own.empty() ? text_of(dataset, DCM_SpecificCharacterSet) : own);
}

}  // namespace photo51::imaging
