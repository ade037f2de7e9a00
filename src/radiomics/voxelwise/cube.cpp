#include "radiomics/voxelwise/cube.hpp"

namespace photo51::radiomics {
namespace {

/// Steps to one of each two opposite neighbours, z, y, x.
std::vector<std::array<int64_t, 3>> steps() {
  std::vector<std::array<int64_t, 3>> result;
  for (int64_t z = 0; z <= 1; ++z)
    for (int64_t y = -1; y <= 1; ++y)
      for (int64_t x = -1; x <= 1; ++x)
        if (z > 0 || y > 0 || (y == 0 && x > 0)) result.push_back({z, y, x});
  return result;
}

}  // namespace

Cube::Cube(const Grid& grid, int64_t radius, int flat) {
  std::array<int64_t, 3> reach{radius, radius, radius};
  if (flat >= 0) reach[flat] = 0;
  const std::array<int64_t, 3> edge{2 * reach[0] + 1, 2 * reach[1] + 1, 2 * reach[2] + 1};
  const auto number = [&](const std::array<int64_t, 3>& at) {
    return static_cast<int32_t>((at[0] * edge[1] + at[1]) * edge[2] + at[2]);
  };
  const auto inside = [&](const std::array<int64_t, 3>& at) {
    for (int axis = 0; axis < 3; ++axis)
      if (at[axis] < 0 || at[axis] >= edge[axis]) return false;
    return true;
  };
  const auto all = steps();
  for (int64_t z = 0; z < edge[0]; ++z) {
    for (int64_t y = 0; y < edge[1]; ++y) {
      for (int64_t x = 0; x < edge[2]; ++x) {
        voxels.push_back(grid.at(z - reach[0], y - reach[1], x - reach[2]));
        const std::array<int64_t, 3> at{z, y, x};
        for (int32_t direction = 0; direction < kDirections; ++direction) {
          const auto& step = all[direction];
          if (flat >= 0 && step[flat] != 0) continue;
          const std::array<int64_t, 3> next{z + step[0], y + step[1], x + step[2]};
          const std::array<int64_t, 3> before{z - step[0], y - step[1], x - step[2]};
          if (!inside(before)) {
            std::vector<int32_t> line;
            for (auto on = at; inside(on); on = {on[0] + step[0], on[1] + step[1], on[2] + step[2]})
              line.push_back(number(on));
            lines[direction].push_back(std::move(line));
          }
          if (!inside(next)) continue;
          const CubePair pair{number(at), number(next), direction};
          pairs.push_back(pair);
          if (x == edge[2] - 1 || next[2] == edge[2] - 1) entering.push_back(pair);
          if (x == 0 || next[2] == 0) leaving.push_back(pair);
        }
      }
    }
  }
}

}  // namespace photo51::radiomics
