#include <algorithm>
#include <cmath>
#include <numbers>

#include "imaging/dicom_image.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

std::string mm(double value) {
  return core::format_number(std::round(value * 1000) / 1000) + " mm";
}

/// The two image axes, made unit length and checked.
std::array<double, 6> axes_of(const DicomHeader& h) {
  std::array<double, 6> axes = *h.orientation;
  double cosine = 0;
  for (size_t i = 0; i < 3; ++i) cosine += axes[i] * axes[i + 3];
  for (size_t axis = 0; axis < 2; ++axis) {
    const double length = std::hypot(axes[3 * axis], axes[3 * axis + 1], axes[3 * axis + 2]);
    if (std::abs(length - 1) > 0.01 || std::abs(cosine) > 0.01)
      core::fail_data(
          h.path.string() +
          ": ImageOrientationPatient (0020,0037) is not two perpendicular unit vectors; the file's "
          "geometry is damaged");
    for (size_t i = 0; i < 3; ++i) axes[3 * axis + i] /= length;
  }
  return axes;
}

void check_like_first(const DicomHeader& first, const DicomHeader& h) {
  const std::string where = h.path.string() + ": ";
  const std::string first_name = first.name();
  if (h.rows != first.rows || h.columns != first.columns || h.samples != first.samples)
    core::fail_data(where + "has " + std::to_string(h.columns) + " x " + std::to_string(h.rows) +
                    " pixels, but " + first_name + " of the same series has " +
                    std::to_string(first.columns) + " x " + std::to_string(first.rows) +
                    "; move the odd slices to another folder");
  if (!h.position || !h.orientation)
    core::fail_data(
        where +
        "has no ImagePositionPatient (0020,0032) or ImageOrientationPatient (0020,0037), so its place "
        "in the series is not known; move it to another folder");
  for (size_t i = 0; i < 6; ++i)
    if (std::abs((*h.orientation)[i] - (*first.orientation)[i]) > 1e-3)
      core::fail_data(
          where + "is turned against " + first_name +
          " of the same series (ImageOrientationPatient differs); move the odd slices (a localiser?) "
          "to another folder");
  if (h.spacing.has_value() != first.spacing.has_value() ||
      (h.spacing && (std::abs((*h.spacing)[0] - (*first.spacing)[0]) > 1e-4 ||
                     std::abs((*h.spacing)[1] - (*first.spacing)[1]) > 1e-4)))
    core::fail_data(where + "has another PixelSpacing (0028,0030) than " + first_name +
                    " of the same series; move the odd slices to another folder");
}

/// Errors where gaps between neighbours say that the grid is not even.
void check_gaps(const std::vector<DicomHeader>& slices, const std::vector<double>& at, Volume& volume) {
  std::vector<double> gaps;
  for (size_t i = 1; i < at.size(); ++i) gaps.push_back(at[i] - at[i - 1]);
  // The lower median: of two gaps the wider is the odd one.
  std::vector<double> ordered = gaps;
  std::ranges::sort(ordered);
  const double usual = ordered[(ordered.size() - 1) / 2];
  double worst = 0;
  for (size_t i = 0; i < gaps.size(); ++i) {
    const std::string pair = slices[i].name() + " and " + slices[i + 1].name();
    if (gaps[i] < 1e-3)
      core::fail_data(
          slices[i + 1].path.string() + ": lies where " + slices[i].name() +
          " lies; the series has several images at one place (a repeat, an echo or a time point): keep "
          "one set a folder");
    if (gaps[i] > 1.5 * usual)
      core::fail_data(slices[i].path.parent_path().string() + ": " +
                      core::format_number(std::round(gaps[i] / usual) - 1) + " slice(s) missing between " +
                      pair + ", which are " + mm(gaps[i]) + " apart where others are " + mm(usual) +
                      "; copy the series again");
    if (std::abs(gaps[i] - usual) > 0.1 * usual)
      core::fail_data(slices[i].path.parent_path().string() + ": slices are unevenly spaced: " + pair +
                      " are " + mm(gaps[i]) + " apart where others are " + mm(usual) +
                      "; copy the series again or split it into even parts");
    worst = std::max(worst, std::abs(gaps[i] - usual));
  }
  if (worst > 0.01 * usual + 1e-4)
    volume.warnings.push_back("gaps between slices vary by up to " + mm(worst) + "; the mean was used");
}

void place_one(const DicomHeader& h, Geometry& geometry, Volume& volume) {
  if (h.between_slices && *h.between_slices > 0) {
    geometry.spacing[2] = *h.between_slices;
  } else if (h.thickness && *h.thickness > 0) {
    geometry.spacing[2] = *h.thickness;
  } else {
    volume.warnings.emplace_back("the slice has no SliceThickness (0018,0050); taken as 1 mm");
  }
  if (!h.orientation || !h.position) {
    volume.orientation_known = false;
    volume.warnings.emplace_back(
        "no ImagePositionPatient (0020,0032) or ImageOrientationPatient (0020,0037)");
  }
}

}  // namespace

Vector normal_of(const std::array<double, 6>& o) {
  return {o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]};
}

Geometry place_slices(std::vector<DicomHeader>& slices, Volume& volume) {
  DicomHeader first = slices.front();
  Geometry geometry;
  geometry.size = {first.columns, first.rows, static_cast<int64_t>(slices.size())};
  if (first.spacing && (*first.spacing)[0] > 0 && (*first.spacing)[1] > 0) {
    geometry.spacing[0] = (*first.spacing)[1];
    geometry.spacing[1] = (*first.spacing)[0];
  } else {
    volume.spacing_known = false;
    volume.warnings.emplace_back("no PixelSpacing (0028,0030): the size of a pixel is not known");
  }
  if (slices.size() == 1 && (!first.orientation || !first.position)) {
    place_one(first, geometry, volume);
    return geometry;
  }
  for (const DicomHeader& slice : slices) check_like_first(first, slice);

  const auto axes = axes_of(first);
  const Vector normal = normal_of(axes);
  std::ranges::stable_sort(slices, {}, [&](const DicomHeader& h) { return dot(*h.position, normal); });
  first = slices.front();
  geometry.origin = *first.position;
  Vector along = normal;
  if (slices.size() == 1) {
    place_one(first, geometry, volume);
  } else {
    std::vector<double> at;
    for (const DicomHeader& slice : slices) at.push_back(dot(*slice.position, normal));
    check_gaps(slices, at, volume);
    const auto steps = static_cast<double>(slices.size() - 1);
    const Vector& last = *slices.back().position;
    Vector step{};
    for (size_t i = 0; i < 3; ++i) step[i] = (last[i] - geometry.origin[i]) / steps;
    geometry.spacing[2] = std::sqrt(dot(step, step));
    const double tilt = std::acos(std::clamp(dot(step, normal) / geometry.spacing[2], -1.0, 1.0));
    if (tilt > 1e-3) {
      for (size_t i = 0; i < 3; ++i) along[i] = step[i] / geometry.spacing[2];
      volume.warnings.push_back("the slices are tilted by " +
                                core::format_fixed(tilt * 180 / std::numbers::pi, 1) +
                                " degrees against their stack (gantry tilt); the axes are not perpendicular");
    }
    for (size_t k = 0; k < slices.size(); ++k)
      for (size_t i = 0; i < 3; ++i) {
        const double off = (*slices[k].position)[i] - geometry.origin[i] - static_cast<double>(k) * step[i];
        if (std::abs(off) > 0.1 * geometry.spacing[2] + 0.5 * geometry.spacing[0])
          core::fail_data(slices[k].path.string() + ": is shifted by " + mm(off) +
                          " against the line of the other slices; move it to another folder");
      }
  }
  for (size_t row = 0; row < 3; ++row) {
    // Adding 0 turns -0 into 0.
    geometry.direction[3 * row] = axes[row] + 0.0;
    geometry.direction[3 * row + 1] = axes[3 + row] + 0.0;
    geometry.direction[3 * row + 2] = along[row] + 0.0;
  }
  return geometry;
}

}  // namespace photo51::imaging
