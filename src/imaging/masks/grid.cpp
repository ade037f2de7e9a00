#include "imaging/masks/grid.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/masks/classes.hpp"
#include "photo51/imaging/masks/mask.hpp"

namespace photo51::imaging {
namespace {

constexpr double kAllowed = 0.01;  ///< part of a mask that may lie outside its image

std::string size_of(const Geometry& g) {
  std::string text = std::to_string(g.size[0]) + " x " + std::to_string(g.size[1]);
  return g.size[2] == 1 ? text : text + " x " + std::to_string(g.size[2]);
}

std::string name_of(const Volume& volume) {
  return volume.source.empty() ? "the image" : volume.source;
}

double voxel_mm3(const Geometry& g) {
  return g.spacing[0] * g.spacing[1] * g.spacing[2] * std::abs(g.handedness());
}

/// The grid of files that were saved without one: 1 mm from the origin on, whichever way the axes run.
bool is_identity(const Geometry& g) {
  for (size_t i = 0; i < 3; ++i) {
    if (std::abs(g.spacing[i] - 1) > 1e-6 || std::abs(g.origin[i]) > 1e-6) return false;
    if (std::abs(std::abs(g.direction[4 * i]) - 1) > 1e-6) return false;
  }
  return true;
}

/// From one grid's voxels to another's: where voxel 0 goes, and the steps along x, y, z.
struct VoxelMap {
  std::array<double, 3> start{};
  std::array<std::array<double, 3>, 3> step{};

  VoxelMap(const Geometry& from, const Geometry& to) : start(to.to_index(from.to_world({0, 0, 0}))) {
    for (size_t axis = 0; axis < 3; ++axis) {
      std::array<double, 3> one{};
      one[axis] = 1;
      const auto next = to.to_index(from.to_world(one));
      for (size_t i = 0; i < 3; ++i) step[axis][i] = next[i] - start[i];
    }
  }
  double at(int64_t x, int64_t y, int64_t z, size_t i) const {
    return start[i] + static_cast<double>(x) * step[0][i] + static_cast<double>(y) * step[1][i] +
           static_cast<double>(z) * step[2][i];
  }
  /// Whether x goes along x alone and so on, to within a millionth of a voxel over `size`.
  bool is_straight(const std::array<int64_t, 3>& size) const {
    for (size_t axis = 0; axis < 3; ++axis)
      for (size_t i = 0; i < 3; ++i)
        if (i != axis && std::abs(step[axis][i]) * static_cast<double>(size[axis]) > 1e-6) return false;
    return true;
  }
};

/// The nearest voxel; ties go up, whatever the last bits say.
int64_t nearest(double place) {
  return static_cast<int64_t>(std::floor(place + 0.5 + 1e-6));
}

/// Voxels of the mask whose centres lie outside the image's voxels.
int64_t count_outside(const at::Tensor& inside, const Geometry& mask, const Geometry& image) {
  constexpr double kEdge = 0.5 + 1e-3;
  const VoxelMap map(mask, image);
  const auto is_in = [&](int64_t x, int64_t y, int64_t z) {
    for (size_t i = 0; i < 3; ++i) {
      const double p = map.at(x, y, z, i);
      if (!(p >= -kEdge && p <= static_cast<double>(image.size[i]) - 1 + kEdge)) return false;
    }
    return true;
  };
  const auto& n = mask.size;
  bool all_in = true;
  for (int corner = 0; corner < 8; ++corner)
    all_in = all_in && is_in((corner & 1) != 0 ? n[0] - 1 : 0, (corner & 2) != 0 ? n[1] - 1 : 0,
                             (corner & 4) != 0 ? n[2] - 1 : 0);
  if (all_in) return 0;
  int64_t lost = 0;
  const auto* voxel = inside.const_data_ptr<uint8_t>();
  for (int64_t z = 0; z < n[2]; ++z)
    for (int64_t y = 0; y < n[1]; ++y)
      for (int64_t x = 0; x < n[0]; ++x, ++voxel)
        if (*voxel != 0 && !is_in(x, y, z)) ++lost;
  return lost;
}

at::Tensor bytes_of(const Volume& mask) {
  return mask.data[0].ne(0).to(at::kByte).contiguous();
}

/// Indices of the mask along one axis; -1 outside.
std::vector<int64_t> along(const VoxelMap& map, size_t axis, int64_t count, int64_t limit) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = nearest(map.start[axis] + static_cast<double>(i) * map.step[axis][axis]);
    places.push_back(at >= 0 && at < limit ? at : -1);
  }
  return places;
}

void sample_straight(const uint8_t* in, const std::array<int64_t, 3>& m, uint8_t* out,
                     const std::array<int64_t, 3>& n, const VoxelMap& map) {
  const auto xs = along(map, 0, n[0], m[0]), ys = along(map, 1, n[1], m[1]), zs = along(map, 2, n[2], m[2]);
  for (const int64_t z : zs)
    for (const int64_t y : ys) {
      const uint8_t* row = z < 0 || y < 0 ? nullptr : in + (z * m[1] + y) * m[0];
      for (const int64_t x : xs) *out++ = row == nullptr || x < 0 ? uint8_t{0} : row[x];
    }
}

void sample_turned(const uint8_t* in, const std::array<int64_t, 3>& m, uint8_t* out,
                   const std::array<int64_t, 3>& n, const VoxelMap& map) {
  for (int64_t z = 0; z < n[2]; ++z)
    for (int64_t y = 0; y < n[1]; ++y)
      for (int64_t x = 0; x < n[0]; ++x, ++out) {
        std::array<int64_t, 3> at{};
        bool in_field = true;
        for (size_t i = 0; i < 3; ++i) {
          at[i] = nearest(map.at(x, y, z, i));
          in_field = in_field && at[i] >= 0 && at[i] < m[i];
        }
        if (in_field) *out = in[(at[2] * m[1] + at[1]) * m[0] + at[0]];
      }
}

}  // namespace

std::string cubic_mm(double volume) {
  return core::format_fixed(volume, volume >= 100 ? 0 : volume >= 1 ? 1 : 3) + " mm3";
}

void judge_outside(double lost, double drawn, const std::string& image, const MaskOptions& options,
                   std::vector<std::string>& warnings) {
  if (!(lost > 0)) return;
  if (lost >= drawn)
    core::fail_data("all " + cubic_mm(drawn) + " of the mask lie outside " + image +
                    "; it was drawn on another image or saved with another position, axes or voxel size");
  const std::string part = cubic_mm(lost) + " of " + cubic_mm(drawn) + " (" +
                           core::format_fixed(100 * lost / drawn, lost < 0.1 * drawn ? 1 : 0) +
                           " %) of the mask lie outside " + image;
  if (options.outside != MaskOutside::crop && lost > kAllowed * drawn)
    core::fail_data(part +
                    ": it was drawn on another image or saved with another position, axes or voxel size; "
                    "correct it, or set mask_outside: crop to keep the part that lies inside");
  warnings.push_back(part + " and are left out");
}

Volume placed_on(Volume mask, const Volume& image, const MaskOptions& options) {
  const Geometry &m = mask.geometry, &n = image.geometry;
  if (m.matches(n)) return mask;
  return core::with_context(
      [&] { return mask.source.empty() ? std::string("mask") : mask.source; },
      [&] {
        if (!mask.spacing_known || !image.spacing_known) {
          const std::string silent =
              (!mask.spacing_known ? "the mask" : name_of(image)) + " does not say how large a voxel is";
          if (m.size != n.size)
            core::fail_data("the mask's size is " + size_of(m) + " and the size of " + name_of(image) +
                            " is " + size_of(n) + ", but " + silent +
                            "; save the mask with as many voxels as the image");
          mask.geometry = n;
          return std::move(mask);
        }
        if (!mask.orientation_known && m.size == n.size) {
          Geometry here = n;
          here.spacing = m.spacing;
          if (here.matches(n)) {
            mask.geometry = n;
            mask.warnings.push_back("the mask does not say where it lies; its voxels are taken as those of " +
                                    name_of(image));
            return std::move(mask);
          }
        }
        const at::Tensor inside = bytes_of(mask);
        const auto lost = count_outside(inside, m, n);
        if (lost > 0)
          judge_outside(static_cast<double>(lost) * voxel_mm3(m),
                        static_cast<double>(inside.sum().item<int64_t>()) * voxel_mm3(m), name_of(image),
                        options, mask.warnings);
        if (m.size == n.size && is_identity(m))
          core::fail_data(
              "has the size of " + name_of(image) +
              " but lies elsewhere, with voxels of 1 mm from the origin on (an identity affine): it "
              "was saved without the image's affine; save it with that");
        return std::move(mask);
      });
}

namespace {

/// `from` [D, H, W] uint8, the voxels of `mask`, by the nearest voxel's centre; 0 outside.
Volume moved_to(const Geometry& grid, const Volume& mask, const at::Tensor& from) {
  const auto &n = grid.size, &m = mask.geometry.size;
  at::Tensor to = at::zeros({n[2], n[1], n[0]}, at::kByte);
  const VoxelMap map(grid, mask.geometry);
  (map.is_straight(n) ? sample_straight : sample_turned)(from.const_data_ptr<uint8_t>(), m,
                                                         to.mutable_data_ptr<uint8_t>(), n, map);
  Volume moved = make_volume(to.unsqueeze(0), grid, Modality::segmentation, Units::label);
  moved.source = mask.source;
  moved.warnings = mask.warnings;
  return moved;
}

}  // namespace

Volume on_grid_of(const Volume& mask, const Geometry& grid) {
  return mask.geometry.matches(grid) ? mask : moved_to(grid, mask, bytes_of(mask));
}

Volume classes_on_grid(const Volume& classes, const Geometry& grid) {
  return classes.geometry.matches(grid) ? classes
                                        : moved_to(grid, classes, classes.data[0].to(at::kByte).contiguous());
}

Volume on_grid_of(const Volume& mask, const Volume& image, const MaskOptions& options) {
  Volume placed = placed_on(mask, image, options);
  if (placed.geometry.matches(image.geometry)) return placed;
  Volume moved = on_grid_of(placed, image.geometry);
  const at::Tensor inside = bytes_of(placed);
  const auto voxels = inside.sum().item<int64_t>() - count_outside(inside, placed.geometry, image.geometry);
  const double before = static_cast<double>(voxels) * voxel_mm3(placed.geometry),
               after = 1000 * volume_ml(moved);
  const std::string text =
      "the mask's " + cubic_mm(before) + " become " + cubic_mm(after) + " on the voxels of " + name_of(image);
  if (before > 0 && after == 0)
    core::fail_data((mask.source.empty() ? "mask" : mask.source) + ": " + text +
                    ": no voxel's centre is inside; use an image with smaller voxels");
  if (std::abs(after - before) > 0.1 * before) moved.warnings.push_back(text);
  return moved;
}

double volume_ml(const Volume& mask) {
  return static_cast<double>(mask.data.ne(0).sum().item<int64_t>()) * voxel_mm3(mask.geometry) / 1000;
}

}  // namespace photo51::imaging
