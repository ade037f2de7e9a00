#include "radiomics/pyradiomics/resample.hpp"

#include <ATen/ATen.h>
#include <itkBSplineInterpolateImageFunction.h>
#include <itkImage.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborInterpolateImageFunction.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

using Image = itk::Image<double, 3>;
using Interpolator = itk::InterpolateImageFunction<Image, double>;
using Vector = Eigen::Vector3d;  // x, y, z, as everything of ITK

Eigen::Matrix3d steps_of(const imaging::Geometry& geometry, const Vector& spacing) {
  Eigen::Matrix3d result;
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column)
      result(row, column) = geometry.direction[3 * row + column] * spacing[column];
  return result;
}

/// The inverse, to the last bit where axes are those of the patient: whole numbers must stay whole.
Eigen::Matrix3d inverse_of(const Eigen::Matrix3d& matrix) {
  const Vector along = matrix.diagonal();
  const bool straight = matrix.isDiagonal(0);
  return straight ? Eigen::Matrix3d(along.cwiseInverse().asDiagonal()) : Eigen::Matrix3d(matrix.inverse());
}

/// Where the new voxels lie on the old grid. Rounded as ITK's filter rounds, which goes from each place to
/// the patient's space and back, and along each row of voxels from its start to its end: what lies half way
/// between two old voxels, as every new voxel may, falls to the same side.
class Lattice {
 public:
  /// Over the box around the region and `padDistance` voxels more, as far as the image reaches.
  Lattice(const Box& box, const imaging::Geometry& geometry, const Pyradiomics& settings)
      : old_origin_(geometry.origin.data()) {
    const Vector old(geometry.spacing.data());
    Vector corner;
    for (int axis = 0; axis < 3; ++axis) {
      const double wanted = settings.resampled_spacing[axis];
      const auto first = static_cast<double>(box.first[2 - axis]),
                 last = static_cast<double>(box.last[2 - axis]);
      // An axis along which the region has one voxel stays.
      stays_[axis] = !(wanted > 0 && last > first);
      spacing[axis] = stays_[axis] ? old[axis] : wanted;
      const double ratio = old[axis] / spacing[axis], pad = static_cast<double>(settings.pad_distance);
      const double end = std::ceil(static_cast<double>(geometry.size[axis]) * ratio) - 1;
      const double from = std::max(0.0, std::floor((first - 0.5) * ratio - pad));
      const double to = std::min(end, std::ceil((last + 0.5) * ratio + pad));
      size[axis] = static_cast<int64_t>(to - from + 1);
      corner[axis] = 0.5 * (spacing[axis] - old[axis]) / old[axis] + from / ratio;
    }
    const Eigen::Matrix3d steps = steps_of(geometry, old);
    origin_ = steps * corner + old_origin_;
    steps_ = steps_of(geometry, spacing);
    back_ = inverse_of(steps);
  }

  Vector at(int64_t x, int64_t y, int64_t z) const {
    const Vector start = old_place(0, y, z), end = old_place(size[0], y, z);
    Vector place = start + static_cast<double>(x) / static_cast<double>(size[0]) * (end - start);
    for (int axis = 0; axis < 3; ++axis)
      if (stays_[axis]) place[axis] = std::nearbyint(place[axis]);
    return place;
  }

  Vector spacing;
  std::array<int64_t, 3> size{};

 private:
  Vector old_place(int64_t x, int64_t y, int64_t z) const {
    const Vector place(static_cast<double>(x), static_cast<double>(y), static_cast<double>(z));
    return back_ * ((steps_ * place + origin_) - old_origin_);
  }

  std::array<bool, 3> stays_{};
  Vector old_origin_, origin_;
  Eigen::Matrix3d steps_, back_;
};

/// Halves go up.
int64_t nearest(double place) {
  return static_cast<int64_t>(std::floor(std::nearbyint(2 * place + 0.5) / 2));
}

/// The new voxels whose nearest old one is inside.
void take_mask(Region& region, const Lattice& lattice, const Drawn& drawn) {
  const Box& box = drawn.box;
  const int64_t height = box.last[1] - box.first[1] + 1, width = box.last[2] - box.first[2] + 1;
  region.mask.reserve(region.grid.count());
  for (int64_t z = 0; z < lattice.size[2]; ++z) {
    for (int64_t y = 0; y < lattice.size[1]; ++y) {
      for (int64_t x = 0; x < lattice.size[0]; ++x) {
        const Vector place = lattice.at(x, y, z);
        Place old;
        bool there = true;
        for (int axis = 0; axis < 3; ++axis) {
          old[axis] = nearest(place[2 - axis]);
          there = there && old[axis] >= box.first[axis] && old[axis] <= box.last[axis];
        }
        const Place in = minus(old, box.first);
        region.mask.push_back(there ? drawn.inside[(in[0] * height + in[1]) * width + in[2]] : uint8_t{0});
        if (region.mask.back()) region.voxels.push_back(static_cast<int64_t>(region.mask.size()) - 1);
      }
    }
  }
  region.shape = region.mask;
}

/// From places among the mask's voxels to those among the image's, which are the same on one grid.
class ToImage {
 public:
  ToImage(const imaging::Geometry& mask, const imaging::Geometry& image)
      : same_(mask.matches(image)),
        steps_(steps_of(mask, Vector(mask.spacing.data()))),
        back_(inverse_of(steps_of(image, Vector(image.spacing.data())))),
        shift_(Vector(mask.origin.data()) - Vector(image.origin.data())) {}
  Vector operator()(const Vector& place) const { return same_ ? place : back_ * (steps_ * place + shift_); }

 private:
  bool same_;
  Eigen::Matrix3d steps_, back_;
  Vector shift_;
};

/// The image's voxels that new ones depend on. A B-spline depends on all, but on those this far away by less
/// than a double shows. New voxels beyond the mask's box are taken into account up to `pad` of them.
Box around(const Box& box, const Grid& grid, const Lattice& lattice, const ToImage& to_image, int64_t pad,
           const imaging::Geometry& mask) {
  constexpr double kReach = 40;
  Vector low(1e300, 1e300, 1e300), high = -low;
  for (int corner = 0; corner < 8; ++corner) {
    Vector place;
    for (int axis = 0; axis < 3; ++axis) {
      const double more = lattice.spacing[axis] / mask.spacing[axis] * static_cast<double>(pad + 1);
      place[axis] = (corner >> axis & 1) != 0 ? static_cast<double>(box.last[2 - axis]) + more
                                              : static_cast<double>(box.first[2 - axis]) - more;
    }
    low = low.cwiseMin(to_image(place));
    high = high.cwiseMax(to_image(place));
  }
  Box wide;
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t end = grid.size[axis] - 1;
    const double first = std::floor(low[2 - axis] - kReach), last = std::ceil(high[2 - axis] + kReach);
    wide.first[axis] = static_cast<int64_t>(std::clamp(first, 0.0, static_cast<double>(end)));
    wide.last[axis] = static_cast<int64_t>(std::clamp(last, 0.0, static_cast<double>(end)));
  }
  return wide;
}

Image::Pointer crop(const at::Tensor& image, const Box& box) {
  at::Tensor part = image;
  auto result = Image::New();
  Image::RegionType region;
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t size = box.last[axis] - box.first[axis] + 1;
    part = part.narrow(axis, box.first[axis], size);
    region.SetIndex(2 - axis, box.first[axis]);
    region.SetSize(2 - axis, size);
  }
  result->SetRegions(region);
  result->Allocate();
  part = part.to(at::kDouble).contiguous();
  std::copy_n(part.const_data_ptr<double>(), part.numel(), result->GetBufferPointer());
  return result;
}

Interpolator::Pointer interpolator_of(SitkInterpolator name) {
  if (name == SitkInterpolator::nearest_neighbor)
    return itk::NearestNeighborInterpolateImageFunction<Image, double>::New().GetPointer();
  if (name == SitkInterpolator::linear)
    return itk::LinearInterpolateImageFunction<Image, double>::New().GetPointer();
  return itk::BSplineInterpolateImageFunction<Image, double>::New().GetPointer();
}

/// As ITK puts an interpolated number into a voxel of the image's own type: whole numbers lose their
/// fraction.
double stored(double value, at::ScalarType type) {
  if (type == at::kFloat) return static_cast<double>(static_cast<float>(value));
  return at::isIntegralType(type, /*includeBool=*/true) ? std::trunc(value) : value;
}

}  // namespace

bool resamples(const imaging::Geometry& geometry, const Box& box, const Pyradiomics& settings) {
  for (size_t axis = 0; axis < settings.resampled_spacing.size(); ++axis) {
    const double wanted = settings.resampled_spacing[axis];
    if (wanted <= 0 || box.last[2 - axis] == box.first[2 - axis]) continue;
    if (std::abs(geometry.spacing[axis] - wanted) > 1e-8 + 1e-5 * wanted) return true;
  }
  return false;
}

Region resample(const at::Tensor& image, const imaging::Geometry& geometry, const imaging::Geometry& mask,
                const Drawn& drawn, const Pyradiomics& settings, bool everywhere) {
  const Grid grid{{geometry.size[2], geometry.size[1], geometry.size[0]},
                  {geometry.spacing[2], geometry.spacing[1], geometry.spacing[0]}};
  const Lattice lattice(drawn.box, mask, settings);
  const ToImage to_image(mask, geometry);
  Region region;
  for (int axis = 0; axis < 3; ++axis) {
    region.grid.size[axis] = lattice.size[2 - axis];
    region.grid.spacing[axis] = lattice.spacing[2 - axis];
  }
  region.whole = region.grid.size;
  take_mask(region, lattice, drawn);
  if (region.voxels.empty())
    core::fail_data("the region is too small for `pyradiomics.resampledPixelSpacing`: nothing of it is left");

  const Image::Pointer source = crop(
      image, around(drawn.box, grid, lattice, to_image, everywhere ? settings.pad_distance + 1 : 0, mask));
  const Interpolator::Pointer interpolator = interpolator_of(settings.interpolator);
  interpolator->SetInputImage(source);
  region.intensity.assign(region.grid.count(), 0);
  const auto fill = [&](int64_t voxel) {
    const Place at = region.grid.place(voxel);
    const Vector place = to_image(lattice.at(at[2], at[1], at[0]));
    Interpolator::ContinuousIndexType index;
    for (int axis = 0; axis < 3; ++axis) index[axis] = place[axis];
    // The grid's last voxels may have their centres outside the image.
    if (interpolator->IsInsideBuffer(index))
      region.intensity[voxel] = stored(interpolator->EvaluateAtContinuousIndex(index), image.scalar_type());
  };
  if (everywhere)
    for (int64_t voxel = 0; voxel < region.grid.count(); ++voxel) fill(voxel);
  else
    std::for_each(region.voxels.begin(), region.voxels.end(), fill);
  return region;
}

}  // namespace photo51::radiomics::pyradiomics
