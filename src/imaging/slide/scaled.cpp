#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/slide/slide.hpp"

namespace photo51::imaging {
namespace {

/// Source pixels in memory at once; larger requests are answered in pieces.
constexpr int64_t kMostPixels = int64_t{1} << 22;

/// The source pixels first … first + weights of each output pixel along one axis.
struct Taps {
  int64_t begin = 0, end = 0;  ///< source pixels that any output pixel needs
  std::vector<int64_t> first;  ///< an output pixel, counted from `begin`
  std::vector<size_t> offset;  ///< into `weight`; one more than output pixels
  std::vector<float> weight;
};

/// Output pixel i covers source [start + i * step, start + (i + 1) * step): the mean over that area, or,
/// where output pixels are finer than the source's, linear interpolation at its centre.
Taps taps_of(double start, double step, int64_t count) {
  Taps taps;
  taps.offset.push_back(0);
  std::vector<int64_t> first;
  for (int64_t i = 0; i < count; ++i) {
    double low = start + static_cast<double>(i) * step, high = low + step;
    if (step < 1) {
      low = (low + high) / 2 - 0.5;
      high = low + 1;
    }
    // A sliver that is only rounding must not pull in another pixel.
    const auto from = static_cast<int64_t>(std::floor(low + 1e-9));
    const auto to = std::max(from + 1, static_cast<int64_t>(std::ceil(high - 1e-9)));
    first.push_back(from);
    for (int64_t p = from; p < to; ++p) {
      const double left = std::max(low, static_cast<double>(p));
      const double right = std::min(high, static_cast<double>(p + 1));
      taps.weight.push_back(static_cast<float>(std::max(0.0, right - left) / (high - low)));
    }
    taps.offset.push_back(taps.weight.size());
    if (i == 0) taps.begin = from;
    taps.end = std::max(taps.end, to);
  }
  for (const int64_t from : first) taps.first.push_back(from - taps.begin);
  return taps;
}

void weigh_rows(const uint8_t* plane, int64_t width, const Taps& taps, size_t row, float* sum) {
  std::fill(sum, sum + width, 0.0F);
  const uint8_t* from = plane + taps.first[row] * width;
  for (size_t t = taps.offset[row]; t < taps.offset[row + 1]; ++t, from += width) {
    const float weight = taps.weight[t];
    for (int64_t x = 0; x < width; ++x) sum[x] += weight * static_cast<float>(from[x]);
  }
}

void weigh_columns(const float* row, const Taps& taps, uint8_t* to) {
  for (size_t x = 0; x + 1 < taps.offset.size(); ++x) {
    const float* from = row + taps.first[x];
    float sum = 0.5F;
    for (size_t t = taps.offset[x]; t < taps.offset[x + 1]; ++t) sum += taps.weight[t] * *from++;
    to[x] = static_cast<uint8_t>(std::clamp(sum, 0.0F, 255.0F));
  }
}

struct Window {
  int64_t x, y, width, height;  ///< of the output
};

class Scaler {
 public:
  Scaler(const Slide& slide, int64_t level, std::array<double, 2> start, std::array<double, 2> step,
         const at::Tensor& out)
      : slide_(slide),
        level_(level),
        start_(start),
        step_(step),
        to_(out.mutable_data_ptr<uint8_t>()),
        width_(out.size(2)),
        plane_(out.size(1) * out.size(2)) {}

  void run(const Window& w) {
    const double pixels =
        (static_cast<double>(w.width) * step_[0] + 2) * (static_cast<double>(w.height) * step_[1] + 2);
    if (pixels <= static_cast<double>(kMostPixels)) return piece(w);
    if (w.width == 1 && w.height == 1)
      core::fail_usage(slide_.info().source + ": one pixel cannot stand for " +
                       core::format_number(std::round(pixels)) + " of the slide; ask for a finer resolution");
    const bool wide = static_cast<double>(w.width) * step_[0] > static_cast<double>(w.height) * step_[1];
    if ((wide && w.width > 1) || w.height == 1) {
      const int64_t half = w.width / 2;
      run({w.x, w.y, half, w.height});
      run({w.x + half, w.y, w.width - half, w.height});
    } else {
      const int64_t half = w.height / 2;
      run({w.x, w.y, w.width, half});
      run({w.x, w.y + half, w.width, w.height - half});
    }
  }

 private:
  void piece(const Window& w) {
    const Taps across = taps_of(start_[0] + static_cast<double>(w.x) * step_[0], step_[0], w.width);
    const Taps down = taps_of(start_[1] + static_cast<double>(w.y) * step_[1], step_[1], w.height);
    const double downsample = slide_.levels()[static_cast<size_t>(level_)].downsample;
    const int64_t width = across.end - across.begin, height = down.end - down.begin;
    const at::Tensor source = at::empty({3, height, width}, at::kByte);
    slide_.read_into(level_, std::llround(static_cast<double>(across.begin) * downsample),
                     std::llround(static_cast<double>(down.begin) * downsample), source);
    std::vector<float> sum(static_cast<size_t>(width));
    for (int64_t c = 0; c < 3; ++c) {
      const uint8_t* plane = source.const_data_ptr<uint8_t>() + c * width * height;
      for (int64_t row = 0; row < w.height; ++row) {
        weigh_rows(plane, width, down, static_cast<size_t>(row), sum.data());
        weigh_columns(sum.data(), across, to_ + c * plane_ + (w.y + row) * width_ + w.x);
      }
    }
  }

  const Slide& slide_;
  int64_t level_;
  std::array<double, 2> start_, step_;
  uint8_t* to_;
  int64_t width_, plane_;
};

}  // namespace

void read_scaled(const Slide& slide, double x, double y, std::array<double, 2> step, const at::Tensor& out,
                 double tolerance) {
  if (!(step[0] > 0) || !(step[1] > 0) || !std::isfinite(step[0] + step[1]) || !std::isfinite(x + y))
    core::fail_usage(slide.info().source + ": cannot be read in pixels of " + core::format_number(step[0]) +
                     " x " + core::format_number(step[1]));
  if (out.dim() != 3 || out.size(0) != 3 || out.scalar_type() != at::kByte || !out.is_contiguous())
    core::fail_usage("a region is read into contiguous uint8 [3, H, W]");
  const double finest = std::min(step[0], step[1]);
  size_t level = 0;
  for (size_t i = 1; i < slide.levels().size(); ++i) {
    const double downsample = slide.levels()[i].downsample;
    if (downsample <= finest * (1 + tolerance) && downsample > slide.levels()[level].downsample) level = i;
  }
  const double downsample = slide.levels()[level].downsample;
  const std::array<double, 2> ratio{step[0] / downsample, step[1] / downsample};
  if (std::abs(ratio[0] - 1) <= tolerance && std::abs(ratio[1] - 1) <= tolerance)
    return slide.read_into(static_cast<int64_t>(level), std::llround(x), std::llround(y), out);
  Scaler(slide, static_cast<int64_t>(level), {x / downsample, y / downsample}, ratio, out)
      .run({0, 0, out.size(2), out.size(1)});
}

at::Tensor blank_thumbnail(const Slide& slide, int64_t longest_side) {
  if (longest_side < 1 || longest_side > 16384)
    core::fail_usage("a thumbnail has 1 to 16384 pixels along its longer side, not " +
                     std::to_string(longest_side));
  const SlideLevel& whole = slide.levels().front();
  const double scale = std::max(
      1.0, static_cast<double>(std::max(whole.width, whole.height)) / static_cast<double>(longest_side));
  const auto pixels = [&](int64_t size) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(size) / scale));
  };
  return at::empty({3, pixels(whole.height), pixels(whole.width)}, at::kByte);
}

at::Tensor thumbnail(const Slide& slide, int64_t longest_side) {
  at::Tensor out = blank_thumbnail(slide, longest_side);
  const SlideLevel& whole = slide.levels().front();
  read_scaled(slide, 0, 0,
              {static_cast<double>(whole.width) / static_cast<double>(out.size(2)),
               static_cast<double>(whole.height) / static_cast<double>(out.size(1))},
              out, 1e-3);
  return out;
}

}  // namespace photo51::imaging
