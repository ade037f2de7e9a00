#include "imaging/tiff/ome.hpp"

#include <expat.h>

#include <algorithm>
#include <map>
#include <memory>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

using Attributes = std::map<std::string, std::string>;
constexpr int64_t kMostPlanes = 1'000'000;

/// Collects images as the elements come by.
class Reader {
 public:
  std::vector<OmeImage> images;
  std::map<std::string, double> objectives;  ///< magnification by ID
  XML_Parser parser = nullptr;
  bool has_doctype = false;

  void begin(const std::string& element, const Attributes& attributes) {
    if (element == "Objective") {
      if (const auto power = core::parse_double(value(attributes, "NominalMagnification")))
        objectives[value(attributes, "ID")] = *power;
    } else if (element == "Image") {
      images.emplace_back();
      images.back().id = value(attributes, "ID");
      images.back().name = value(attributes, "Name");
      in_image_ = true;
    } else if (element == "Pixels") {
      if (!in_image_) images.emplace_back();
      take_pixels(attributes, images.back());
    } else if (!images.empty()) {
      take_part(element, attributes, images.back());
    }
  }
  void end(const std::string& element) {
    if (element == "Image") in_image_ = false;
  }
  /// Objectives may be described after the images that name them.
  void finish() {
    for (size_t i = 0; i < images.size(); ++i) {
      const auto named = settings_.find(i);
      if (named != settings_.end() && objectives.contains(named->second))
        images[i].magnification = objectives[named->second];
      else if (named == settings_.end() && objectives.size() == 1)
        images[i].magnification = objectives.begin()->second;
    }
  }

 private:
  static std::string value(const Attributes& attributes, const std::string& name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : std::string(core::trim(found->second));
  }
  static int64_t whole(const Attributes& attributes, const std::string& name, int64_t otherwise = 0) {
    const auto number = core::parse_double(value(attributes, name));
    return number && *number >= 0 && *number < 1e9 ? static_cast<int64_t>(*number) : otherwise;
  }
  /// Of channels, slices or times, three of which can be multiplied.
  static int64_t count(const Attributes& attributes, const std::string& name) {
    const int64_t number = whole(attributes, name);
    return number <= kMostPlanes ? number : 0;
  }

  static std::optional<double> size(const Attributes& attributes, const std::string& axis,
                                    std::string& problem) {
    const std::string key = "PhysicalSize" + axis;
    const auto written = attributes.find(key);
    if (written == attributes.end()) return {};
    const auto number = core::parse_double(value(attributes, key));
    const auto unit = attributes.find(key + "Unit");
    const auto um = unit == attributes.end() ? std::optional<double>(1) : microns_in(unit->second);
    if (number && um) return *number * *um;
    problem = key + " is `" + written->second + "`" +
              (unit == attributes.end() ? "" : " in `" + unit->second + "`") + ", which is no length";
    return {};
  }

  static void take_pixels(const Attributes& attributes, OmeImage& image) {
    image.width = whole(attributes, "SizeX");
    image.height = whole(attributes, "SizeY");
    image.channels = count(attributes, "SizeC");
    image.depth = count(attributes, "SizeZ");
    image.times = count(attributes, "SizeT");
    if (const std::string order = value(attributes, "DimensionOrder"); order.size() == 5) image.order = order;
    image.um_x = size(attributes, "X", image.size_problem);
    image.um_y = size(attributes, "Y", image.size_problem);
  }

  void take_part(const std::string& element, const Attributes& attributes, OmeImage& image) {
    if (element == "Channel") {
      const int64_t samples = std::clamp<int64_t>(whole(attributes, "SamplesPerPixel", 1), 1, 16);
      for (int64_t i = 0; i < samples; ++i) image.channel_names.push_back(value(attributes, "Name"));
    } else if (element == "TiffData") {
      const bool says = attributes.contains("IFD");
      image.pages.emplace_back(whole(attributes, "IFD"), whole(attributes, "PlaneCount", says ? 1 : -1));
    } else if (element == "ObjectiveSettings" || element == "ObjectiveRef") {
      settings_[images.size() - 1] = value(attributes, "ID");
    }
  }

  bool in_image_ = false;
  std::map<size_t, std::string> settings_;  ///< the objective's ID by image
};

/// Without the prefix of a namespace, such as `ome:`.
std::string local_name(const char* name) {
  const std::string text = name;
  return text.substr(text.find(':') == std::string::npos ? 0 : text.find(':') + 1);
}

bool is_utf8(const std::string& text) {
  size_t left = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (left > 0) {
      if ((byte & 0xC0) != 0x80) return false;
      --left;
    } else if (byte >= 0x80) {
      left = byte >> 5 == 6 ? 1 : byte >> 4 == 14 ? 2 : byte >> 3 == 30 ? 3 : 0;
      if (left == 0) return false;
    }
  }
  return left == 0;
}

}  // namespace

bool OmeImage::has_page(int64_t page) const {
  if (pages.empty()) return true;
  return std::any_of(pages.begin(), pages.end(), [&](const auto& run) {
    return page >= run.first && (run.second < 0 || page < run.first + run.second);
  });
}

std::optional<double> microns_in(const std::string& unit) {
  static const std::map<std::string, double> kMicrons{
      {"\xC2\xB5m", 1},
      {"\xCE\xBCm", 1},
      {"\xB5m", 1},
      {"\\u00B5m", 1},
      {"\\u00b5m", 1},
      {"um", 1},
      {"micron", 1},
      {"microns", 1},
      {"micrometer", 1},
      {"micrometers", 1},
      {"micrometre", 1},
      {"micrometres", 1},
      {"am", 1e-12},
      {"fm", 1e-9},
      {"pm", 1e-6},
      {"nm", 1e-3},
      {"nanometer", 1e-3},
      {"nanometers", 1e-3},
      {"\xC3\x85", 1e-4},
      {"\xE2\x84\xAB", 1e-4},
      {"angstrom", 1e-4},
      {"mm", 1e3},
      {"millimeter", 1e3},
      {"millimeters", 1e3},
      {"cm", 1e4},
      {"centimeter", 1e4},
      {"dm", 1e5},
      {"m", 1e6},
      {"meter", 1e6},
      {"dam", 1e7},
      {"hm", 1e8},
      {"km", 1e9},
      {"in", 25400},
      {"inch", 25400},
      {"inches", 25400},
      {"ft", 304800},
      {"yd", 914400},
      {"thou", 25.4},
      {"mil", 25.4},
      {"li", 25400.0 / 12.0},
      {"pt", 25400.0 / 72.0},
  };
  const auto found = kMicrons.find(std::string(core::trim(unit)));
  if (found == kMicrons.end()) return {};
  return found->second;
}

bool is_ome(const std::string& description) {
  return description.find("<OME") != std::string::npos || description.find(":OME ") != std::string::npos;
}

std::vector<OmeImage> parse_ome(const std::string& xml) {
  constexpr size_t kMost = size_t{64} << 20;  // a line for each of a million planes
  if (xml.size() > kMost)
    core::fail_data("its OME-XML has " + std::to_string(xml.size() >> 20) + " MiB, more than the " +
                    std::to_string(kMost >> 20) + " MiB that are read; save the image anew");
  // Some writers say UTF-8 and write the micro sign in Latin-1.
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(
      XML_ParserCreate(is_utf8(xml) ? nullptr : "ISO-8859-1"), XML_ParserFree);
  Reader reader;
  XML_SetUserData(parser.get(), &reader);
  // OME-XML needs no DTD: without one there are no entities to blow up, and nothing of other files to fetch.
  XML_SetStartDoctypeDeclHandler(parser.get(),
                                 [](void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
                                   static_cast<Reader*>(user)->has_doctype = true;
                                   XML_StopParser(static_cast<Reader*>(user)->parser, XML_FALSE);
                                 });
  reader.parser = parser.get();
  XML_SetElementHandler(
      parser.get(),
      [](void* user, const XML_Char* name, const XML_Char** written) {
        Attributes attributes;
        for (; *written != nullptr; written += 2) attributes[local_name(written[0])] = written[1];
        static_cast<Reader*>(user)->begin(local_name(name), attributes);
      },
      [](void* user, const XML_Char* name) { static_cast<Reader*>(user)->end(local_name(name)); });
  const std::string text(core::trim(xml));
  const bool read = XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) == XML_STATUS_OK;
  if (reader.has_doctype)
    core::fail_data(
        "its OME-XML has a DOCTYPE, which may name other files and grow without bound; take it out");
  if (!read)
    core::fail_data("its OME-XML is damaged in line " +
                    std::to_string(XML_GetCurrentLineNumber(parser.get())) + " (" +
                    XML_ErrorString(XML_GetErrorCode(parser.get())) + ")");
  reader.finish();
  return std::move(reader.images);
}

const OmeImage* ome_image_of(const std::vector<OmeImage>& images, int64_t width, int64_t height,
                             int64_t page) {
  const OmeImage* found = nullptr;
  for (const OmeImage& image : images) {
    const bool unsaid = images.size() == 1 && image.width == 0 && image.height == 0;
    if (!unsaid && (image.width != width || image.height != height)) continue;
    if (image.has_page(page)) return &image;
    if (found == nullptr) found = &image;
  }
  return found;
}

std::optional<ImageJText> parse_imagej(const std::string& description) {
  if (!description.starts_with("ImageJ=")) return {};
  ImageJText text;
  std::string unit_y;
  const std::map<std::string, int64_t*> counts{{"images", &text.images},
                                               {"channels", &text.channels},
                                               {"slices", &text.slices},
                                               {"frames", &text.frames}};
  for (const std::string& line : core::split(description, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key(core::trim(line.substr(0, equals))), value(core::trim(line.substr(equals + 1)));
    const auto count = counts.find(key);
    if (count != counts.end()) {
      const auto number = core::parse_double(value);
      if (number && *number >= 1 && *number <= kMostPlanes) *count->second = static_cast<int64_t>(*number);
    }
    if (key == "unit") text.unit = value;
    if (key == "yunit") unit_y = value;
  }
  text.um_x = microns_in(text.unit);
  text.um_y = unit_y.empty() ? text.um_x : microns_in(unit_y);
  return text;
}

void require_imagej_pages(const std::string& description, int64_t pages) {
  const auto text = parse_imagej(description);
  if (text && pages == 1 && text->images > 1)
    core::fail_data("ImageJ says that it holds " + std::to_string(text->images) +
                    " images, but it has one page; save the stack as OME-TIFF, or each image by itself");
}

}  // namespace photo51::imaging
