#include "radiomics/ibsi/texture.hpp"

#include <algorithm>
#include <limits>

namespace photo51::radiomics {
namespace {

/// Gives the levels that occur their rows.
void number_rows(Texture& texture) {
  std::vector<int32_t> row_of(texture.highest + 1, 0);
  for (const int64_t i : texture.voxels) row_of[texture.level[i]] = 1;
  texture.value.assign(1, 0);
  for (int32_t level = 1; level <= texture.highest; ++level) {
    if (row_of[level] == 0) continue;
    row_of[level] = static_cast<int32_t>(texture.value.size());
    texture.value.push_back(level);
  }
  texture.row.assign(texture.level.size(), 0);
  for (const int64_t i : texture.voxels) texture.row[i] = row_of[texture.level[i]];
}

/// `marks` of `count` voxels from `row` on: bit d where the voxel at `sign` times direction d is equal.
template <class Row>
void mark(const Row* row, int64_t count, const std::vector<int64_t>& offsets, int64_t sign, uint16_t* marks) {
  for (size_t d = 0; d < offsets.size(); ++d) {
    const Row* next = row + sign * offsets[d];
    const auto bit = static_cast<uint16_t>(1 << d);
    for (int64_t i = 0; i < count; ++i) {
      const uint16_t equal = row[i] == next[i] ? bit : uint16_t{0};
      marks[i] = static_cast<uint16_t>(marks[i] | equal);
    }
  }
}

template <class Row>
void mark_equal(Texture& texture, const Row* row) {
  const std::vector<int64_t> offsets = directions(texture.grid, false);
  texture.ahead.assign(texture.row.size(), 0);
  texture.behind.assign(texture.row.size(), 0);
  const int64_t width = texture.grid.size[2];
  for (size_t k = 0; k < texture.voxels.size();) {  // a line at a time, from its first voxel to its last
    const int64_t first = texture.voxels[k], line_end = (first / width + 1) * width;
    while (k < texture.voxels.size() && texture.voxels[k] < line_end) ++k;
    const int64_t count = texture.voxels[k - 1] - first + 1;
    mark(row + first, count, offsets, 1, texture.ahead.data() + first);
    mark(row + first, count, offsets, -1, texture.behind.data() + first);
  }
}

void mark_equal(Texture& texture) {
  if (texture.rows() > std::numeric_limits<uint16_t>::max()) return mark_equal(texture, texture.row.data());
  const std::vector<uint16_t> narrow(texture.row.begin(), texture.row.end());  // twice as many at a time
  mark_equal(texture, narrow.data());
}

}  // namespace

Texture make_texture(const Region& region, const Levels& levels, int64_t reach) {
  const Grid& from = region.grid;
  const Box box = bounding_box(region.mask, from);
  Texture texture;
  texture.grid.spacing = from.spacing;
  for (int axis = 0; axis < 3; ++axis)
    texture.grid.size[axis] = box.last[axis] - box.first[axis] + 1 + 2 * reach;
  texture.highest = levels.count;
  texture.level.assign(texture.grid.count(), 0);
  texture.voxels.reserve(region.voxels.size());
  texture.slices.assign(1, 0);
  auto voxel = region.voxels.begin();
  for (int64_t z = box.first[0]; z <= box.last[0]; ++z) {
    for (int64_t y = box.first[1]; y <= box.last[1]; ++y) {
      const int64_t end = from.at(z, y, box.last[2]) + 1;
      const int64_t shift = texture.grid.at(z - box.first[0] + reach, y - box.first[1] + reach, reach) -
                            from.at(z, y, box.first[2]);
      for (; voxel != region.voxels.end() && *voxel < end; ++voxel) {
        texture.level[*voxel + shift] = levels.level[*voxel];
        texture.voxels.push_back(*voxel + shift);
      }
    }
    if (texture.voxels.size() > texture.slices.back()) texture.slices.push_back(texture.voxels.size());
  }
  number_rows(texture);
  mark_equal(texture);
  return texture;
}

std::vector<int64_t> directions(const Grid& grid, bool planar) {
  std::vector<int64_t> result;
  for (int64_t z = 0; z <= (planar ? 0 : 1); ++z)
    for (int64_t y = -1; y <= 1; ++y)
      for (int64_t x = -1; x <= 1; ++x)
        if (const int64_t offset = grid.at(z, y, x); offset > 0) result.push_back(offset);
  return result;
}

}  // namespace photo51::radiomics
