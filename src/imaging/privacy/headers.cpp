#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "core/byte_source.hpp"
#include "imaging/nifti/header.hpp"
#include "imaging/privacy/formats.hpp"
#include "imaging/privacy/text.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// Of a text header, or of what stands before the voxels.
constexpr size_t kMostHeader = size_t{1} << 24;

std::string start_of(const fs::path& path, size_t bytes) {
  core::ByteSource source(path);
  std::string text(bytes, '\0');
  text.resize(source.read(text.data(), text.size()));
  return text;
}

bool is_telling(const std::string& text) {
  return !is_technical_text(std::string(core::trim(text)));
}

/// A text of fixed width, to its first NUL; what follows that is text only where it was hidden.
bool is_telling_field(const std::string& header, size_t at, size_t width) {
  const std::string field = header.substr(at, width);
  const size_t end = std::min(field.find('\0'), field.size());
  return is_telling(field.substr(0, end)) || holds_words({field.data() + end, field.size() - end});
}

struct Field {
  const char* name;
  size_t at, width;
};

/// The extensions that fill the bytes before the voxels, each of a size and a code, or the bytes themselves.
void look_before_voxels(std::string_view between, bool swapped, Findings& found) {
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    std::memcpy(&value, between.data() + at, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
  };
  constexpr size_t kStart = 4, kHead = 8;
  size_t at = kStart;
  const bool extended = between.size() >= kStart && between[0] != 0;
  while (extended && at + kHead <= between.size()) {
    const uint32_t size = number(at), code = number(at + 4);
    if (size < kHead || size > between.size() - at) break;
    const std::string_view body = between.substr(at + kHead, size - kHead);
    if (std::ranges::any_of(body, [](char c) { return c != 0; }))
      found.insert({"NIfTI extension " + std::to_string(code), false});
    at += size;
  }
  const std::string_view rest = between.substr(std::min(at, between.size()));
  if (holds_words({rest.data(), rest.size()})) found.insert({"text before the voxels", false});
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Fields of NRRD that hold numbers, words of the format or names of files.
bool is_nrrd_field(const std::string& key) {
  static const std::set<std::string> fields{"type",         "dimension",
                                            "space",        "space dimension",
                                            "sizes",        "spacings",
                                            "thicknesses",  "axis mins",
                                            "axismins",     "axis maxs",
                                            "axismaxs",     "centers",
                                            "centerings",   "kinds",
                                            "endian",       "encoding",
                                            "space origin", "space directions",
                                            "space units",  "measurement frame",
                                            "min",          "max",
                                            "old min",      "oldmin",
                                            "old max",      "oldmax",
                                            "block size",   "blocksize",
                                            "line skip",    "lineskip",
                                            "byte skip",    "byteskip",
                                            "data file",    "datafile",
                                            "units"};
  return fields.contains(key);
}

/// Keys that 3D Slicer and converters of diffusion write, which say nothing of a patient.
bool is_nrrd_key(const std::string& key) {
  if (key.starts_with("DWMRI_") || key.starts_with("NRRD_") || key == "modality") return true;
  if (key.starts_with("Segmentation_")) return true;
  if (!key.starts_with("Segment")) return false;
  const size_t mark = key.find('_');
  if (mark == std::string::npos) return false;
  const std::string number = key.substr(7, mark - 7);
  return !number.empty() && std::ranges::all_of(number, [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Axis labels are words of a few letters.
bool are_labels(const std::string& value) {
  std::string word;
  for (const char c : value + " ") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += c;
    } else {
      if (word.size() > 4) return false;
      word.clear();
    }
  }
  return true;
}

void look_at_nrrd_line(const std::string& line, Findings& found) {
  if (line.starts_with('#')) {
    const std::string text(core::trim(line.substr(1)));
    if (text.starts_with("Complete NRRD file format specification at") ||
        text.starts_with("http://teem.sourceforge.net/nrrd/format"))
      return;
    if (is_telling(text)) found.insert({"comment", false});
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string::npos) {
    // Continues a list of files, or is hidden text.
    return;
  }
  const std::string key(core::trim(line.substr(0, colon)));
  const bool own = line.compare(colon, 2, ":=") == 0;
  const std::string value(core::trim(line.substr(colon + (own ? 2 : 1))));
  if (own ? is_nrrd_key(key) : is_nrrd_field(lower(key))) return;
  if (!own && lower(key) == "labels" && are_labels(value)) return;
  if (is_telling(value)) found.insert({shown_name(key), false});
}

bool is_meta_key(const std::string& key) {
  static const std::set<std::string> keys{"objecttype",
                                          "objectsubtype",
                                          "ndims",
                                          "binarydata",
                                          "binarydatabyteordermsb",
                                          "elementbyteordermsb",
                                          "compresseddata",
                                          "compresseddatasize",
                                          "compressionlevel",
                                          "transformmatrix",
                                          "rotation",
                                          "orientation",
                                          "offset",
                                          "position",
                                          "origin",
                                          "centerofrotation",
                                          "anatomicalorientation",
                                          "elementspacing",
                                          "elementsize",
                                          "dimsize",
                                          "headersize",
                                          "modality",
                                          "sequenceid",
                                          "elementmin",
                                          "elementmax",
                                          "elementnumberofchannels",
                                          "elementtype",
                                          "elementdatafile",
                                          "elementnbits",
                                          "distanceunits",
                                          "elementtointensityfunctionslope",
                                          "elementtointensityfunctionoffset",
                                          "id",
                                          "parentid",
                                          "color",
                                          "intensityrescale"};
  return keys.contains(lower(key));
}

}  // namespace

bool holds_words(std::span<const char> bytes, size_t letters) {
  // Letters one after the other, or with a NUL between each two.
  for (const size_t step : {size_t{1}, size_t{2}})
    for (size_t from = 0; from < step; ++from) {
      size_t run = 0;
      for (size_t i = from; i < bytes.size(); i += step) {
        const bool letter = std::isalpha(static_cast<unsigned char>(bytes[i])) != 0;
        const bool between = step == 1 || i + 1 >= bytes.size() || bytes[i + 1] == 0;
        run = letter && between ? run + 1 : 0;
        if (run >= letters) return true;
      }
    }
  return false;
}

Findings identity_of_nifti(const fs::path& path) {
  Findings found;
  core::ByteSource source(path);
  std::string header(nifti::kLongestHeader, '\0');
  header.resize(source.read(header.data(), nifti::kShortHeader));
  if (header.size() < nifti::kShortHeader) core::fail_data("the file ends in its NIfTI header");
  const bool second = nifti::is_second_version(header);
  int32_t length = 0;
  std::memcpy(&length, header.data(), sizeof length);
  const bool swapped = length != 348 && length != 540;
  if (second) {
    std::string more(nifti::kLongestHeader - nifti::kShortHeader, '\0');
    more.resize(source.read(more.data(), more.size()));
    header += more;
    if (header.size() < nifti::kLongestHeader) core::fail_data("the file ends in its NIfTI header");
  }
  static const std::vector<Field> short_fields{{"data_type", 4, 10},
                                               {"db_name", 14, 18},
                                               {"descrip", 148, 80},
                                               {"aux_file", 228, 24},
                                               {"intent_name", 328, 16}};
  static const std::vector<Field> long_fields{
      {"descrip", 240, 80}, {"aux_file", 320, 24}, {"intent_name", 508, 16}, {"unused_str", 525, 15}};
  for (const auto& [name, at, width] : second ? long_fields : short_fields)
    if (is_telling_field(header, at, width)) found.insert({name, false});

  // Anything may stand between the header and the voxels.
  double offset = 0;
  if (second) {
    uint64_t value = 0;
    std::memcpy(&value, header.data() + 168, sizeof value);
    offset = static_cast<double>(swapped ? __builtin_bswap64(value) : value);
  } else {
    uint32_t bits = 0;
    std::memcpy(&bits, header.data() + 108, sizeof bits);
    if (swapped) bits = __builtin_bswap32(bits);
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    offset = value;
  }
  const auto begin = static_cast<double>(header.size());
  if (!(offset > begin)) return found;
  if (offset - begin > static_cast<double>(kMostHeader))
    core::fail_data("more than 16 MB stand before its voxels, which are not looked through");
  std::string between(static_cast<size_t>(offset - begin), '\0');
  between.resize(source.read(between.data(), between.size()));
  look_before_voxels(between, swapped, found);
  return found;
}

Findings identity_of_nrrd(const fs::path& path) {
  const std::string text = start_of(path, kMostHeader);
  Findings found;
  size_t at = text.find('\n');  // NRRD0004
  while (at != std::string::npos) {
    const size_t end = text.find('\n', ++at);
    std::string line = text.substr(at, end - at);
    while (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return found;  // the voxels follow
    // A header of its own may end without an empty line.
    look_at_nrrd_line(line, found);
    at = end;
  }
  if (text.size() == kMostHeader) core::fail_data("its header has no end within 16 MB");
  return found;
}

Findings identity_of_meta(const fs::path& path) {
  const std::string text = start_of(path, kMostHeader);
  Findings found;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const size_t sign = line.find_first_of("=:");
    const std::string key(core::trim(line.substr(0, sign)));
    const std::string value(sign == std::string::npos ? "" : core::trim(line.substr(sign + 1)));
    if (sign == std::string::npos) {
      if (is_telling(key)) found.insert({"comment", false});
      continue;
    }
    if (lower(key) == "elementdatafile") return found;  // the last key
    if (!is_meta_key(key) && is_telling(value)) found.insert({shown_name(key), false});
    if (lower(key) == "modality" && value.size() > 16) found.insert({"Modality", false});
  }
  core::fail_data("its header has no ElementDataFile within 16 MB");
}

}  // namespace photo51::imaging
