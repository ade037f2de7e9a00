#include "photo51/preprocess/geometry/orientation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "photo51/core/error.hpp"

namespace photo51::preprocess {
namespace {

constexpr std::array<const char*, 3> letters{"LR", "PA", "SI"};  // towards +, towards - of the world's axes

struct WorldAxis {
  size_t world = 0;
  double sign = 1;
};

WorldAxis axis_of(char letter) {
  for (size_t world = 0; world < 3; ++world) {
    if (letters[world][0] == letter) return {world, 1};
    if (letters[world][1] == letter) return {world, -1};
  }
  return {3, 0};
}

/// For each new axis: the old axis and whether it runs backwards. The assignment with the largest total
/// cosine wins, so that even a scan turned by 45 degrees gets every axis once.
struct Order {
  std::array<size_t, 3> axis{};
  std::array<bool, 3> mirrored{};
};

Order order_for(const imaging::Geometry& geometry, const std::string& orientation) {
  std::array<size_t, 3> permutation{0, 1, 2};
  Order best;
  double best_total = -1;
  do {
    double total = 0;
    for (size_t i = 0; i < 3; ++i)
      total += std::abs(geometry.direction[axis_of(orientation[i]).world * 3 + permutation[i]]);
    if (total > best_total + 1e-9) {
      best_total = total;
      best.axis = permutation;
    }
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  for (size_t i = 0; i < 3; ++i) {
    const WorldAxis wanted = axis_of(orientation[i]);
    best.mirrored[i] = geometry.direction[wanted.world * 3 + best.axis[i]] * wanted.sign < 0;
  }
  return best;
}

imaging::Geometry reordered(const imaging::Geometry& old, const Order& order) {
  imaging::Geometry made;
  made.origin = old.origin;
  for (size_t i = 0; i < 3; ++i) {
    const size_t from = order.axis[i];
    made.size[i] = old.size[from];
    made.spacing[i] = old.spacing[from];
    const double sign = order.mirrored[i] ? -1 : 1;
    for (size_t world = 0; world < 3; ++world) {
      made.direction[world * 3 + i] = sign * old.direction[world * 3 + from];
      if (order.mirrored[i])
        made.origin[world] +=
            old.direction[world * 3 + from] * old.spacing[from] * static_cast<double>(old.size[from] - 1);
    }
  }
  return made;
}

void require_orientation(const std::string& name) {
  if (!is_orientation(name))
    core::fail_usage("orientation `" + name + "` is not one letter each of L/R, P/A and S/I, such as LPS");
}

}  // namespace

bool is_orientation(const std::string& name) {
  if (name.size() != 3) return false;
  std::array<bool, 4> seen{};
  for (const char letter : name) seen[axis_of(letter).world] = true;
  return seen[0] && seen[1] && seen[2];
}

std::array<double, 9> direction_of(const std::string& orientation) {
  require_orientation(orientation);
  std::array<double, 9> direction{};
  for (size_t i = 0; i < 3; ++i) {
    const WorldAxis axis = axis_of(orientation[i]);
    direction[axis.world * 3 + i] = axis.sign;
  }
  return direction;
}

std::string orientation_of(const imaging::Geometry& geometry) {
  // Order the old axes by the world's, then read off which old axis went where.
  const Order order = order_for(geometry, "LPS");
  std::string name(3, ' ');
  for (size_t world = 0; world < 3; ++world)
    name[order.axis[world]] = letters[world][order.mirrored[world] ? 1 : 0];
  return name;
}

imaging::Geometry reorient(const imaging::Geometry& geometry, const std::string& orientation) {
  require_orientation(orientation);
  return reordered(geometry, order_for(geometry, orientation));
}

imaging::Volume reorient(const imaging::Volume& volume, const std::string& orientation) {
  require_orientation(orientation);
  const Order order = order_for(volume.geometry, orientation);
  imaging::Volume made = volume;
  made.geometry = reordered(volume.geometry, order);
  // Axis i (x, y, z) is dimension 3 - i of [C, D, H, W].
  std::array<int64_t, 4> dimensions{};
  std::vector<int64_t> mirrored;
  for (size_t i = 0; i < 3; ++i) {
    const auto dimension = static_cast<int64_t>(3 - i);
    dimensions[3 - i] = static_cast<int64_t>(3 - order.axis[i]);
    if (order.mirrored[i]) mirrored.push_back(dimension);
  }
  made.data = volume.data.permute(dimensions);
  if (!mirrored.empty()) made.data = made.data.flip(mirrored);
  made.data = made.data.contiguous();
  return made;
}

}  // namespace photo51::preprocess
