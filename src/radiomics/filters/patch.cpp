#include "radiomics/filters/patch.hpp"

#include <algorithm>

#include "photo51/core/error.hpp"

namespace photo51::radiomics {

Window whole_window(const Grid& image) {
  return {{0, 0, 0}, image.size};
}

Window grown(Window window, const Index3& radius) {
  for (int axis = 0; axis < 3; ++axis) {
    window.begin[axis] -= radius[axis];
    window.end[axis] += radius[axis];
  }
  return window;
}

int64_t inside(int64_t index, int64_t length, Boundary boundary) {
  if (index >= 0 && index < length) return index;
  switch (boundary) {
    case Boundary::zero:
      return -1;
    case Boundary::nearest:
      return index < 0 ? 0 : length - 1;
    case Boundary::periodic:
      return (index % length + length) % length;
    case Boundary::mirror:
      break;
  }
  const int64_t folded = (index % (2 * length) + 2 * length) % (2 * length);
  return folded < length ? folded : 2 * length - 1 - folded;
}

Window inside(const Window& window, const Grid& image, Boundary boundary) {
  Window result;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t first = image.size[axis], last = -1;
    for (int64_t i = window.begin[axis]; i < window.end[axis]; ++i) {
      const int64_t index = inside(i, image.size[axis], boundary);
      if (index < 0) continue;
      first = std::min(first, index);
      last = std::max(last, index);
    }
    result.begin[axis] = std::min(first, last + 1);
    result.end[axis] = last + 1;
  }
  return result;
}

namespace {

/// For each i from `begin` to `end`, its offset among the patch's voxels along `axis`; -1 = zero.
std::vector<int64_t> offsets(const Patch& patch, int axis, int64_t begin, int64_t end, Boundary boundary) {
  std::vector<int64_t> result(end - begin);
  for (int64_t i = begin; i < end; ++i) {
    const int64_t index = inside(i, patch.image.size[axis], boundary);
    result[i - begin] = index < 0 ? -1 : index - patch.window.begin[axis];
  }
  return result;
}

/// Rows of `width` voxels: adds up weighted rows of `in`, which lie where `offset` says. In pieces that stay
/// in the cache. The last weight comes first, as in a convolution, so that sums round as those of PyWavelets
/// do and intensities that cancel out leave the same side of 0.
template <class Value>
void correlate_rows(const Value* in, Value* out, int64_t width, const Kernel& kernel,
                    const std::vector<int64_t>& offset) {
  constexpr int64_t kPiece = 1024;
  const auto taps = static_cast<int64_t>(kernel.size());
  const int64_t rows = static_cast<int64_t>(offset.size()) - taps + 1;
  for (int64_t start = 0; start < width; start += kPiece) {
    const int64_t length = std::min(kPiece, width - start);
    for (int64_t row = 0; row < rows; ++row) {
      Value* to = out + row * width + start;
      for (int64_t tap = taps; tap-- > 0;) {
        const auto weight = static_cast<Value>(kernel[tap]);
        const int64_t at = offset[row + tap];
        if (weight == 0 || at < 0) continue;
        const Value* from = in + at * width + start;
        for (int64_t i = 0; i < length; ++i) to[i] += weight * from[i];
      }
    }
  }
}

/// One line along x.
template <class Value>
void correlate_line(const Value* in, Value* out, std::vector<Value>& line, const Kernel& kernel,
                    const std::vector<int64_t>& offset) {
  for (size_t i = 0; i < offset.size(); ++i) line[i] = offset[i] < 0 ? 0 : in[offset[i]];
  const auto length = static_cast<int64_t>(offset.size() - kernel.size() + 1);
  for (size_t tap = kernel.size(); tap-- > 0;) {
    const auto weight = static_cast<Value>(kernel[tap]);
    if (weight == 0) continue;
    const Value* from = line.data() + tap;
    for (int64_t i = 0; i < length; ++i) out[i] += weight * from[i];
  }
}

}  // namespace

std::vector<double> values_around(const Patch& patch, const Window& window, Boundary boundary) {
  std::array<std::vector<int64_t>, 3> at;
  for (int axis = 0; axis < 3; ++axis)
    at[axis] = offsets(patch, axis, window.begin[axis], window.end[axis], boundary);
  std::vector<double> result(window.count(), 0);
  const int64_t height = patch.window.length(1), width = patch.window.length(2);
  double* to = result.data();
  for (const int64_t z : at[0]) {
    for (const int64_t y : at[1]) {
      if (z >= 0 && y >= 0) {
        const double* row = patch.values.data() + (z * height + y) * width;
        for (size_t x = 0; x < at[2].size(); ++x)
          if (at[2][x] >= 0) to[x] = row[at[2][x]];
      }
      to += at[2].size();
    }
  }
  return result;
}

namespace {

/// All lines along `axis` of `in` [depth, height, width of the patch]; `out` is `length` long along it.
template <class Value>
void correlate_all(const Value* in, Value* out, const Window& window, const Kernel& kernel, int axis,
                   int64_t length, const std::vector<int64_t>& offset) {
  const int64_t depth = window.length(0), height = window.length(1), width = window.length(2);
  if (axis == 0) {
    correlate_rows(in, out, height * width, kernel, offset);
  } else if (axis == 1) {
    for (int64_t z = 0; z < depth; ++z)
      correlate_rows(in + z * height * width, out + z * length * width, width, kernel, offset);
  } else {
    std::vector<Value> line(offset.size());
    for (int64_t row = 0; row < depth * height; ++row)
      correlate_line(in + row * width, out + row * length, line, kernel, offset);
  }
}

}  // namespace

Patch correlate(const Patch& patch, const Kernel& kernel, int axis, int64_t begin, int64_t end,
                Boundary boundary, bool single) {
  Patch result{patch.image, patch.window, {}};
  result.window.begin[axis] = begin;
  result.window.end[axis] = end;
  const auto radius = static_cast<int64_t>(kernel.size() / 2);
  const std::vector<int64_t> offset = offsets(patch, axis, begin - radius, end + radius, boundary);
  if (single) {
    const std::vector<float> in(patch.values.begin(), patch.values.end());
    std::vector<float> out(result.window.count(), 0);
    correlate_all(in.data(), out.data(), patch.window, kernel, axis, end - begin, offset);
    result.values.assign(out.begin(), out.end());
  } else {
    result.values.assign(result.window.count(), 0);
    correlate_all(patch.values.data(), result.values.data(), patch.window, kernel, axis, end - begin, offset);
  }
  return result;
}

}  // namespace photo51::radiomics
