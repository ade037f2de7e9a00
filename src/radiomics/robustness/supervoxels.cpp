#include "radiomics/robustness/supervoxels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace photo51::radiomics {
namespace {

struct Centre {
  std::array<double, 3> place{};  ///< z, y, x mm
  double intensity = 0;
  double count = 0;
};

class Slic {
 public:
  Slic(const std::vector<double>& intensity, const Grid& grid, double edge, double deviation)
      : intensity_(intensity),
        grid_(grid),
        edge_(edge),
        scale_(deviation > 0 ? 1 / (deviation * deviation) : 0) {
    std::array<int64_t, 3> pieces{};
    for (int axis = 0; axis < 3; ++axis)
      pieces[axis] = std::max<int64_t>(1, std::llround(width(axis) / edge));
    for (int64_t z = 0; z < pieces[0]; ++z)
      for (int64_t y = 0; y < pieces[1]; ++y)
        for (int64_t x = 0; x < pieces[2]; ++x) {
          Centre centre;
          const std::array<int64_t, 3> piece{z, y, x};
          std::array<int64_t, 3> voxel{};
          for (int axis = 0; axis < 3; ++axis) {
            voxel[axis] = (2 * piece[axis] + 1) * grid.size[axis] / (2 * pieces[axis]);
            centre.place[axis] = static_cast<double>(voxel[axis]) * grid.spacing[axis];
          }
          centre.intensity = intensity[grid.at(voxel[0], voxel[1], voxel[2])];
          centres_.push_back(centre);
        }
  }

  std::vector<int32_t> run() {
    constexpr int kRounds = 10;
    for (int round = 0; round < kRounds; ++round) {
      assign();
      move();
    }
    return label_;
  }

 private:
  double width(int axis) const { return static_cast<double>(grid_.size[axis]) * grid_.spacing[axis]; }

  /// Calls `visit(voxel, distance)` for the voxels within two edges of a centre.
  template <class Visit>
  void around(const Centre& centre, Visit&& visit) const {
    std::array<int64_t, 3> first{}, last{};
    for (int axis = 0; axis < 3; ++axis) {
      const double reach = 1.5 * edge_, spacing = grid_.spacing[axis];
      first[axis] = std::max<int64_t>(0, std::llround(std::floor((centre.place[axis] - reach) / spacing)));
      last[axis] = std::min<int64_t>(grid_.size[axis] - 1,
                                     std::llround(std::ceil((centre.place[axis] + reach) / spacing)));
    }
    const auto squared = [&](int axis, int64_t i) {
      const double offset = static_cast<double>(i) * grid_.spacing[axis] - centre.place[axis];
      return offset * offset / (edge_ * edge_);
    };
    for (int64_t z = first[0]; z <= last[0]; ++z)
      for (int64_t y = first[1]; y <= last[1]; ++y)
        for (int64_t x = first[2]; x <= last[2]; ++x) {
          const int64_t voxel = grid_.at(z, y, x);
          const double contrast = intensity_[voxel] - centre.intensity;
          visit(voxel, squared(0, z) + squared(1, y) + squared(2, x) + contrast * contrast * scale_);
        }
  }

  void assign() {
    label_.assign(intensity_.size(), 0);
    std::vector<double> nearest(intensity_.size(), std::numeric_limits<double>::infinity());
    for (size_t i = 0; i < centres_.size(); ++i) {
      around(centres_[i], [&](int64_t voxel, double distance) {
        if (distance >= nearest[voxel]) return;
        nearest[voxel] = distance;
        label_[voxel] = static_cast<int32_t>(i);
      });
    }
  }

  void move() {
    std::vector<Centre> sums(centres_.size());
    for (int64_t z = 0; z < grid_.size[0]; ++z)
      for (int64_t y = 0; y < grid_.size[1]; ++y)
        for (int64_t x = 0; x < grid_.size[2]; ++x) {
          const int64_t voxel = grid_.at(z, y, x);
          Centre& sum = sums[label_[voxel]];
          const std::array<int64_t, 3> at{z, y, x};
          for (int axis = 0; axis < 3; ++axis)
            sum.place[axis] += static_cast<double>(at[axis]) * grid_.spacing[axis];
          sum.intensity += intensity_[voxel];
          ++sum.count;
        }
    for (size_t i = 0; i < sums.size(); ++i) {
      if (sums[i].count == 0) continue;
      for (double& place : sums[i].place) place /= sums[i].count;
      sums[i].intensity /= sums[i].count;
      centres_[i] = sums[i];
    }
  }

  const std::vector<double>& intensity_;
  const Grid& grid_;
  double edge_, scale_;
  std::vector<Centre> centres_;
  std::vector<int32_t> label_;
};

}  // namespace

std::vector<int32_t> supervoxels(const std::vector<double>& intensity, const Grid& grid, double edge,
                                 double deviation) {
  return Slic(intensity, grid, edge, deviation).run();
}

}  // namespace photo51::radiomics
