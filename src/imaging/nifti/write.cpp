#include <ATen/ATen.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "imaging/nifti/format.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::imaging {
namespace {

using Matrix = std::array<double, 9>;

int16_t datatype_of(at::ScalarType type) {
  switch (type) {
    case at::kByte:
      return nifti::kUint8;
    case at::kChar:
      return nifti::kInt8;
    case at::kShort:
      return nifti::kInt16;
    case at::kInt:
      return nifti::kInt32;
    case at::kLong:
      return nifti::kInt64;
    case at::kFloat:
      return nifti::kFloat32;
    case at::kDouble:
      return nifti::kFloat64;
    default:
      core::fail_usage(std::string("NIfTI does not hold voxels of type ") + c10::toString(type) +
                       "; convert them to float32 first");
  }
}

/// The step between times that are evenly spaced, else 0.
double even_step(const std::vector<double>& seconds) {
  if (seconds.size() < 2) return 0;
  const double step = seconds[1] - seconds[0];
  for (size_t i = 1; i < seconds.size(); ++i)
    if (std::abs(seconds[i] - seconds[i - 1] - step) > 1e-3 * std::abs(step)) return 0;
  return step;
}

bool orthonormal(const Matrix& m) {
  for (size_t a = 0; a < 3; ++a)
    for (size_t b = a; b < 3; ++b) {
      double dot = 0;
      for (size_t row = 0; row < 3; ++row) dot += m[row * 3 + a] * m[row * 3 + b];
      if (std::abs(dot - (a == b ? 1.0 : 0.0)) > 1e-4) return false;
    }
  return true;
}

/// Quaternion (b, c, d; a >= 0 is implied) of a proper rotation, by its largest component.
std::array<double, 3> quaternion(const Matrix& m) {
  double a = 1 + m[0] + m[4] + m[8], b, c, d;
  if (a > 0.5) {
    a = 0.5 * std::sqrt(a);
    b = 0.25 * (m[7] - m[5]) / a;
    c = 0.25 * (m[2] - m[6]) / a;
    d = 0.25 * (m[3] - m[1]) / a;
  } else {
    const double xd = 1 + m[0] - m[4] - m[8], yd = 1 - m[0] + m[4] - m[8], zd = 1 - m[0] - m[4] + m[8];
    if (xd > 1) {
      b = 0.5 * std::sqrt(xd);
      c = 0.25 * (m[1] + m[3]) / b;
      d = 0.25 * (m[2] + m[6]) / b;
      a = 0.25 * (m[7] - m[5]) / b;
    } else if (yd > 1) {
      c = 0.5 * std::sqrt(yd);
      b = 0.25 * (m[1] + m[3]) / c;
      d = 0.25 * (m[5] + m[7]) / c;
      a = 0.25 * (m[2] - m[6]) / c;
    } else {
      d = 0.5 * std::sqrt(zd);
      b = 0.25 * (m[2] + m[6]) / d;
      c = 0.25 * (m[5] + m[7]) / d;
      a = 0.25 * (m[3] - m[1]) / d;
    }
    if (a < 0) b = -b, c = -c, d = -d;
  }
  return {b, c, d};
}

void put_place(nifti::Header& header, const Geometry& geometry) {
  // NIfTI's world is x to the right, y to the front (RAS): the first two rows change sign.
  Matrix ras = geometry.direction;
  for (size_t i = 0; i < 6; ++i) ras[i] = -ras[i];
  const std::array<double, 3> origin{-geometry.origin[0], -geometry.origin[1], geometry.origin[2]};
  float* rows[3] = {header.srow_x, header.srow_y, header.srow_z};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t axis = 0; axis < 3; ++axis)
      rows[row][axis] = static_cast<float>(ras[row * 3 + axis] * geometry.spacing[axis]);
    rows[row][3] = static_cast<float>(origin[row]);
  }
  header.sform_code = 1;
  header.pixdim[0] = 1;
  if (!orthonormal(geometry.direction)) return;
  if (geometry.handedness() < 0) {
    header.pixdim[0] = -1;
    for (size_t row = 0; row < 3; ++row) ras[row * 3 + 2] = -ras[row * 3 + 2];
  }
  const auto q = quaternion(ras);
  header.quatern_b = static_cast<float>(q[0]);
  header.quatern_c = static_cast<float>(q[1]);
  header.quatern_d = static_cast<float>(q[2]);
  header.qoffset_x = static_cast<float>(origin[0]);
  header.qoffset_y = static_cast<float>(origin[1]);
  header.qoffset_z = static_cast<float>(origin[2]);
  header.qform_code = 1;
}

std::string gzip(const std::string& head, const char* voxels, size_t bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 4, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    core::fail_run("compression failed: out of memory");
  std::string packed;
  std::string buffer(size_t{1} << 18, '\0');
  const auto feed = [&](const char* data, size_t left, bool last) {
    // zlib counts in 32 bits: large volumes go in pieces.
    do {
      const size_t piece = std::min(left, size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data));
      stream.avail_in = static_cast<uInt>(piece);
      data += piece;
      left -= piece;
      do {
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = static_cast<uInt>(buffer.size());
        deflate(&stream, last && left == 0 ? Z_FINISH : Z_NO_FLUSH);
        packed.append(buffer.data(), buffer.size() - stream.avail_out);
      } while (stream.avail_out == 0);
    } while (left > 0);
  };
  feed(head.data(), head.size(), false);
  feed(voxels, bytes, true);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

void write_nifti(const Volume& volume, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const bool packed = name.ends_with(".nii.gz");
  if (!packed && !name.ends_with(".nii"))
    core::fail_usage(path.string() + ": a NIfTI file is named .nii or .nii.gz");
  const at::Tensor data = volume.data.contiguous();
  const Geometry& geometry = volume.geometry;

  nifti::Header header{};
  header.sizeof_hdr = sizeof header;
  header.regular = 'r';
  header.datatype = datatype_of(data.scalar_type());
  header.bitpix = static_cast<int16_t>(8 * data.element_size());
  const std::array<int64_t, 4> size{geometry.size[0], geometry.size[1], geometry.size[2], data.size(0)};
  std::fill(std::begin(header.dim), std::end(header.dim), int16_t{1});
  std::fill(std::begin(header.pixdim), std::end(header.pixdim), 1.0F);
  header.dim[0] = data.size(0) > 1 ? 4 : 3;
  for (size_t axis = 0; axis < 4; ++axis) {
    if (size[axis] < 1 || size[axis] > 32767)
      core::fail_usage(path.string() + ": NIfTI holds 1 to 32767 voxels along an axis, not " +
                       std::to_string(size[axis]));
    header.dim[axis + 1] = static_cast<int16_t>(size[axis]);
    if (axis < 3) header.pixdim[axis + 1] = static_cast<float>(geometry.spacing[axis]);
  }
  header.vox_offset = 352;
  header.scl_slope = 1;
  header.xyzt_units = volume.spacing_known ? nifti::kMillimetre : char{0};
  if (const double step = even_step(volume.seconds); step > 0) {
    header.pixdim[4] = static_cast<float>(step);
    header.xyzt_units = static_cast<char>(header.xyzt_units | nifti::kSecond);
  }
  if (volume.units == Units::label) header.intent_code = nifti::kIntentLabel;
  std::strncpy(header.descrip, "photo51", sizeof header.descrip - 1);
  std::memcpy(header.magic, "n+1", 4);
  if (volume.orientation_known) put_place(header, geometry);

  std::string head(352, '\0');
  std::memcpy(head.data(), &header, sizeof header);
  const auto* voxels = static_cast<const char*>(data.const_data_ptr());
  const auto bytes = static_cast<size_t>(data.nbytes());
  if (packed) {
    core::write_file_atomic(path, gzip(head, voxels, bytes));
  } else {
    head.append(voxels, bytes);
    core::write_file_atomic(path, head);
  }
}

}  // namespace photo51::imaging
