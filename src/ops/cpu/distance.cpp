#include "ops/cpu/distance.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "photo51/ops/parallel.hpp"

namespace photo51::ops::cpu {
namespace {

constexpr double kNowhere = std::numeric_limits<double>::infinity();
constexpr int64_t kLines = 16;  ///< that lie side by side, taken together so that whole cache lines are read

/// Along a row: the nearest object at the left, then that at the right.
template <class Float>
void nearest_in_row(const uint8_t* objects, Float* squared, int64_t length, double spacing) {
  const auto keep = [&](int64_t x, int64_t steps) {
    const double distance = static_cast<double>(steps) * spacing;
    squared[x] = std::min(squared[x], static_cast<Float>(distance * distance));
  };
  std::fill_n(squared, length, std::numeric_limits<Float>::infinity());
  int64_t last = -1;
  for (int64_t x = 0; x < length; ++x) {
    if (objects[x] != 0) last = x;
    if (last >= 0) keep(x, x - last);
  }
  if (last < 0) return;
  for (int64_t x = last; x >= 0; --x) {
    if (objects[x] != 0) last = x;
    keep(x, last - x);
  }
}

/// The lower envelope of the parabolas that stand on the heights of a line.
class LowerEnvelope {
 public:
  LowerEnvelope(int64_t length, double spacing)
      : spacing_(spacing), centres_(static_cast<size_t>(length)), starts_(static_cast<size_t>(length)) {}

  /// `line` holds heights, and then the envelope at each place.
  void run(double* line, double* heights, int64_t length) {
    int64_t count = 0;  // parabolas of the envelope so far
    const double scale = 1 / (spacing_ * spacing_);
    for (int64_t i = 0; i < length; ++i) {
      if (line[i] == kNowhere) continue;
      double start = -kNowhere;
      for (; count > 0; --count) {
        const int64_t centre = centres_[static_cast<size_t>(count - 1)];
        // Where the two cross, in steps from the first place.
        start = ((line[i] - line[centre]) * scale / static_cast<double>(i - centre) +
                 static_cast<double>(i + centre)) /
                2;
        if (start > starts_[static_cast<size_t>(count - 1)]) break;
      }
      centres_[static_cast<size_t>(count)] = i;
      starts_[static_cast<size_t>(count)] = count == 0 ? -kNowhere : start;
      ++count;
    }
    if (count == 0) return;
    std::copy_n(line, length, heights);
    int64_t current = 0;
    for (int64_t i = 0; i < length; ++i) {
      while (current + 1 < count && starts_[static_cast<size_t>(current + 1)] < static_cast<double>(i))
        ++current;
      const int64_t centre = centres_[static_cast<size_t>(current)];
      const double offset = static_cast<double>(i - centre) * spacing_;
      line[i] = offset * offset + heights[centre];
    }
  }

 private:
  double spacing_;
  std::vector<int64_t> centres_;
  std::vector<double> starts_;  ///< from where on each is the lowest
};

/// Lines of `length` elements that are `stride` apart; the first element of line k of a group is at k.
template <class Float>
void along_lines(Float* squared, int64_t groups, int64_t group_step, int64_t side_by_side, int64_t stride,
                 int64_t length, double spacing) {
  const int64_t blocks = (side_by_side + kLines - 1) / kLines;
  const int64_t grain = std::max<int64_t>(1, 32768 / (kLines * length));
  in_parallel(0, groups * blocks, grain, [&](int64_t begin, int64_t end) {
    LowerEnvelope envelope(length, spacing);
    std::vector<double> lines(static_cast<size_t>(kLines * length)), heights(static_cast<size_t>(length));
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block % blocks * kLines, width = std::min(kLines, side_by_side - first);
      Float* from = squared + block / blocks * group_step + first;
      for (int64_t i = 0; i < length; ++i)
        for (int64_t k = 0; k < width; ++k) lines[static_cast<size_t>(k * length + i)] = from[i * stride + k];
      for (int64_t k = 0; k < width; ++k)
        envelope.run(&lines[static_cast<size_t>(k * length)], heights.data(), length);
      for (int64_t i = 0; i < length; ++i)
        for (int64_t k = 0; k < width; ++k)
          from[i * stride + k] = static_cast<Float>(lines[static_cast<size_t>(k * length + i)]);
    }
  });
}

}  // namespace

template <class Float>
void squared_distance(const uint8_t* objects, Float* squared, const std::array<int64_t, 3>& size,
                      const std::array<double, 3>& spacing) {
  const auto [depth, height, width] = size;
  const int64_t columns = width;
  in_parallel(0, depth * height, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, columns)),
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row)
                  nearest_in_row(objects + row * columns, squared + row * columns, columns, spacing[2]);
              });
  if (height > 1) along_lines(squared, depth, height * width, width, width, height, spacing[1]);
  if (depth > 1) along_lines(squared, 1, 0, height * width, height * width, depth, spacing[0]);
}

template void squared_distance<float>(const uint8_t*, float*, const std::array<int64_t, 3>&,
                                      const std::array<double, 3>&);
template void squared_distance<double>(const uint8_t*, double*, const std::array<int64_t, 3>&,
                                       const std::array<double, 3>&);

}  // namespace photo51::ops::cpu
