#include <ATen/ATen.h>

#include <algorithm>
#include <bit>

#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/slide/readable.hpp"

namespace photo51::imaging {
namespace {

constexpr double kTolerance = 1e-3;

/// Reads that may fail before blocks are given up whole: after each, the slide is opened anew.
constexpr int64_t most_failures = 2000;

/// Reads block by block, and a block that cannot be read by its quarters.
class Blocks {
 public:
  Blocks(const Slide& slide, std::array<double, 2> step, const at::Tensor& picture)
      : slide_(slide),
        step_(step),
        picture_(picture),
        damaged_(at::zeros({picture.size(1), picture.size(2)}, at::kBool)) {}

  at::Tensor read() {
    constexpr int64_t kSide = 64;
    const int64_t height = picture_.size(1), width = picture_.size(2);
    for (int64_t y = 0; y < height; y += kSide)
      for (int64_t x = 0; x < width; x += kSide)
        block(x, y, std::min(kSide, width - x), std::min(kSide, height - y));
    return damaged_;
  }

 private:
  void block(int64_t x, int64_t y, int64_t width, int64_t height) {
    const at::Tensor place = picture_.narrow(1, y, height).narrow(2, x, width);
    try {
      const at::Tensor part = at::empty({3, height, width}, at::kByte);
      read_scaled(slide_, static_cast<double>(x) * step_[0], static_cast<double>(y) * step_[1], step_, part,
                  kTolerance);
      place.copy_(part);
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      constexpr int64_t kSmallest = 4;
      ++failures_;
      if (std::max(width, height) <= kSmallest || failures_ > most_failures) {
        place.fill_(255);
        damaged_.narrow(0, y, height).narrow(1, x, width).fill_(true);
        return;
      }
      quarters(x, y, width, height);
    }
  }

  void quarters(int64_t x, int64_t y, int64_t width, int64_t height) {
    // At powers of two, as the file's own tiles are cut.
    const auto half = [](int64_t side) {
      return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(side - 1)));
    };
    const int64_t left = half(width), top = half(height);
    if (left > 0 && top > 0) block(x, y, left, top);
    if (top > 0) block(x + left, y, width - left, top);
    if (left > 0) block(x, y + top, left, height - top);
    block(x + left, y + top, width - left, height - top);
  }

  const Slide& slide_;
  std::array<double, 2> step_;
  at::Tensor picture_, damaged_;
  int64_t failures_ = 0;
};

}  // namespace

at::Tensor read_readable(const Slide& slide, std::array<double, 2> step, const at::Tensor& picture) {
  try {
    read_scaled(slide, 0, 0, step, picture, kTolerance);
    return {};
  } catch (const core::Error& error) {
    if (error.fault() != core::Fault::data) throw;
    at::Tensor damaged = Blocks(slide, step, picture).read();
    if (damaged.all().item<bool>()) throw;
    return damaged;
  }
}

at::Tensor readable_thumbnail(const Slide& slide, int64_t longest_side) {
  at::Tensor picture = blank_thumbnail(slide, longest_side);
  const SlideLevel& whole = slide.levels().front();
  read_readable(slide,
                {static_cast<double>(whole.width) / static_cast<double>(picture.size(2)),
                 static_cast<double>(whole.height) / static_cast<double>(picture.size(1))},
                picture);
  return picture;
}

}  // namespace photo51::imaging
