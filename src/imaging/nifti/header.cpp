#include "imaging/nifti/header.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging::nifti {
namespace {

/// Numbers at byte offsets of a header, swapped when need be.
class Reader {
 public:
  Reader(std::string_view bytes, bool swapped) : bytes_(bytes), swapped_(swapped) {}

  template <class Number>
  Number at(size_t offset) const {
    unsigned char raw[sizeof(Number)];
    std::memcpy(raw, bytes_.data() + offset, sizeof raw);
    if (swapped_) std::reverse(std::begin(raw), std::end(raw));
    return std::bit_cast<Number>(raw);
  }
  /// A float32 as the decimal number that was meant: 0.7, not 0.699999988.
  double decimal(size_t offset) const {
    const auto value = at<float>(offset);
    return core::parse_double(core::format_number(value)).value_or(value);
  }

 private:
  std::string_view bytes_;
  bool swapped_;
};

struct Raw {
  std::array<int64_t, 8> dim{};
  double vox_offset = 0;
  int intent = 0, units = 0;
};

constexpr char kDamaged[] = "the NIfTI header is damaged: ";

void take_version_1(const Reader& r, Layout& layout, Raw& raw) {
  for (size_t i = 0; i < 8; ++i) raw.dim[i] = r.at<int16_t>(40 + 2 * i);
  for (size_t i = 0; i < 4; ++i) layout.pixdim[i] = r.decimal(76 + 4 * i);
  layout.time_step = r.decimal(76 + 16);
  raw.intent = r.at<int16_t>(68);
  layout.datatype = r.at<int16_t>(70);
  raw.vox_offset = r.at<float>(108);
  layout.slope = r.decimal(112);
  layout.intercept = r.decimal(116);
  raw.units = r.at<char>(123);
  layout.qform = r.at<int16_t>(252);
  layout.sform = r.at<int16_t>(254);
  for (size_t i = 0; i < 3; ++i) layout.quaternion[i] = r.at<float>(256 + 4 * i);
  for (size_t i = 0; i < 3; ++i) layout.qoffset[i] = r.decimal(268 + 4 * i);
  for (size_t i = 0; i < 12; ++i) layout.affine[i] = r.decimal(280 + 4 * i);
}

void take_version_2(const Reader& r, Layout& layout, Raw& raw) {
  for (size_t i = 0; i < 8; ++i) raw.dim[i] = r.at<int64_t>(16 + 8 * i);
  for (size_t i = 0; i < 4; ++i) layout.pixdim[i] = r.at<double>(104 + 8 * i);
  layout.time_step = r.at<double>(104 + 32);
  raw.intent = r.at<int32_t>(504);
  layout.datatype = r.at<int16_t>(12);
  raw.vox_offset = static_cast<double>(r.at<int64_t>(168));
  layout.slope = r.at<double>(176);
  layout.intercept = r.at<double>(184);
  raw.units = r.at<int32_t>(500);
  layout.qform = r.at<int32_t>(344);
  layout.sform = r.at<int32_t>(348);
  for (size_t i = 0; i < 3; ++i) layout.quaternion[i] = r.at<double>(352 + 8 * i);
  for (size_t i = 0; i < 3; ++i) layout.qoffset[i] = r.at<double>(376 + 8 * i);
  for (size_t i = 0; i < 12; ++i) layout.affine[i] = r.at<double>(400 + 8 * i);
}

void take_size(const Raw& raw, Layout& layout) {
  const int64_t rank = raw.dim[0];
  if (rank < 1 || rank > 7) core::fail_data(kDamaged + ("it has " + std::to_string(rank)) + " dimensions");
  layout.size = {1, 1, 1, 1};
  for (size_t i = 1; i <= static_cast<size_t>(rank); ++i) {
    if (raw.dim[i] < 1)
      core::fail_data(kDamaged + ("dimension " + std::to_string(i)) + " has " + std::to_string(raw.dim[i]) +
                      " voxels");
    int64_t& size = layout.size[std::min<size_t>(i - 1, 3)];
    if (raw.dim[i] > (int64_t{1} << 48) / size)
      core::fail_data(kDamaged + std::string("its dimensions are absurd"));
    size *= raw.dim[i];
  }
}

using Affine = std::array<double, 12>;

Affine affine_of_quaternion(const Layout& layout, Volume& volume) {
  double b = layout.quaternion[0], c = layout.quaternion[1], d = layout.quaternion[2];
  const double square = b * b + c * c + d * d;
  double a = 0;
  if (square > 1 - 1e-7) {
    if (square > 1.001)
      volume.warnings.emplace_back("the qform's quaternion is longer than 1; it was scaled");
    const double scale = 1 / std::sqrt(square);
    b *= scale, c *= scale, d *= scale;
  } else {
    a = std::sqrt(1 - square);
  }
  const double x = layout.pixdim[1], y = layout.pixdim[2];
  const double z = layout.pixdim[0] < 0 ? -layout.pixdim[3] : layout.pixdim[3];
  return {(a * a + b * b - c * c - d * d) * x,
          2 * (b * c - a * d) * y,
          2 * (b * d + a * c) * z,
          layout.qoffset[0],
          2 * (b * c + a * d) * x,
          (a * a + c * c - b * b - d * d) * y,
          2 * (c * d - a * b) * z,
          layout.qoffset[1],
          2 * (b * d - a * c) * x,
          2 * (c * d + a * b) * y,
          (a * a + d * d - c * c - b * b) * z,
          layout.qoffset[2]};
}

/// RAS rows to LPS spacing, origin and direction.
Geometry geometry_of(const Layout& layout, Affine affine, const char* which) {
  Geometry geometry;
  geometry.size = {layout.size[0], layout.size[1], layout.size[2]};
  for (const double value : affine)
    if (!(std::abs(value) < 1e9))
      core::fail_data(std::string("the ") + which +
                      " has numbers that are not finite or no lengths; set it anew");
  for (size_t i = 0; i < 8; ++i) affine[i] = affine[i] == 0 ? 0 : -affine[i];
  for (size_t axis = 0; axis < 3; ++axis) {
    double length = std::hypot(affine[axis], affine[4 + axis], affine[8 + axis]);
    if (!(length > 1e-9) || length > 1e6)
      core::fail_data(std::string("the ") + which + " gives voxel axis " + "xyz"[axis] + " the length " +
                      core::format_number(length) + " mm; set its affine anew");
    for (size_t row = 0; row < 3; ++row) {
      const double cosine = affine[4 * row + axis] / length;
      geometry.direction[3 * row + axis] = cosine;
    }
    // The voxel size as written, where it agrees, has no rounding of sines and cosines.
    if (std::abs(length - layout.pixdim[axis + 1]) < 1e-5 * length) length = layout.pixdim[axis + 1];
    geometry.spacing[axis] = length;
  }
  geometry.origin = {affine[3], affine[7], affine[11]};
  if (std::abs(geometry.handedness()) < 1e-3)
    core::fail_data(std::string("the axes of the ") + which +
                    " lie in one plane, so the affine has no inverse; set it anew");
  return geometry;
}

double farthest_corner(const Geometry& a, const Geometry& b) {
  double farthest = 0;
  for (int corner = 0; corner < 8; ++corner) {
    std::array<double, 3> index{};
    for (size_t axis = 0; axis < 3; ++axis)
      if ((corner >> axis & 1) != 0) index[axis] = static_cast<double>(a.size[axis] - 1);
    const auto p = a.to_world(index), q = b.to_world(index);
    farthest = std::max(farthest, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return farthest;
}

}  // namespace

bool is_second_version(std::string_view bytes) {
  if (bytes.size() < kShortHeader) return false;
  return Reader(bytes, false).at<int32_t>(0) == 540 || Reader(bytes, true).at<int32_t>(0) == 540;
}

Layout parse_header(std::string_view bytes) {
  Layout layout;
  if (bytes.size() < kShortHeader) core::fail_data("the file ends in its NIfTI header; copy it again");
  const Reader plain(bytes, false), turned(bytes, true);
  bool second = false;
  if (plain.at<int32_t>(0) == 348 || turned.at<int32_t>(0) == 348) {
    layout.swapped = plain.at<int32_t>(0) != 348;
    const std::string_view magic = bytes.substr(344, 4);
    if (magic == std::string_view("ni1\0", 4))
      core::fail_data("the voxels are in a file of their own (.hdr and .img); convert the pair to one .nii");
    if (magic != std::string_view("n+1\0", 4))
      core::fail_data("it is an Analyze 7.5 file, which does not say left from right; convert it to NIfTI");
  } else if (is_second_version(bytes)) {
    layout.swapped = plain.at<int32_t>(0) != 540;
    second = true;
    if (bytes.size() < kLongestHeader) core::fail_data("the file ends in its NIfTI header; copy it again");
    if (bytes.substr(4, 3) != "n+2")
      core::fail_data("the voxels are in a file of their own (.hdr and .img); convert the pair to one .nii");
  } else {
    core::fail_data("it is not a NIfTI file: its header does not begin with 348 or 540");
  }

  Raw raw;
  const Reader reader(bytes, layout.swapped);
  if (second) {
    take_version_2(reader, layout, raw);
  } else {
    take_version_1(reader, layout, raw);
  }
  take_size(raw, layout);
  const double first = second ? 544 : 352;
  constexpr double kMostExtensions = 1 << 30;
  if (!(raw.vox_offset >= 0) || raw.vox_offset > kMostExtensions)
    core::fail_data(kDamaged +
                    ("vox_offset says that voxels begin at byte " + core::format_number(raw.vox_offset)));
  layout.data_offset = static_cast<uint64_t>(std::max(raw.vox_offset, first));
  // Slope 0 means that there is none; some writers leave NaN.
  if (std::isnan(layout.slope) || layout.slope == 0) layout.slope = 1, layout.intercept = 0;
  for (const auto& [name, value] : {std::pair("scl_slope", layout.slope), {"scl_inter", layout.intercept}})
    if (!(std::abs(value) < 1e12))
      core::fail_data(kDamaged + (std::string(name) + " is " + core::format_number(value)) +
                      ", with which voxels have no values; correct it");
  layout.is_label = raw.intent == kIntentLabel;

  const int unit = raw.units & 7;
  // Many writers name no unit; NIfTI tools all take that as mm.
  const double scale = unit == kMetre ? 1000 : unit == kMicrometre ? 0.001 : 1;
  for (size_t i = 1; i < 4; ++i) layout.pixdim[i] = std::abs(layout.pixdim[i]) * scale;
  layout.time_unit = raw.units & 0x38;
  const double seconds = layout.time_unit == kMillisecond   ? 1e-3
                         : layout.time_unit == kMicrosecond ? 1e-6
                                                            : 1;
  const bool step = std::isfinite(layout.time_step) && layout.time_step > 0;
  layout.time_step = step ? layout.time_step * seconds : 0;
  layout.is_time = raw.dim[0] >= 4 && layout.size[3] == raw.dim[4];
  for (double& value : layout.qoffset) value *= scale;
  for (double& value : layout.affine) value *= scale;
  return layout;
}

Geometry place(Layout& layout, Volume& volume) {
  if (layout.size[2] == 1 && !(layout.pixdim[3] > 0)) {
    layout.pixdim[3] = 1;
    if (layout.sform <= 0) volume.warnings.emplace_back("the slice has no thickness; taken as 1 mm");
  }
  if (layout.sform > 0) {
    const Geometry geometry = geometry_of(layout, layout.affine, "sform");
    bool sizes = layout.qform > 0;
    for (size_t i = 1; i < 4; ++i) sizes = sizes && std::isfinite(layout.pixdim[i]) && layout.pixdim[i] > 0;
    if (sizes) {
      Volume scratch;
      const Geometry other = geometry_of(layout, affine_of_quaternion(layout, scratch), "qform");
      const double apart = farthest_corner(geometry, other);
      if (geometry.handedness() * other.handedness() < 0)
        core::fail_data("sform and qform are mirror images (a corner lies " + core::format_fixed(apart, 1) +
                        " mm apart), so left and right are not known; set both to the right one");
      if (apart > 0.1)
        volume.warnings.emplace_back("sform and qform put a corner " + core::format_fixed(apart, 1) +
                                     " mm apart; the sform was used");
    }
    return geometry;
  }
  for (size_t i = 1; i < 4; ++i) {
    if (std::isfinite(layout.pixdim[i]) && layout.pixdim[i] > 0) continue;
    core::fail_data(std::string("the voxel size along ") + "xyz"[i - 1] + " is " +
                    core::format_number(layout.pixdim[i]) + "; set pixdim in the header");
  }
  if (layout.qform > 0) return geometry_of(layout, affine_of_quaternion(layout, volume), "qform");
  volume.orientation_known = false;
  volume.warnings.emplace_back(
      "the header has neither sform nor qform, so left and right are not known; x is taken to run to the "
      "right, "
      "y to the front, z up");
  const auto& p = layout.pixdim;
  return geometry_of(layout, {p[1], 0, 0, 0, 0, p[2], 0, 0, 0, 0, p[3], 0}, "voxel size");
}

void place_in_time(const Layout& layout, Volume& volume) {
  const int64_t count = volume.data.size(0);
  if (!layout.is_time || count < 2) return;
  if (layout.time_unit > kMicrosecond) return;  // Hz, ppm or rad/s: no times
  if (layout.time_step <= 0) return;
  if (layout.time_unit == 0) {
    // Writers that say nothing of time put 1.
    if (layout.time_step != 1)
      volume.warnings.push_back("the time step of its " + std::to_string(count) + " volumes, " +
                                core::format_number(layout.time_step) + ", has no unit");
    return;
  }
  for (int64_t i = 0; i < count; ++i) volume.seconds.push_back(static_cast<double>(i) * layout.time_step);
}

}  // namespace photo51::imaging::nifti
