#include "radiomics/shape/principal_axes.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "radiomics/region/region.hpp"

namespace photo51::radiomics {

PrincipalAxes principal_axes(const Mask& mask, const Grid& grid) {
  Place sum{0, 0, 0};
  std::array<Place, 3> products{};
  int64_t count = 0;
  const Box box = bounding_box(mask, grid);
  for (int64_t z = box.first[0]; z <= box.last[0]; ++z) {
    for (int64_t y = box.first[1]; y <= box.last[1]; ++y) {
      for (int64_t x = box.first[2]; x <= box.last[2]; ++x) {
        if (!mask[grid.at(z, y, x)]) continue;
        const Place place = minus({z, y, x}, box.first);
        for (int a = 0; a < 3; ++a) {
          sum[a] += place[a];
          for (int b = 0; b <= a; ++b) products[a][b] += place[a] * place[b];
        }
        ++count;
      }
    }
  }
  PrincipalAxes result;
  result.count = count;
  const auto voxels = static_cast<double>(count);
  Eigen::Matrix3d spread;
  for (int a = 0; a < 3; ++a) {
    const double mean = static_cast<double>(sum[a]) / voxels;
    result.centre[a] = (mean + static_cast<double>(box.first[a])) * grid.spacing[a];
    for (int b = 0; b <= a; ++b) {
      const double other = static_cast<double>(sum[b]) / voxels;
      spread(a, b) = spread(b, a) =
          (static_cast<double>(products[a][b]) / voxels - mean * other) * grid.spacing[a] * grid.spacing[b];
    }
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread, Eigen::EigenvaluesOnly);
  for (int axis = 0; axis < 3; ++axis) result.variance[axis] = std::max(0.0, solver.eigenvalues()[2 - axis]);
  return result;
}

}  // namespace photo51::radiomics
