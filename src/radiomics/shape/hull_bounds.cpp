#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <utility>

#include "radiomics/shape/hull.hpp"

namespace photo51::radiomics {
namespace {

Point unit(const Point& a) {
  const double length = std::sqrt(dot(a, a));
  return {a[0] / length, a[1] / length, a[2] / length};
}

struct Oriented {
  std::array<Point, 3> axes{};
  Point size{0, 0, 0};
  double volume = std::numeric_limits<double>::infinity();
};

/// Looks at a hull from one direction after the other.
class Views {
 public:
  explicit Views(const Hull& hull) : hull_(hull), height_(hull.facets.size()) {
    std::map<std::pair<int32_t, int32_t>, int32_t> half;
    for (size_t f = 0; f < hull.facets.size(); ++f) {
      const auto& [a, b, c] = hull.facets[f];
      normals_.push_back(
          unit(cross(minus(hull.vertices[b], hull.vertices[a]), minus(hull.vertices[c], hull.vertices[a]))));
      const auto facet = static_cast<int32_t>(f);
      for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, c}, std::pair{c, a}}) {
        const auto other = half.find({to, from});
        if (other == half.end())
          half[{from, to}] = facet;
        else
          edges_.push_back({from, to, facet, other->second});
      }
    }
  }

  /// The smallest of the boxes that have `direction` as an axis: another is along an edge of the outline
  /// (Freeman & Shapira 1975).
  Oriented box(const Point& direction) {
    const Outline outline = outline_along(direction);
    Oriented best;
    const auto [low, high] = extent(hull_.vertices, direction);
    for (const Point& edge : outline.edges) {
      const Point across = cross(direction, edge);
      const auto [left, right] = extent(outline.points, edge);
      const auto [back, front] = extent(outline.points, across);
      const Point size{high - low, right - left, front - back};
      const double volume = size[0] * size[1] * size[2];
      if (volume < best.volume) best = {{direction, edge, across}, size, volume};
    }
    return best;
  }

  /// Normals of the facets, and of what is parallel to two edges unless there are too many; each plane once.
  std::vector<Point> directions() const {
    constexpr double kSame = 1e-9, kParallel = 1e-12;
    constexpr size_t kFew = 100;
    std::vector<Point> sorted = normals_, distinct;
    for (size_t i = 0; i < edges_.size() && edges_.size() <= kFew; ++i) {
      for (size_t j = 0; j < i; ++j) {
        const Point a = along(edges_[i]), b = along(edges_[j]), normal = cross(a, b);
        if (dot(normal, normal) > kParallel * dot(a, a) * dot(b, b)) sorted.push_back(unit(normal));
      }
    }
    std::sort(sorted.begin(), sorted.end());
    for (const Point& normal : sorted) {
      const Point off = distinct.empty() ? Point{1, 1, 1} : minus(normal, distinct.back());
      if (dot(off, off) > kSame * kSame) distinct.push_back(normal);
    }
    return distinct;
  }

 private:
  struct Edge {
    int32_t from, to, left, right;
  };
  struct Outline {
    std::vector<Point> edges;   ///< unit vectors across the direction
    std::vector<Point> points;  ///< not projected
  };

  Point along(const Edge& edge) const { return minus(hull_.vertices[edge.to], hull_.vertices[edge.from]); }

  static std::pair<double, double> extent(const std::vector<Point>& points, const Point& direction) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Point& point : points) {
      const double at = dot(point, direction);
      low = std::min(low, at);
      high = std::max(high, at);
    }
    return {low, high};
  }

  Outline outline_along(const Point& direction) {
    constexpr double kEdgeOn = 1e-12, kShort = 1e-9;
    for (size_t f = 0; f < normals_.size(); ++f) height_[f] = dot(normals_[f], direction);
    Outline outline;
    for (const Edge& edge : edges_) {
      if ((height_[edge.left] > kEdgeOn) == (height_[edge.right] > kEdgeOn)) continue;
      outline.points.push_back(hull_.vertices[edge.from]);
      outline.points.push_back(hull_.vertices[edge.to]);
      Point seen = along(edge);
      const double depth = dot(seen, direction), squared = dot(seen, seen);
      for (int axis = 0; axis < 3; ++axis) seen[axis] -= depth * direction[axis];
      if (dot(seen, seen) > kShort * squared) outline.edges.push_back(unit(seen));
    }
    return outline;
  }

  const Hull& hull_;
  std::vector<Point> normals_;
  std::vector<Edge> edges_;
  std::vector<double> height_;
};

/// Equal weights for the two outermost points along each of three axes of which none sees what the others do
/// (Kumar & Yildirim 2005): few points that count, near those of the smallest ellipsoid.
Eigen::VectorXd first_weights(const Eigen::Matrix4Xd& points) {
  Eigen::VectorXd weight = Eigen::VectorXd::Zero(points.cols());
  Eigen::Matrix3d known = Eigen::Matrix3d::Zero();  // columns span what the axes so far see
  for (int axis = 0; axis < 3; ++axis) {
    Eigen::Vector3d direction = Eigen::Vector3d::Unit(axis);
    if (axis == 1) direction = known.col(0).unitOrthogonal();
    if (axis == 2) direction = known.col(0).cross(known.col(1)).normalized();
    const Eigen::VectorXd along = points.topRows<3>().transpose() * direction;
    Eigen::Index low = 0, high = 0;
    along.minCoeff(&low);
    along.maxCoeff(&high);
    weight[low] = weight[high] = 1;
    known.col(axis) = (points.col(high) - points.col(low)).head<3>();
  }
  return weight / weight.sum();
}

/// The sum of (s t)^n P_n((s² + t²) / 2 s t) / (1 - 4 n²): the recurrence of the Legendre polynomials P_n
/// holds for the products too and needs no division by s t.
double legendre_sum(double ss, double tt, int degree) {
  double before = 0, product = 1, sum = 0;
  for (int n = 0; n <= degree; ++n) {
    sum += product / (1 - 4.0 * n * n);
    const double next = ((2 * n + 1) * (ss + tt) / 2 * product - n * ss * tt * before) / (n + 1);
    before = product;
    product = next;
  }
  return sum;
}

/// Of flat ellipsoids the terms fall as 1 / n² only.
constexpr int kEnoughTerms = 2000;

}  // namespace

Extent smallest_box(const Hull& hull) {
  constexpr double kGain = 1 - 1e-9;
  Views views(hull);
  Oriented best;
  for (const Point& direction : views.directions()) {
    const Oriented box = views.box(direction);
    if (box.volume < best.volume) best = box;
  }
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const Point& axis : best.axes) {
      const Oriented box = views.box(axis);
      if (box.volume >= best.volume * kGain) continue;
      best = box;
      smaller = true;
      break;
    }
  }
  const Point& size = best.size;
  return {best.volume, 2 * (size[0] * size[1] + size[1] * size[2] + size[2] * size[0])};
}

Extent smallest_ellipsoid(const Hull& hull) {
  // Points with a further coordinate 1 lie on or in the ellipsoid q' M^-1 q <= 4 with M = sum of weight q q'.
  constexpr double kTolerance = 1e-7;
  constexpr int kSteps = 100000;
  constexpr double kDimension = 4;
  const auto count = static_cast<Eigen::Index>(hull.vertices.size());
  Eigen::Matrix4Xd points(4, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const Point off = minus(hull.vertices[i], hull.vertices.front());
    points.col(i) << off[0], off[1], off[2], 1;
  }
  Eigen::VectorXd weight = first_weights(points);
  for (int step = 0; step < kSteps; ++step) {
    const Eigen::Matrix4d moment = points * weight.asDiagonal() * points.transpose();
    const Eigen::Matrix4d inverse = moment.inverse();
    const Eigen::VectorXd reach = points.cwiseProduct(inverse * points).colwise().sum();
    Eigen::Index far = 0, near = 0;
    const double most = reach.maxCoeff(&far);
    const double least = (weight.array() > 0).select(reach, most).minCoeff(&near);
    if (most <= kDimension * (1 + kTolerance) && least >= kDimension * (1 - kTolerance)) break;
    // The step that raises the determinant most: towards the farthest point or away from the nearest that
    // counts.
    const bool towards = most - kDimension >= kDimension - least;
    const double value = towards ? most : least;
    const Eigen::Index which = towards ? far : near;
    const double drop = -weight[which] / (1 - weight[which]);
    double share = value > 1 ? (value - kDimension) / (kDimension * (value - 1)) : drop;
    if (!towards) share = std::max(share, drop);
    weight *= 1 - share;
    weight[which] = std::max(0.0, weight[which] + share);
  }
  const Eigen::Vector4d mean = points * weight;
  const Eigen::Matrix3d spread = points.topRows<3>() * weight.asDiagonal() * points.topRows<3>().transpose() -
                                 mean.head<3>() * mean.head<3>().transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread, Eigen::EigenvaluesOnly);
  const Eigen::Vector3d half = (3 * solver.eigenvalues()).cwiseMax(0).cwiseSqrt();
  return ellipsoid(half[2], half[1], half[0]);
}

Extent ellipsoid(double a, double b, double c) {
  const double pi = std::numbers::pi;
  return {4 * pi / 3 * a * b * c,
          4 * pi * a * b * legendre_sum(1 - c * c / (a * a), 1 - c * c / (b * b), kEnoughTerms)};
}

Extent approximate_ellipsoid(double a, double b, double c) {
  constexpr int kDegree = 20;
  const double pi = std::numbers::pi;
  return {4 * pi / 3 * a * b * c,
          4 * pi * a * b * legendre_sum(1 - b * b / (a * a), 1 - c * c / (a * a), kDegree)};
}

}  // namespace photo51::radiomics
