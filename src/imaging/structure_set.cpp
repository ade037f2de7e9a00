#include "imaging/structure_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

using Point = std::array<double, 3>;

void take_contours(DcmItem& roi, Structure& structure) {
  const size_t count = count_items(roi, DCM_ContourSequence);
  for (size_t i = 0; i < count; ++i) {
    DcmItem* item = item_of(roi, DCM_ContourSequence, i);
    if (item == nullptr) continue;
    const std::string shape = text_of(*item, DCM_ContourGeometricType);
    if (!shape.starts_with("CLOSED_PLANAR") && shape != "CLOSEDPLANAR_XOR") {
      ++structure.other_shapes;
      continue;
    }
    const std::vector<double> numbers = numbers_of(*item, DCM_ContourData);
    if (numbers.size() < 9 || numbers.size() % 3 != 0)
      core::fail_data("contour " + std::to_string(i + 1) + " of ROI `" + structure.name +
                      "` has a damaged ContourData (3006,0050); export the structure set again");
    std::vector<Point> points;
    for (size_t k = 0; k < numbers.size(); k += 3)
      points.push_back({numbers[k], numbers[k + 1], numbers[k + 2]});
    structure.contours.push_back(std::move(points));
  }
}

std::vector<std::string> series_of(DcmItem& dataset) {
  std::vector<std::string> found;
  for (size_t f = 0; f < count_items(dataset, DCM_ReferencedFrameOfReferenceSequence); ++f) {
    DcmItem* frame = item_of(dataset, DCM_ReferencedFrameOfReferenceSequence, f);
    for (size_t s = 0; frame != nullptr && s < count_items(*frame, DCM_RTReferencedStudySequence); ++s) {
      DcmItem* study = item_of(*frame, DCM_RTReferencedStudySequence, s);
      for (size_t k = 0; study != nullptr && k < count_items(*study, DCM_RTReferencedSeriesSequence); ++k)
        if (DcmItem* series = item_of(*study, DCM_RTReferencedSeriesSequence, k))
          found.push_back(text_of(*series, DCM_SeriesInstanceUID));
    }
  }
  return found;
}

}  // namespace

StructureSet read_structure_set(const std::filesystem::path& path) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmItem& dataset = *file.getDataset();
  return core::with_context(path.string(), [&] {
    if (text_of(dataset, DCM_Modality) != "RTSTRUCT")
      core::fail_data("is not an RTSTRUCT: Modality (0008,0060) is `" + text_of(dataset, DCM_Modality) + "`");
    StructureSet set;
    std::map<int64_t, size_t> by_number;
    for (size_t i = 0; i < count_items(dataset, DCM_StructureSetROISequence); ++i) {
      DcmItem* item = item_of(dataset, DCM_StructureSetROISequence, i);
      if (item == nullptr) continue;
      Structure structure;
      structure.number = integer_of(*item, DCM_ROINumber).value_or(0);
      structure.name = text_of(*item, DCM_ROIName);
      structure.frame_of_reference = text_of(*item, DCM_ReferencedFrameOfReferenceUID);
      by_number[structure.number] = set.structures.size();
      set.structures.push_back(std::move(structure));
    }
    for (size_t i = 0; i < count_items(dataset, DCM_ROIContourSequence); ++i) {
      DcmItem* item = item_of(dataset, DCM_ROIContourSequence, i);
      if (item == nullptr) continue;
      const auto found = by_number.find(integer_of(*item, DCM_ReferencedROINumber).value_or(-1));
      if (found != by_number.end()) take_contours(*item, set.structures[found->second]);
    }
    set.referenced_series = series_of(dataset);
    return set;
  });
}

double enclosed_ml(const Structure& structure) {
  if (structure.contours.empty()) return 0;
  // Twice the area vector of a polygon; contours inside others turn the sign by containment, not by winding,
  // so areas are added by whether the first point lies in the others of the plane.
  struct Plane {
    double at, area;
  };
  const auto area_vector = [](const std::vector<Point>& p) {
    Point sum{};
    for (size_t i = 0; i < p.size(); ++i) {
      const Point &a = p[i], &b = p[(i + 1) % p.size()];
      sum[0] += (a[1] * b[2] - a[2] * b[1]) / 2;
      sum[1] += (a[2] * b[0] - a[0] * b[2]) / 2;
      sum[2] += (a[0] * b[1] - a[1] * b[0]) / 2;
    }
    return sum;
  };
  Point normal = area_vector(structure.contours[0]);
  const double length = std::hypot(normal[0], normal[1], normal[2]);
  if (!(length > 0)) return 0;
  for (double& n : normal) n /= length;
  const auto largest = static_cast<size_t>(
      std::ranges::max_element(normal, {}, [](double n) { return std::abs(n); }) - normal.begin());
  const size_t u = (largest + 1) % 3, v = (largest + 2) % 3;
  const auto inside = [&](const Point& point, const std::vector<Point>& polygon) {
    bool in = false;
    for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
      const Point &a = polygon[i], &b = polygon[j];
      if ((a[v] > point[v]) != (b[v] > point[v]) &&
          point[u] < (b[u] - a[u]) * (point[v] - a[v]) / (b[v] - a[v]) + a[u])
        in = !in;
    }
    return in;
  };
  const auto place = [&](const Point& p) { return p[0] * normal[0] + p[1] * normal[1] + p[2] * normal[2]; };
  std::map<int64_t, Plane> planes;  // by place in 0.01 mm
  for (const auto& contour : structure.contours) {
    const Point area = area_vector(contour);
    const double at = place(contour[0]);
    size_t around = 0;
    for (const auto& other : structure.contours)
      if (&other != &contour && std::abs(place(other[0]) - at) < 0.01 && inside(contour[0], other)) ++around;
    Plane& plane = planes.try_emplace(std::llround(at * 100), Plane{at, 0}).first->second;
    plane.area += (around % 2 == 0 ? 1 : -1) * std::hypot(area[0], area[1], area[2]);
  }
  if (planes.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> gaps;
  double sum = 0;
  const Plane* before = nullptr;
  for (const auto& [key, plane] : planes) {
    if (before != nullptr) gaps.push_back(plane.at - before->at);
    sum += plane.area;
    before = &plane;
  }
  std::ranges::sort(gaps);
  return sum * gaps[gaps.size() / 2] / 1000;
}

}  // namespace photo51::imaging
