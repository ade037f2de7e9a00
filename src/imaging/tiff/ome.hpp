#pragma once
/// What the text of a TIFF's ImageDescription says of its images: OME-XML and ImageJ's lines.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace photo51::imaging {

/// One `Image` of OME-XML (www.openmicroscopy.org/Schemas/OME). What is not said is 0 or empty.
struct OmeImage {
  std::string id, name, order = "XYCZT";
  int64_t width = 0, height = 0, channels = 0, depth = 0, times = 0;
  std::vector<std::string> channel_names;
  std::optional<double> um_x, um_y;  ///< size of a pixel
  std::string size_problem;          ///< why a written size cannot be used
  std::optional<double> magnification;
  std::vector<std::pair<int64_t, int64_t>> pages;  ///< first page and count; count -1: all that follow

  bool has_page(int64_t page) const;
};

/// Error (data): no well-formed XML. Micro signs in Latin-1 are read too.
std::vector<OmeImage> parse_ome(const std::string& xml);
bool is_ome(const std::string& description);
/// The image that describes page `page` of `width` x `height` pixels; null when none has that size.
const OmeImage* ome_image_of(const std::vector<OmeImage>& images, int64_t width, int64_t height,
                             int64_t page);

/// ImageJ's `key=value` lines.
struct ImageJText {
  int64_t images = 1, channels = 1, slices = 1, frames = 1;
  std::optional<double> um_x, um_y;  ///< microns in the unit that the resolution tags count pixels of
  std::string unit;
};
/// Nothing when the text is not ImageJ's.
std::optional<ImageJText> parse_imagej(const std::string& description);

/// Error (data) when ImageJ counts more images than a file of one page has: it writes long stacks so.
void require_imagej_pages(const std::string& description, int64_t pages);

/// Microns in a unit of length as OME and ImageJ write it; nothing for what is no length (pixel).
std::optional<double> microns_in(const std::string& unit);

}  // namespace photo51::imaging
