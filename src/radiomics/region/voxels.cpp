#include "radiomics/region/voxels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace photo51::radiomics {
namespace {

constexpr double kFar = 1e20;

/// Calls `line(start, stride, length)` for every line of voxels along `axis`.
template <class Line>
void for_each_line(const Grid& grid, int axis, Line&& line) {
  const std::array<int64_t, 3> strides{grid.slice(), grid.size[2], 1};
  const int first = axis == 0 ? 1 : 0;
  const int second = axis == 2 ? 1 : 2;
  for (int64_t a = 0; a < grid.size[first]; ++a) {
    for (int64_t b = 0; b < grid.size[second]; ++b) {
      line(a * strides[first] + b * strides[second], strides[axis], grid.size[axis]);
    }
  }
}

/// Lower envelope of parabolas: squared distance along one line, in place.
class LineDistance {
 public:
  explicit LineDistance(int64_t length)
      : heights_(length), centres_(length), starts_(length + 1), result_(length) {}

  void run(double* values, int64_t stride, int64_t length, double spacing) {
    for (int64_t i = 0; i < length; ++i) heights_[i] = values[i * stride];
    int64_t parabolas = -1;
    for (int64_t i = 0; i < length; ++i) {
      if (heights_[i] >= kFar) continue;
      double start = -std::numeric_limits<double>::infinity();
      while (parabolas >= 0) {
        start = crossing(centres_[parabolas], i, spacing);
        if (start > starts_[parabolas]) break;
        --parabolas;
      }
      ++parabolas;
      centres_[parabolas] = i;
      starts_[parabolas] = parabolas == 0 ? -std::numeric_limits<double>::infinity() : start;
    }
    if (parabolas < 0) return;
    int64_t current = 0;
    for (int64_t i = 0; i < length; ++i) {
      const double position = static_cast<double>(i) * spacing;
      while (current < parabolas && starts_[current + 1] < position) ++current;
      const double offset = position - static_cast<double>(centres_[current]) * spacing;
      result_[i] = offset * offset + heights_[centres_[current]];
    }
    for (int64_t i = 0; i < length; ++i) values[i * stride] = result_[i];
  }

 private:
  double crossing(int64_t left, int64_t right, double spacing) const {
    const double a = static_cast<double>(left) * spacing;
    const double b = static_cast<double>(right) * spacing;
    return (heights_[right] + b * b - heights_[left] - a * a) / (2 * (b - a));
  }

  std::vector<double> heights_;
  std::vector<int64_t> centres_;
  std::vector<double> starts_;
  std::vector<double> result_;
};

}  // namespace

std::vector<double> distance_to_outside(const Mask& mask, const Grid& grid, bool border_is_outside) {
  std::vector<double> squared(mask.size());
  for (size_t i = 0; i < mask.size(); ++i) squared[i] = mask[i] ? kFar : 0.0;
  for (int axis = 2; axis >= 0; --axis) {
    LineDistance distance(grid.size[axis]);
    for_each_line(grid, axis, [&](int64_t start, int64_t stride, int64_t length) {
      distance.run(squared.data() + start, stride, length, grid.spacing[axis]);
    });
    if (!border_is_outside) continue;
    for_each_line(grid, axis, [&](int64_t start, int64_t stride, int64_t length) {
      for (int64_t i = 0; i < length; ++i) {
        const double border = static_cast<double>(std::min(i + 1, length - i)) * grid.spacing[axis];
        double& value = squared[start + i * stride];
        value = std::min(value, border * border);
      }
    });
  }
  for (double& value : squared) value = std::sqrt(value);
  return squared;
}

Mask largest_component(const Mask& mask, const Grid& grid) {
  std::vector<int32_t> label(mask.size(), 0);
  std::vector<int64_t> queue;
  int32_t labels = 0, largest = 0;
  size_t largest_size = 0;
  for (int64_t seed = 0; seed < grid.count(); ++seed) {
    if (!mask[seed] || label[seed]) continue;
    label[seed] = ++labels;
    queue.assign(1, seed);
    for (size_t head = 0; head < queue.size(); ++head) {
      const int64_t voxel = queue[head];
      const int64_t x = voxel % grid.size[2];
      const int64_t y = voxel / grid.size[2] % grid.size[1];
      const int64_t z = voxel / grid.slice();
      const auto visit = [&](bool inside, int64_t next) {
        if (!inside || !mask[next] || label[next]) return;
        label[next] = labels;
        queue.push_back(next);
      };
      visit(x > 0, voxel - 1);
      visit(x + 1 < grid.size[2], voxel + 1);
      visit(y > 0, voxel - grid.size[2]);
      visit(y + 1 < grid.size[1], voxel + grid.size[2]);
      visit(z > 0, voxel - grid.slice());
      visit(z + 1 < grid.size[0], voxel + grid.slice());
    }
    if (queue.size() > largest_size) {
      largest_size = queue.size();
      largest = labels;
    }
  }
  Mask result(mask.size(), 0);
  for (size_t i = 0; i < mask.size(); ++i) result[i] = largest && label[i] == largest;
  return result;
}

void fill_slice_holes(Mask& mask, const Grid& grid) {
  const int64_t height = grid.size[1], width = grid.size[2];
  std::vector<uint8_t> reached(grid.slice());
  std::vector<int64_t> stack;
  for (int64_t z = 0; z < grid.size[0]; ++z) {
    uint8_t* slice = mask.data() + z * grid.slice();
    std::fill(reached.begin(), reached.end(), uint8_t{0});
    const auto visit = [&](int64_t y, int64_t x) {
      if (y < 0 || x < 0 || y >= height || x >= width) return;
      const int64_t i = y * width + x;
      if (slice[i] || reached[i]) return;
      reached[i] = 1;
      stack.push_back(i);
    };
    for (int64_t x = 0; x < width; ++x) {
      visit(0, x);
      visit(height - 1, x);
    }
    for (int64_t y = 0; y < height; ++y) {
      visit(y, 0);
      visit(y, width - 1);
    }
    while (!stack.empty()) {
      const int64_t i = stack.back();
      stack.pop_back();
      visit(i / width - 1, i % width);
      visit(i / width + 1, i % width);
      visit(i / width, i % width - 1);
      visit(i / width, i % width + 1);
    }
    for (int64_t i = 0; i < grid.slice(); ++i) slice[i] = !reached[i];
  }
}

void smooth(std::vector<double>& values, const Grid& grid, double sigma) {
  for (int axis = 0; axis < 3; ++axis) {
    const double step = sigma / grid.spacing[axis];
    const auto radius = static_cast<int64_t>(4 * step + 0.5);
    std::vector<double> kernel(2 * radius + 1);
    double sum = 0;
    for (int64_t i = -radius; i <= radius; ++i) {
      const double distance = static_cast<double>(i) / step;
      sum += kernel[i + radius] = std::exp(-0.5 * distance * distance);
    }
    std::vector<double> line(grid.size[axis]);
    for_each_line(grid, axis, [&](int64_t start, int64_t stride, int64_t length) {
      for (int64_t i = 0; i < length; ++i) line[i] = values[start + i * stride];
      for (int64_t i = 0; i < length; ++i) {
        const int64_t first = std::max<int64_t>(0, i - radius), last = std::min(length - 1, i + radius);
        double total = 0;
        for (int64_t j = first; j <= last; ++j) total += line[j] * kernel[j - i + radius];
        values[start + i * stride] = total / sum;
      }
    });
  }
}

double difference(const std::vector<double>& values, const Grid& grid, const std::array<int64_t, 3>& voxel,
                  int axis) {
  const int64_t length = grid.size[axis];
  if (length < 2) return 0;
  const std::array<int64_t, 3> strides{grid.slice(), grid.size[2], 1};
  const int64_t back = voxel[axis] > 0 ? 1 : 0;
  const int64_t ahead = voxel[axis] + 1 < length ? 1 : 0;
  const int64_t centre = grid.at(voxel[0], voxel[1], voxel[2]);
  const double change = values[centre + ahead * strides[axis]] - values[centre - back * strides[axis]];
  return change / (static_cast<double>(back + ahead) * grid.spacing[axis]);
}

}  // namespace photo51::radiomics
