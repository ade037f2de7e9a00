#include "imaging/privacy/text.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <vector>

#include "photo51/core/cells.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// Runs of letters and digits, in capitals.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(upper(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(upper(word));
  return words;
}

bool is_all(const std::string& word, char c) {
  return std::ranges::all_of(word, [&](char other) { return other == c; });
}

/// A number of a few digits: neither a date nor a record's number.
bool is_short_number(const std::string& word) {
  return word.size() <= 4 && std::ranges::all_of(word, is_digit);
}

bool stands_in(const std::string& word) {
  static const std::set<std::string> words{
      "ANON",      "ANONYM",  "ANONYMOUS", "ANONYMIZED",   "ANONYMISED",   "ANONYMIZE", "ANONYMISE",
      "PSEUDONYM", "REMOVED", "REDACTED",  "DELETED",      "DEIDENTIFIED", "DUMMY",     "UNKNOWN",
      "NONE",      "NULL",    "NA",        "UNSPECIFIED",  "PATIENT",      "SUBJECT",   "CASE",
      "PHANTOM",   "TEST",    "WITHHELD",  "CONFIDENTIAL", "VOLUNTEER",    "SYNTHETIC", "NONAME"};
  return words.contains(word) || is_all(word, 'X') || is_all(word, '0');
}

/// Words that stand in together only.
bool is_phrase(const std::vector<std::string>& words) {
  static const std::set<std::string> phrases{"N A",           "NO NAME",   "DE IDENTIFIED", "NOT AVAILABLE",
                                             "NOT SPECIFIED", "NOT KNOWN", "NOT GIVEN",     "1"};
  return phrases.contains(core::join(words, " "));
}

}  // namespace

bool is_dummy_text(std::string_view text) {
  constexpr char kEscape = '\x1b';  // letters of another alphabet in seven bits follow
  if (text.find(kEscape) != std::string_view::npos) return false;
  const std::vector<std::string> words = words_of(text);
  if (words.empty() || is_phrase(words)) return true;
  bool any = false;
  for (std::string word : words) {
    // ANON01, PATIENT7
    const auto letters = static_cast<size_t>(std::ranges::find_if(word, is_digit) - word.begin());
    if (letters > 0 && letters < word.size() && is_short_number(word.substr(letters))) word.resize(letters);
    const bool stand_in = stands_in(word);
    if (!stand_in && !is_short_number(word)) return false;
    any = any || stand_in;
  }
  return any;
}

bool is_dummy_name(const std::string& name, const std::string& code, bool declared) {
  if (is_dummy_text(name)) return true;
  if (!declared) return false;
  const auto has_digit = [](const std::string& text) { return std::ranges::any_of(text, is_digit); };
  if (name == code) return has_digit(code) && code.find('^') == std::string::npos;
  // Every part of it is a code, of letters and digits or digits alone.
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find_first_of(" ^=,\\", at), name.size());
    const std::string part = name.substr(at, end - at);
    if (!is_dummy_text(part) && !has_digit(part)) return false;
    at = end + 1;
  }
  return true;
}

bool is_dummy_date(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (is_letter(c)) return is_dummy_text(text);
    if (is_digit(c)) digits += c;
  }
  if (is_all(digits, '0')) return true;
  static const std::set<std::string> first_days{"00010101", "10000101", "17000101", "18000101",
                                                "19000101", "19700101", "20000101"};
  const std::string rest = digits.size() > 8 ? digits.substr(8) : "";
  return first_days.contains(digits.substr(0, 8)) && is_all(rest, '0');
}

bool is_technical_text(const std::string& text) {
  if (is_dummy_text(text)) return true;
  if (text.size() > 400) return false;
  static const std::regex version(R"((FSL)?v?\d+(\.\d+)+([-+:.][0-9a-z]+)*)",
                                  std::regex::icase | std::regex::optimize);
  if (std::regex_match(text, version)) return !core::is_date(text);
  // What converters write of a sequence; times of day are the patient's.
  static const std::regex settings(R"(((TE|TR|TI|EC|phase|mb|FA|b|dw|esp|bw)=[-+.\dE]+;?\s*)+)",
                                   std::regex::icase | std::regex::optimize);
  if (std::regex_match(text, settings)) return true;
  static const std::regex shape(R"(\{"shape": \[[\d, ]+\](, "axes": "[A-Z]*")?\})", std::regex::optimize);
  if (std::regex_match(text, shape)) return true;
  static const std::set<std::string> programs{"FSL",        "SPM",         "SPM8",
                                              "SPM12",      "ITK",         "INSIGHT",
                                              "TOOLKIT",    "NIBABEL",     "DCM2NIIX",
                                              "FREESURFER", "MRTRIX",      "MRTRIX3",
                                              "ANTS",       "AFNI",        "NIFTYREG",
                                              "SLICER",     "PHOTO51",     "IMAGEJ",
                                              "FIJI",       "OME",         "BIO",
                                              "FORMATS",    "TIFFFILE",    "LIBTIFF",
                                              "ADOBE",      "PHOTOSHOP",   "GIMP",
                                              "APERIO",     "IMAGE",       "LIBRARY",
                                              "QUPATH",     "IMAGEMAGICK", "GRAPHICSMAGICK",
                                              "MATLAB",     "MATPLOTLIB",  "VIPS",
                                              "LIBVIPS",    "PYVIPS",      "PILLOW",
                                              "PIL",        "PYTHON",      "DSR",
                                              "PY",         "GD",          "JPEG",
                                              "IJG",        "CREATOR",     "USING",
                                              "QUALITY",    "LAVC",        "WINDOWS",
                                              "MACINTOSH",  "LINUX",       "MACOS",
                                              "OS",         "X",           "X64",
                                              "X86",        "BUILD",       "VERSION",
                                              "RELEASE",    "CS",          "CC",
                                              "RGB",        "Q",           "LZW",
                                              "NORMALIZED", "WARPED",      "VOLUME",
                                              "SCANNER",    "NDP",         "FILE",
                                              "WRITTEN",    "BY",          "MATERIAL",
                                              "HTTPS",      "HTTP",        "WWW",
                                              "ORG",        "COM",         "MICRO",
                                              "MANAGER",    "D",           "WITH",
                                              "OPENCV",     "INTEL",       "LIB",
                                              "ENCODER",    "SPATIALLY",   "SMOOTHED",
                                              "GDAL",       "GEOTIFF",     "PNG",
                                              "CAIRO",      "INKSCAPE",    "THE",
                                              "HAMAMATSU",  "LEICA",       "VENTANA",
                                              "PHILIPS",    "V",           "R",
                                              "DCMTK",      "GDCM",        "SIMPLEITK",
                                              "TORCHIO"};
  bool known = false;
  for (const std::string& word : words_of(text)) {
    size_t letters = 0;
    while (letters < word.size() && is_letter(word[letters])) ++letters;
    const bool program =
        programs.contains(word) || (letters > 0 && programs.contains(word.substr(0, letters)));
    known = known || (program && letters > 1);
    // Parts of a version: 53c, b4, 20, 4fd2.
    const bool part = std::ranges::any_of(word, is_digit) && word.size() <= 4;
    if (!program && !part) return false;
  }
  return known;
}

std::string shown_name(std::string_view name) {
  constexpr size_t kMost = 40;
  std::string shown(name.substr(0, kMost));
  for (char& c : shown)
    if (std::isprint(static_cast<unsigned char>(c)) == 0) c = '.';
  return shown + (name.size() > kMost ? "..." : "");
}

}  // namespace photo51::imaging
