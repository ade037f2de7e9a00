#include "radiomics/shape/hull.hpp"

#include <algorithm>
#include <cmath>

namespace photo51::radiomics {
namespace {

struct Facet {
  std::array<int32_t, 3> corner;
  std::array<int32_t, 3> beyond{-1, -1, -1};  ///< the facet across the edge from corner i to corner i + 1
  Place normal{0, 0, 0};                      ///< outwards
  int64_t offset = 0;
  std::vector<int32_t> outside{};  ///< points that see this facet
  bool alive = true;
};

class QuickHull {
 public:
  explicit QuickHull(const std::vector<Place>& points) : points_(points), starts_(points.size(), -1) {
    make_simplex();
    while (!open_.empty()) {
      const int32_t facet = open_.back();
      open_.pop_back();
      if (facets_[facet].alive && !facets_[facet].outside.empty()) add_farthest(facet);
    }
  }
  std::vector<std::array<int32_t, 3>> facets() const {
    std::vector<std::array<int32_t, 3>> found;
    for (const Facet& facet : facets_)
      if (facet.alive) found.push_back(facet.corner);
    return found;
  }

 private:
  int64_t height(const Facet& facet, int32_t point) const {
    return dot(facet.normal, points_[point]) - facet.offset;
  }

  int32_t make_facet(int32_t a, int32_t b, int32_t c) {
    Facet facet{{a, b, c}};
    facet.normal = cross(minus(points_[b], points_[a]), minus(points_[c], points_[a]));
    facet.offset = dot(facet.normal, points_[a]);
    facets_.push_back(std::move(facet));
    return static_cast<int32_t>(facets_.size()) - 1;
  }

  template <class Measure>
  int32_t farthest(Measure&& measure) const {
    int32_t best = 0;
    int64_t most = -1;
    for (int32_t i = 0; i < static_cast<int32_t>(points_.size()); ++i) {
      const int64_t value = measure(points_[i]);
      if (value <= most) continue;
      most = value;
      best = i;
    }
    return best;
  }

  void make_simplex() {
    const auto squared = [](const Place& place) { return dot(place, place); };
    const int32_t a = farthest([&](const Place& place) { return squared(minus(place, points_[0])); });
    const Place from = points_[a];
    int32_t b = farthest([&](const Place& place) { return squared(minus(place, from)); });
    const Place along = minus(points_[b], from);
    // In whole numbers the square of a cross product could overflow; the largest component ranks as well.
    int32_t c = farthest([&](const Place& place) {
      const Place off = cross(along, minus(place, from));
      return std::max({std::abs(off[0]), std::abs(off[1]), std::abs(off[2])});
    });
    const Place normal = cross(along, minus(points_[c], from));
    const int32_t d = farthest([&](const Place& place) { return std::abs(dot(normal, minus(place, from))); });
    if (dot(normal, minus(points_[d], from)) > 0) std::swap(b, c);
    // Each facet with the three that it touches across its edges, in the order of `beyond`.
    make_facet(a, b, c);
    make_facet(a, d, b);
    make_facet(b, d, c);
    make_facet(c, d, a);
    facets_[0].beyond = {1, 2, 3};
    facets_[1].beyond = {3, 2, 0};
    facets_[2].beyond = {1, 3, 0};
    facets_[3].beyond = {2, 1, 0};
    std::vector<int32_t> all(points_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
    share(all, 0);
  }

  /// Gives each point to the first facet from number `first` on that it sees; the others lie inside.
  void share(const std::vector<int32_t>& points, size_t first) {
    for (const int32_t point : points) {
      const auto sees = [&](const Facet& facet) { return height(facet, point) > 0; };
      const auto facet =
          std::find_if(facets_.begin() + static_cast<std::ptrdiff_t>(first), facets_.end(), sees);
      if (facet != facets_.end()) facet->outside.push_back(point);
    }
    for (size_t i = first; i < facets_.size(); ++i)
      if (!facets_[i].outside.empty()) open_.push_back(static_cast<int32_t>(i));
  }

  /// Puts a cone from the facet's farthest point in place of all facets that the point sees. A facet in whose
  /// plane it lies stays: the cone goes on beside it.
  void add_farthest(int32_t seed) {
    const std::vector<int32_t>& candidates = facets_[seed].outside;
    const int32_t apex = *std::max_element(candidates.begin(), candidates.end(), [&](int32_t a, int32_t b) {
      return height(facets_[seed], a) < height(facets_[seed], b);
    });
    std::vector<int32_t> seen{seed}, orphans;
    std::vector<std::array<int32_t, 3>> horizon;  // from, to, the facet that stays
    facets_[seed].alive = false;
    for (size_t head = 0; head < seen.size(); ++head) {
      Facet& facet = facets_[seen[head]];
      orphans.insert(orphans.end(), facet.outside.begin(), facet.outside.end());
      facet.outside = {};
      for (int edge = 0; edge < 3; ++edge) {
        Facet& other = facets_[facet.beyond[edge]];
        if (!other.alive) continue;
        if (height(other, apex) > 0) {
          other.alive = false;
          seen.push_back(facet.beyond[edge]);
        }
      }
    }
    for (const int32_t dead : seen) {
      const Facet& facet = facets_[dead];
      for (int edge = 0; edge < 3; ++edge)
        if (facets_[facet.beyond[edge]].alive)
          horizon.push_back({facet.corner[edge], facet.corner[(edge + 1) % 3], facet.beyond[edge]});
    }
    const size_t first = facets_.size();
    for (const auto& [from, to, stays] : horizon) {
      const int32_t made = make_facet(from, to, apex);
      starts_[from] = made;
      facets_[made].beyond[0] = stays;
      Facet& other = facets_[stays];
      for (int edge = 0; edge < 3; ++edge)
        if (other.corner[edge] == to && other.corner[(edge + 1) % 3] == from) other.beyond[edge] = made;
    }
    for (size_t i = first; i < facets_.size(); ++i) {
      const int32_t after = starts_[facets_[i].corner[1]];
      facets_[i].beyond[1] = after;
      facets_[after].beyond[2] = static_cast<int32_t>(i);
    }
    share(orphans, first);
  }

  const std::vector<Place>& points_;
  std::vector<Facet> facets_;
  std::vector<int32_t> open_;
  std::vector<int32_t> starts_;  ///< the new facet whose first edge begins at a point
};

/// Corners of the diamonds about the first and the last voxel of each row, in half voxels: the surface's
/// vertices lie among them or inside.
std::vector<Place> row_ends(const Mask& mask, const Grid& grid) {
  std::vector<Place> points;
  const auto add = [&](int64_t z, int64_t y, int64_t x) {
    for (const int64_t side : {-1, 1}) {
      points.push_back({2 * z + side, 2 * y, 2 * x});
      points.push_back({2 * z, 2 * y + side, 2 * x});
      points.push_back({2 * z, 2 * y, 2 * x + side});
    }
  };
  for (int64_t z = 0; z < grid.size[0]; ++z) {
    for (int64_t y = 0; y < grid.size[1]; ++y) {
      const uint8_t* row = mask.data() + grid.at(z, y, 0);
      const uint8_t* const end = row + grid.size[2];
      const auto* first = std::find(row, end, 1);
      if (first == end) continue;
      const uint8_t* last = end - 1;
      while (*last == 0) --last;
      add(z, y, first - row);
      if (last != first) add(z, y, last - row);
    }
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace

Hull convex_hull(const std::vector<Place>& points, const std::array<double, 3>& spacing) {
  Hull hull;
  hull.facets = QuickHull(points).facets();
  std::vector<int32_t> number(points.size(), -1);
  for (auto& facet : hull.facets) {
    for (int32_t& corner : facet) {
      int32_t& known = number[corner];
      if (known < 0) {
        known = static_cast<int32_t>(hull.vertices.size());
        Point place;
        for (int axis = 0; axis < 3; ++axis)
          place[axis] = static_cast<double>(points[corner][axis]) * spacing[axis];
        hull.vertices.push_back(place);
      }
      corner = known;
    }
  }
  return hull;
}

Hull convex_hull(const Mask& mask, const Grid& grid) {
  return convex_hull(row_ends(mask, grid), {grid.spacing[0] / 2, grid.spacing[1] / 2, grid.spacing[2] / 2});
}

double volume(const Hull& hull) {
  const Point& origin = hull.vertices.front();
  double total = 0;
  for (const auto& [a, b, c] : hull.facets)
    total += dot(minus(hull.vertices[a], origin),
                 cross(minus(hull.vertices[b], origin), minus(hull.vertices[c], origin)));
  return total / 6;
}

double area(const Hull& hull) {
  double total = 0;
  for (const auto& [a, b, c] : hull.facets) {
    const Point normal =
        cross(minus(hull.vertices[b], hull.vertices[a]), minus(hull.vertices[c], hull.vertices[a]));
    total += std::sqrt(dot(normal, normal));
  }
  return total / 2;
}

double diameter(const Hull& hull) {
  double most = 0;
  for (size_t i = 0; i < hull.vertices.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Point across = minus(hull.vertices[i], hull.vertices[j]);
      most = std::max(most, dot(across, across));
    }
  }
  return std::sqrt(most);
}

}  // namespace photo51::radiomics
