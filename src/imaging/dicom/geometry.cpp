#include "imaging/dicom/geometry.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "imaging/dicom/image.hpp"
#include "imaging/dicom/repeats.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

using Vector = std::array<double, 3>;
constexpr double kMostMm = 1e6;

double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

std::string mm(double value) {
  return core::format_number(std::round(value * 1000) / 1000) + " mm";
}

/// The two image axes, made unit length and checked.
std::array<double, 6> axes_of(const ImagePlane& plane) {
  std::array<double, 6> axes = *plane.orientation;
  double cosine = 0;
  for (size_t i = 0; i < 3; ++i) cosine += axes[i] * axes[i + 3];
  for (size_t axis = 0; axis < 2; ++axis) {
    const double length = std::hypot(axes[3 * axis], axes[3 * axis + 1], axes[3 * axis + 2]);
    if (std::abs(length - 1) > 0.01 || std::abs(cosine) > 0.01)
      core::fail_data(
          plane.where +
          ": ImageOrientationPatient (0020,0037) is not two perpendicular unit vectors; the file's "
          "geometry is damaged");
    for (size_t i = 0; i < 3; ++i) axes[3 * axis + i] /= length;
  }
  return axes;
}

void check_like_first(const ImagePlane& first, const ImagePlane& plane) {
  const std::string where = plane.where + ": ";
  const std::string same = " of the same series";
  if (plane.rows != first.rows || plane.columns != first.columns || plane.samples != first.samples)
    core::fail_data(where + "has " + std::to_string(plane.columns) + " x " + std::to_string(plane.rows) +
                    " pixels, but " + first.name + same + " has " + std::to_string(first.columns) + " x " +
                    std::to_string(first.rows) + "; move the odd slices to another folder");
  if (!plane.position || !plane.orientation)
    core::fail_data(
        where +
        "has no ImagePositionPatient (0020,0032) or ImageOrientationPatient (0020,0037), so its place "
        "in the series is not known; move it to another folder");
  for (size_t i = 0; i < 6; ++i)
    if (!first.orientation || std::abs((*plane.orientation)[i] - (*first.orientation)[i]) > 1e-3)
      core::fail_data(
          where + "is turned against " + first.name + same +
          " (ImageOrientationPatient differs); move the odd slices (a localiser?) to another folder");
  if (plane.spacing.has_value() != first.spacing.has_value() ||
      (plane.spacing && (std::abs((*plane.spacing)[0] - (*first.spacing)[0]) > 1e-4 ||
                         std::abs((*plane.spacing)[1] - (*first.spacing)[1]) > 1e-4)))
    core::fail_data(where + "has another PixelSpacing (0028,0030) than " + first.name + same +
                    "; move the odd slices to another folder");
}

/// Where only one plane, or no plane's place, is known: what the header says of the step between slices.
void step_from_header(const ImagePlane& plane, Geometry& geometry, Volume& volume) {
  for (const auto& [name, value] : {std::pair("SpacingBetweenSlices (0018,0088)", plane.between_slices),
                                    {"SliceThickness (0018,0050)", plane.thickness}})
    if (value && *value > kMostMm)
      core::fail_data(plane.where + ": " + name + " is " + core::format_number(*value) +
                      " mm, which no slice is; correct the header");
  if (plane.between_slices && *plane.between_slices > 0) {
    geometry.spacing[2] = *plane.between_slices;
  } else if (plane.thickness && *plane.thickness > 0) {
    geometry.spacing[2] = *plane.thickness;
  } else if (geometry.size[2] > 1) {
    volume.spacing_known = false;
    volume.warnings.emplace_back(
        "the frames have no places, SpacingBetweenSlices (0018,0088) or SliceThickness (0018,0050): the "
        "distance between them is not known");
  } else if (plane.is_placed) {
    volume.warnings.emplace_back("the slice has no SliceThickness (0018,0050); taken as 1 mm");
  }
  if (plane.orientation && plane.position) return;
  volume.orientation_known = false;
  if (!plane.is_placed) return;
  if (plane.shares_position && plane.orientation) {
    volume.warnings.emplace_back(
        "ImagePositionPatient (0020,0032) stands once for " + std::to_string(geometry.size[2]) +
        " frames, so it is not known on which side of the first the others follow: the position was not "
        "used");
    return;
  }
  std::vector<std::string> missing;
  if (!plane.position) missing.emplace_back("ImagePositionPatient (0020,0032)");
  if (!plane.orientation) missing.emplace_back("ImageOrientationPatient (0020,0037)");
  volume.warnings.push_back("no " + core::join(missing, " and no ") +
                            ": where the image lies in the patient " + "is not known");
}

std::vector<Place> places_of(const std::vector<ImagePlane>& planes, const Vector& normal) {
  std::vector<Place> places;
  for (size_t i = 0; i < planes.size(); ++i) {
    const double at = dot(*planes[i].position, normal);
    if (places.empty() || at - places.back().at >= 1e-3) places.push_back({at, {}});
    places.back().planes.push_back(i);
  }
  return places;
}

/// Whether the places are even but for the digits that their positions were written with: every place lies on
/// the line of the first and the last, and the digits are fine enough that a missing slice would not.
bool is_even_as_written(const std::vector<ImagePlane>& planes, const std::vector<Place>& places,
                        const Vector& normal) {
  double digit = 0;
  bool known = true;
  // Trailing zeros are often left out, so the finest digit of all counts.
  for (const ImagePlane& plane : planes) {
    known = known && plane.rounding > 0;
    if (plane.rounding > 0) digit = digit > 0 ? std::min(digit, 2 * plane.rounding) : 2 * plane.rounding;
  }
  const auto steps = static_cast<double>(places.size() - 1);
  const double step = (places.back().at - places.front().at) / steps;
  digit *= std::abs(normal[0]) + std::abs(normal[1]) + std::abs(normal[2]);
  if (!known || !(digit <= 0.25 * step)) return false;
  for (size_t i = 1; i < places.size(); ++i) {
    const double off = places[i].at - places.front().at - static_cast<double>(i) * step;
    const double gap = places[i].at - places[i - 1].at;
    if (std::abs(off) > 1.001 * digit || std::abs(gap - step) > 1.001 * digit) return false;
  }
  return true;
}

/// Even cells along the stack, in units of sorted planes' places. Errors where the policy wants them.
std::vector<Cell> check_gaps(const std::vector<ImagePlane>& planes, const std::vector<Place>& places,
                             const Vector& normal, const std::string& source, const DicomPolicy& policy,
                             Volume& volume) {
  std::vector<Cell> cells;
  for (size_t i = 0; i < places.size(); ++i) cells.push_back({i, i, 0});
  std::vector<double> gaps;
  for (size_t i = 1; i < places.size(); ++i) gaps.push_back(places[i].at - places[i - 1].at);
  if (gaps.empty() || is_even_as_written(planes, places, normal)) return cells;
  // The lower median: of two gaps the wider is the odd one.
  std::vector<double> ordered = gaps;
  std::ranges::sort(ordered);
  const double usual = ordered[(ordered.size() - 1) / 2];
  // The oddest gap is the one to tell of.
  const auto odd = std::ranges::max_element(gaps, {}, [&](double gap) { return std::abs(gap - usual); });
  const double worst = std::abs(*odd - usual);
  if (policy.gaps == SliceGaps::error && worst > 0.1 * usual) {
    const auto i = static_cast<size_t>(odd - gaps.begin());
    const std::string pair =
        planes[places[i].planes[0]].name + " and " + planes[places[i + 1].planes[0]].name;
    const std::string remedy = " or set dicom.gaps to `interpolate`";
    if (*odd > 1.5 * usual)
      core::fail_data(source + ": " + core::format_number(std::round(*odd / usual) - 1) +
                      " slice(s) missing between " + pair + ", which are " + mm(*odd) +
                      " apart where others are " + mm(usual) + "; copy the series again" + remedy);
    core::fail_data(source + ": slices are unevenly spaced: " + pair + " are " + mm(*odd) +
                    " apart where others are " + mm(usual) +
                    "; copy the series again, split it into even parts" + remedy);
  }
  if (worst <= 0.1 * usual) {
    if (worst > 0.01 * usual + 1e-4)
      volume.warnings.push_back("gaps between slices vary by up to " + mm(worst) + "; the mean was used");
    return cells;
  }
  cells.clear();
  const double from = places.front().at, extent = places.back().at - from;
  const double count = std::round(extent / usual) + 1;
  if (count > 20.0 * static_cast<double>(places.size()))
    core::fail_data(source + ": slices lie " + mm(extent) + " apart with " + mm(usual) +
                    " between most of them; too much is missing to interpolate");
  const auto slices = static_cast<size_t>(count);
  size_t below = 0, made = 0;
  for (size_t k = 0; k < slices; ++k) {
    const double at = from + extent * static_cast<double>(k) / static_cast<double>(slices - 1);
    while (below + 2 < places.size() && places[below + 1].at <= at) ++below;
    const double weight = std::clamp((at - places[below].at) / gaps[below], 0.0, 1.0);
    if (weight < 0.01) {
      cells.push_back({below, below, 0});
    } else if (weight > 0.99) {
      cells.push_back({below + 1, below + 1, 0});
    } else {
      cells.push_back({below, below + 1, weight});
      ++made;
    }
  }
  volume.warnings.push_back(std::to_string(made) + " of " + std::to_string(slices) +
                            " slices were interpolated between their neighbours");
  return cells;
}

/// The step from one slice to the next, from the first place to the last. Errors: tilt, a slice off the line.
Vector step_of(const std::vector<ImagePlane>& planes, const std::vector<Place>& places, const Vector& normal,
               const std::string& source, const DicomPolicy& policy, const Geometry& geometry,
               Volume& volume) {
  const Vector &first = *planes[places.front().planes[0]].position,
               &last = *planes[places.back().planes[0]].position;
  const double extent = places.back().at - places.front().at;
  const auto steps = static_cast<double>(geometry.size[2] - 1);
  Vector line{};  // a mm along the normal
  for (size_t i = 0; i < 3; ++i) line[i] = (last[i] - first[i]) / extent;
  const double length = std::sqrt(dot(line, line));
  const double pixel = std::min(geometry.spacing[0], geometry.spacing[1]);
  for (const Place& place : places)
    for (size_t i = 0; i < 3; ++i) {
      const ImagePlane& plane = planes[place.planes[0]];
      const double off = (*plane.position)[i] - first[i] - (place.at - places.front().at) * line[i];
      if (std::abs(off) > 0.1 * extent / steps + 0.5 * pixel)
        core::fail_data(plane.where + ": is shifted by " + mm(off) +
                        " against the line of the other slices; move it to another folder");
    }
  const double tilt = std::acos(std::clamp(1 / length, -1.0, 1.0));
  Vector step{};
  for (size_t i = 0; i < 3; ++i) step[i] = (tilt > 1e-3 ? line[i] : normal[i]) * extent / steps;
  if (tilt > 1e-3 && std::tan(tilt) * extent > 0.5 * pixel) {
    const std::string what = "the slices are tilted by " +
                             core::format_fixed(tilt * 180 / std::numbers::pi, 1) +
                             " degrees against their stack (gantry tilt)";
    if (policy.tilt == GantryTilt::error)
      core::fail_data(source + ": " + what + "; set dicom.tilt to `keep` for a sheared grid");
    volume.warnings.push_back(what + "; the axes are not perpendicular");
  }
  return step;
}

void set_direction(const std::array<double, 6>& axes, const Vector& along, Geometry& geometry) {
  for (size_t row = 0; row < 3; ++row) {
    // Adding 0 turns -0 into 0.
    geometry.direction[3 * row] = axes[row] + 0.0;
    geometry.direction[3 * row + 1] = axes[3 + row] + 0.0;
    geometry.direction[3 * row + 2] = along[row] + 0.0;
  }
}

}  // namespace

Vector normal_of(const std::array<double, 6>& o) {
  return {o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]};
}

Placement place_planes(std::vector<ImagePlane> planes, const std::string& source, const DicomPolicy& policy,
                       Volume& volume) {
  const ImagePlane first = planes.front();
  Placement placement;
  Geometry& geometry = placement.geometry;
  geometry.size = {first.columns, first.rows, static_cast<int64_t>(planes.size())};
  const auto is_size = [](double mm) { return mm > 1e-9 && mm < kMostMm; };
  if (first.spacing && is_size((*first.spacing)[0]) && is_size((*first.spacing)[1])) {
    geometry.spacing[0] = (*first.spacing)[1];
    geometry.spacing[1] = (*first.spacing)[0];
  } else {
    if (first.is_placed && first.spacing)
      core::fail_data(
          first.where + ": PixelSpacing (0028,0030) is `" + core::format_number((*first.spacing)[0]) + "\\" +
          core::format_number((*first.spacing)[1]) + "`, which is no size of a pixel; correct the header");
    volume.spacing_known = false;
    if (first.is_placed)
      volume.warnings.emplace_back("no PixelSpacing (0028,0030): the size of a pixel is not known");
  }
  const bool one_object = planes.size() == 1 || planes[0].where == planes[1].where;
  const bool placed =
      std::ranges::any_of(planes, [](const ImagePlane& p) { return p.position && p.orientation; });
  if (one_object && !placed) {
    step_from_header(first, geometry, volume);
    placement.channels.emplace_back();
    for (const ImagePlane& plane : planes) placement.channels[0].push_back({plane.index, plane.index, 0});
    placement.sample = {0};
    return placement;
  }
  for (const ImagePlane& plane : planes) check_like_first(first, plane);

  const auto axes = axes_of(first);
  const Vector normal = normal_of(axes);
  std::ranges::stable_sort(planes, {}, [&](const ImagePlane& p) { return dot(*p.position, normal); });
  std::vector<Place> places = places_of(planes, normal);
  Repetition repetition = arrange_repeats(planes, places, policy, volume);
  placement.names = std::move(repetition.names);
  placement.b_values = std::move(repetition.b_values);
  placement.seconds = std::move(repetition.seconds);
  const std::vector<Cell> cells = check_gaps(planes, places, normal, source, policy, volume);
  geometry.size[2] = static_cast<int64_t>(cells.size());
  geometry.origin = *planes[places.front().planes[0]].position;
  Vector along = normal;
  if (cells.size() == 1) {
    step_from_header(first, geometry, volume);
  } else {
    const Vector step = step_of(planes, places, normal, source, policy, geometry, volume);
    // Sums of decimal fractions: 0.625, not 0.62500000000001.
    geometry.spacing[2] = std::round(std::sqrt(dot(step, step)) * 1e9) / 1e9;
    for (size_t i = 0; i < 3; ++i) along[i] = step[i] / std::sqrt(dot(step, step));
  }
  set_direction(axes, along, geometry);
  for (size_t c = 0; c < repetition.channels; ++c) {
    const auto plane = [&](size_t place) { return planes[places[place].planes[c]].index; };
    placement.channels.emplace_back();
    for (const Cell& cell : cells)
      placement.channels.back().push_back({plane(cell.first), plane(cell.second), cell.weight});
    placement.sample.push_back(plane(0));
  }
  return placement;
}

}  // namespace photo51::imaging
