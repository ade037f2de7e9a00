#include <algorithm>
#include <cmath>

#include "imaging/ultrasound/tags.hpp"

namespace photo51::imaging {
namespace {

/// PS3.3 C.8.5.5.1.15.
const char* unit_name(int64_t code) {
  static constexpr const char* kNames[] = {"none", "percent", "dB",    "cm",  "seconds", "hertz",  "dB/s",
                                           "cm/s", "cm2",     "cm2/s", "cm3", "cm3/s",   "degrees"};
  return code >= 0 && code < 13 ? kNames[code] : "unknown";
}

RegionFormat format_of(int64_t code) {
  return code >= 1 && code <= 5 ? static_cast<RegionFormat>(code) : RegionFormat::none;
}

RegionData data_of(int64_t code) {
  if (code == 1) return RegionData::tissue;
  if (code == 2) return RegionData::color_flow;
  if (code == 3 || code == 4) return RegionData::doppler;
  if (code >= 5 && code <= 12) return RegionData::trace;
  return code > 12 ? RegionData::other : RegionData::none;
}

/// mm a pixel along one axis, or nothing; says in `problem` why a two-dimensional region has none.
std::optional<double> length_of(DcmItem& item, const DcmTagKey& unit_tag, const char* unit_text,
                                const DcmTagKey& delta_tag, const char* delta_text, std::string& problem) {
  const auto unit = integer_of(item, unit_tag);
  const auto delta = number_of(item, delta_tag);
  if (!unit || *unit != 3) {
    if (problem.empty())
      problem = unit ? std::string(unit_text) + " is " + unit_name(*unit) + ", not cm"
                     : std::string(unit_text) + " is missing";
    return {};
  }
  if (!delta || !std::isfinite(*delta) || *delta == 0) {
    if (problem.empty()) problem = std::string(delta_text) + (delta ? " is 0" : " is missing");
    return {};
  }
  return std::abs(*delta) * 10;
}

CalibratedRegion region_of(DcmItem& item, int64_t columns, int64_t rows) {
  CalibratedRegion region;
  region.format = format_of(integer_of(item, DCM_RegionSpatialFormat).value_or(0));
  region.data = data_of(integer_of(item, DCM_RegionDataType).value_or(0));
  const std::array<std::optional<int64_t>, 4> corners{
      integer_of(item, DCM_RegionLocationMinX0), integer_of(item, DCM_RegionLocationMinY0),
      integer_of(item, DCM_RegionLocationMaxX1), integer_of(item, DCM_RegionLocationMaxY1)};
  region.mm_x = length_of(item, DCM_PhysicalUnitsXDirection, "PhysicalUnitsXDirection (0018,6024)",
                          DCM_PhysicalDeltaX, "PhysicalDeltaX (0018,602C)", region.problem);
  region.mm_y = length_of(item, DCM_PhysicalUnitsYDirection, "PhysicalUnitsYDirection (0018,6026)",
                          DCM_PhysicalDeltaY, "PhysicalDeltaY (0018,602E)", region.problem);
  // Time and velocity are what other formats are for.
  if (region.format != RegionFormat::two_d) region.problem.clear();
  for (size_t i = 0; i < 4; ++i) {
    if (!corners[i]) region.problem = "RegionLocationMinX0 to MaxY1 (0018,6018 to 601E) are not all there";
    region.box[i] = corners[i].value_or(0);
  }
  const auto [x0, y0, x1, y1] = region.box;
  if (region.problem.empty() && (x1 < x0 || y1 < y0))
    region.problem = "RegionLocationMaxX1 (0018,601C) or MaxY1 lies before the minimum";
  // Seen in resized and cropped copies: neither place nor scale are this picture's any more. Some machines
  // write the first pixel after the region as its last, which may be one beyond the picture.
  if (x0 < 0 || y0 < 0 || x1 > columns || y1 > rows)
    region.problem = "its box reaches to " + std::to_string(x1) + ", " + std::to_string(y1) +
                     " (RegionLocationMaxX1 (0018,601C), MaxY1), but the picture has " +
                     std::to_string(columns) + " x " + std::to_string(rows) +
                     " pixels: it was resized or cut after it was calibrated";
  if (!region.problem.empty()) region.mm_x = region.mm_y = std::nullopt;
  region.box = {std::clamp<int64_t>(x0, 0, columns - 1), std::clamp<int64_t>(y0, 0, rows - 1),
                std::clamp<int64_t>(x1, 0, columns - 1), std::clamp<int64_t>(y1, 0, rows - 1)};
  return region;
}

}  // namespace

void read_regions(DcmItem& dataset, int64_t columns, int64_t rows, Cine& cine) {
  const size_t count = std::min<size_t>(count_items(dataset, DCM_SequenceOfUltrasoundRegions), 1000);
  for (size_t i = 0; i < count; ++i) {
    DcmItem* item = item_of(dataset, DCM_SequenceOfUltrasoundRegions, i);
    if (item == nullptr) continue;
    cine.regions.push_back(region_of(*item, columns, rows));
    if (!cine.regions.back().problem.empty())
      cine.warnings.push_back(
          "region " + std::to_string(i + 1) +
          " of SequenceOfUltrasoundRegions (0018,6011) is not calibrated: " + cine.regions.back().problem);
  }
}

}  // namespace photo51::imaging
