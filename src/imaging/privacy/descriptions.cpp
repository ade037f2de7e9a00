#include <expat.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "imaging/privacy/formats.hpp"
#include "imaging/privacy/text.hpp"
#include "imaging/tiff/ome.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

/// The OME-XML elements whose attributes describe people, places, instruments or free words.
class OmeTexts {
 public:
  Findings found;

  void begin(const std::string& element, const XML_Char** attributes) {
    path_.push_back(element);
    text_.clear();
    static const std::set<std::string> telling{
        "FirstName",   "MiddleName",         "LastName", "Email",        "Institution",
        "UserName",    "DisplayName",        "Leader",   "SerialNumber", "LotNumber",
        "Description", "ExternalIdentifier", "Comment"};
    for (; *attributes != nullptr; attributes += 2) {
      const std::string name = attributes[0], value = attributes[1];
      const bool is_name = name == "Name" && !is_plain_name(element, value);
      if ((telling.contains(name) || is_name) && !is_technical_text(value))
        found.insert({"OME " + element + " " + name, element.starts_with("Experiment")});
    }
  }
  void text(const XML_Char* some, int length) { text_.append(some, static_cast<size_t>(length)); }
  void end() {
    if (path_.empty()) return;
    const std::string element = path_.back();
    path_.pop_back();
    const std::string words(core::trim(text_));
    text_.clear();
    if (element == "UUID" || element == "BinData" || words.empty()) return;
    if (element == "AcquisitionDate" || element == "AcquiredDate"
            ? !is_dummy_date(words)
            : !is_number(words) && !is_technical_text(words))
      found.insert({"OME " + element, false});
  }
  void comment(const std::string& words) {
    if (words.find("OME-XML metadata block") == std::string::npos && !is_technical_text(words))
      found.insert({"OME comment", false});
  }

 private:
  static bool is_number(const std::string& words) { return core::parse_double(words).has_value(); }

  /// Names of channels and stains say what was seen; images are counted.
  static bool is_plain_name(const std::string& element, const std::string& value) {
    static const std::regex counted(R"((Image|Series|Scene|Plane|Label|Macro|Overview|Thumbnail)[:_ ]?\d*)",
                                    std::regex::icase);
    return element == "Channel" || element == "Filter" || value.size() <= 2 ||
           (value.size() <= 32 && std::regex_match(value, counted));
  }

  std::vector<std::string> path_;
  std::string text_;
};

std::string local_name(const XML_Char* name) {
  const std::string text = name;
  return text.substr(text.find(':') == std::string::npos ? 0 : text.find(':') + 1);
}

Findings identity_of_ome(const std::string& xml) {
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr),
                                                                       XML_ParserFree);
  OmeTexts texts;
  XML_SetUserData(parser.get(), &texts);
  XML_SetElementHandler(
      parser.get(),
      [](void* user, const XML_Char* name, const XML_Char** attributes) {
        static_cast<OmeTexts*>(user)->begin(local_name(name), attributes);
      },
      [](void* user, const XML_Char*) { static_cast<OmeTexts*>(user)->end(); });
  XML_SetCharacterDataHandler(parser.get(), [](void* user, const XML_Char* some, int length) {
    static_cast<OmeTexts*>(user)->text(some, length);
  });
  XML_SetCommentHandler(
      parser.get(), [](void* user, const XML_Char* words) { static_cast<OmeTexts*>(user)->comment(words); });
  const bool whole = XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), 1) == XML_STATUS_OK;
  // What cannot be parsed to its end may hide anything.
  if (!whole) texts.found.insert({"ImageDescription", false});
  return std::move(texts.found);
}

bool is_aperio_head(std::string head) {
  std::replace_if(
      head.begin(), head.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, ' ');
  static const std::set<std::string> words{"YCC",    "YUV",   "KDU",   "RAW",      "OFFSET",
                                           "Offset", "label", "macro", "thumbnail"};
  return std::ranges::all_of(core::split(head, ' '), [](const std::string& word) {
    const bool counts = std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
    return counts || word.size() < 2 || words.contains(word) || is_technical_text(word);
  });
}

/// `Library v1|Key = value|…`, of one or, a copy's, several after `;`.
Findings identity_of_aperio(const std::string& text) {
  static const std::set<std::string> technical{"AppMag",
                                               "StripeWidth",
                                               "Parmset",
                                               "MPP",
                                               "Left",
                                               "Top",
                                               "LineCameraSkew",
                                               "LineAreaXOffset",
                                               "LineAreaYOffset",
                                               "Focus Offset",
                                               "OriginalWidth",
                                               "Originalheight",
                                               "OriginalHeight",
                                               "Filtered",
                                               "Gamma",
                                               "ICC Profile",
                                               "Exposure Time",
                                               "Exposure Scale",
                                               "DisplayColor",
                                               "SessonMode",
                                               "SessionMode",
                                               "DSR ID",
                                               "Mode",
                                               "Rack",
                                               "Slide",
                                               "CompressionQuality"};
  Findings found;
  for (const std::string& part : core::split(text, '|')) {
    const size_t sign = part.find('=');
    const std::string key(core::trim(part.substr(0, sign)));
    // The head of each: the library, sizes and compression.
    if (part.starts_with("Aperio")) {
      if (!is_aperio_head(part)) found.insert({"ImageDescription", false});
      continue;
    }
    if (sign == std::string::npos) {
      if (!is_technical_text(part)) found.insert({"ImageDescription", false});
      continue;
    }
    const std::string value(core::trim(part.substr(sign + 1)));
    if (technical.contains(key) && core::parse_double(value)) continue;
    if (value.size() <= 32 && (key == "Parmset" || key == "ICC Profile")) continue;
    if (!is_technical_text(value))
      found.insert({"aperio." + shown_name(key), key == "User" || key == "Patient"});
  }
  return found;
}

Findings identity_of_imagej(const std::string& text) {
  static const std::set<std::string> technical{"ImageJ",
                                               "images",
                                               "channels",
                                               "slices",
                                               "frames",
                                               "hyperstack",
                                               "mode",
                                               "unit",
                                               "yunit",
                                               "zunit",
                                               "vunit",
                                               "spacing",
                                               "min",
                                               "max",
                                               "loop",
                                               "finterval",
                                               "fps",
                                               "xorigin",
                                               "yorigin",
                                               "zorigin",
                                               "cf",
                                               "c0",
                                               "c1",
                                               "c2",
                                               "c3",
                                               "c4",
                                               "inverted",
                                               "tunit",
                                               "axes",
                                               "physicalsizex",
                                               "physicalsizey",
                                               "bitdepth"};
  constexpr size_t kLongest = 24;  // of a unit or a mode
  Findings found;
  for (const std::string& line : core::split(text, '\n')) {
    const size_t sign = line.find('=');
    const std::string key(core::trim(line.substr(0, sign)));
    const std::string value(sign == std::string::npos ? "" : core::trim(line.substr(sign + 1)));
    if (key.empty() || (sign != std::string::npos && technical.contains(key) && value.size() <= kLongest))
      continue;
    if (sign == std::string::npos ? !is_technical_text(key) : !is_technical_text(value))
      found.insert({sign == std::string::npos ? "ImageDescription" : "ImageJ " + shown_name(key), false});
  }
  return found;
}

}  // namespace

Findings identity_of_description(const std::string& text) {
  if (is_technical_text(text)) return {};
  if (text.starts_with("Aperio")) return identity_of_aperio(text);
  if (text.starts_with("ImageJ=")) return identity_of_imagej(text);
  if (is_ome(text)) return identity_of_ome(text);
  return {{"ImageDescription", false}};
}

}  // namespace photo51::imaging
