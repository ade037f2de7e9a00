#include <algorithm>
#include <cmath>

#include "radiomics/lesion/groups.hpp"
#include "radiomics/region/moments.hpp"

namespace photo51::radiomics {
namespace {

/// A percentile of positions of which `counts[i]` lie at i, as `percentile` would give it.
double position_percentile(const std::vector<int64_t>& counts, double q) {
  int64_t total = 0;
  for (int64_t count : counts) total += count;
  const double position = q / 100 * static_cast<double>(total - 1);
  const auto lower = static_cast<int64_t>(position);
  const auto value_at = [&](int64_t rank) {
    int64_t seen = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      seen += counts[i];
      if (seen > rank) return static_cast<double>(i);
    }
    return static_cast<double>(counts.size() - 1);
  };
  const double low = value_at(lower);
  return low + (position - static_cast<double>(lower)) * (value_at(std::min(lower + 1, total - 1)) - low);
}

/// The head's extent in one axial slice, without the last 1 % on each side (ears, nose, noise).
struct OrganBox {
  double front = 0, back = 0, right = 0, left = 0;
};

OrganBox slice_box(const Mask& head, const Grid& grid, int64_t z) {
  std::vector<int64_t> rows(grid.size[1], 0), columns(grid.size[2], 0);
  for (int64_t y = 0; y < grid.size[1]; ++y) {
    for (int64_t x = 0; x < grid.size[2]; ++x) {
      if (!head[grid.at(z, y, x)]) continue;
      ++rows[y];
      ++columns[x];
    }
  }
  return {position_percentile(rows, 1), position_percentile(rows, 99), position_percentile(columns, 1),
          position_percentile(columns, 99)};
}

}  // namespace

Head find_head(const std::vector<double>& image, const Lesion& lesion) {
  const Grid& grid = lesion.grid;
  std::vector<double> positive;
  for (double value : image) {
    if (value > 0) positive.push_back(value);
  }
  const double threshold = positive.empty() ? 0 : 0.2 * percentile(std::move(positive), 90);
  Head head;
  head.mask.resize(image.size());
  for (size_t i = 0; i < image.size(); ++i) head.mask[i] = image[i] > threshold;
  head.mask = largest_component(head.mask, grid);
  fill_slice_holes(head.mask, grid);
  std::vector<int64_t> slices(grid.size[0], 0), columns(grid.size[2], 0);
  for (int64_t i = 0; i < grid.count(); ++i) {
    head.mask[i] |= lesion.mask[i];
    if (!head.mask[i]) continue;
    ++head.count;
    ++slices[i / grid.slice()];
    ++columns[i % grid.size[2]];
  }
  head.depth = distance_to_outside(head.mask, grid, true);
  head.bottom = position_percentile(slices, 1);
  head.top = position_percentile(slices, 99);
  const double across = position_percentile(columns, 99) - position_percentile(columns, 1);
  head.width = std::max(across, 1.0) * grid.spacing[2];
  return head;
}

const std::vector<std::string>& location_names() {
  static const std::vector<std::string> names{
      "location_left",       "location_lateral",   "location_medial_edge",  "location_posterior",
      "location_front_edge", "location_back_edge", "location_below_vertex", "location_midline_crossing",
      "location_depth_mean", "location_depth_p10", "location_depth_max"};
  return names;
}

std::vector<double> location_descriptors(const Lesion& lesion, const Head& head) {
  std::vector<double> leftward, lateral, backward, below, depth;
  int64_t slice = -1;
  OrganBox box;
  int64_t left_count = 0, right_count = 0;
  for (const auto& [z, y, x] : lesion.voxels) {
    if (z != slice) {
      box = slice_box(head.mask, lesion.grid, z);
      slice = z;
    }
    const double half = std::max((box.left - box.right) / 2, 1.0);
    leftward.push_back((static_cast<double>(x) - (box.left + box.right) / 2) / half);
    lateral.push_back(std::abs(leftward.back()));
    backward.push_back((static_cast<double>(y) - box.front) / std::max(box.back - box.front, 1.0));
    below.push_back((head.top - static_cast<double>(z)) / std::max(head.top - head.bottom, 1.0));
    depth.push_back(head.depth[lesion.grid.at(z, y, x)] / head.width);
    left_count += leftward.back() > 0;
    right_count += leftward.back() < 0;
  }
  const double crossing =
      static_cast<double>(std::min(left_count, right_count)) / static_cast<double>(lesion.voxels.size());
  return {mean(leftward),
          mean(lateral),
          percentile(lateral, 10),
          mean(backward),
          percentile(backward, 10),
          percentile(backward, 90),
          mean(below),
          crossing,
          mean(depth),
          percentile(depth, 10),
          *std::max_element(depth.begin(), depth.end())};
}

}  // namespace photo51::radiomics
