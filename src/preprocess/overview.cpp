#include "preprocess/overview.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "photo51/imaging/slide/readable.hpp"

namespace photo51::preprocess {
namespace {

using Color = std::array<uint8_t, 3>;
constexpr Color kTissue{255, 176, 0}, kTile{0, 90, 255}, kDamaged{220, 0, 0};

class Canvas {
 public:
  explicit Canvas(at::Tensor picture)
      : picture_(std::move(picture)),
        pixels_(picture_.mutable_data_ptr<uint8_t>()),
        height_(picture_.size(0)),
        width_(picture_.size(1)) {}

  void dot(int64_t x, int64_t y, const Color& color) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    std::copy(color.begin(), color.end(), pixels_ + 3 * (y * width_ + x));
  }
  void square(int64_t left, int64_t top, int64_t right, int64_t bottom, const Color& color) {
    for (int64_t x = left; x <= right; ++x) {
      dot(x, top, color);
      dot(x, bottom, color);
    }
    for (int64_t y = top; y <= bottom; ++y) {
      dot(left, y, color);
      dot(right, y, color);
    }
  }

 private:
  at::Tensor picture_;
  uint8_t* pixels_;
  int64_t height_, width_;
};

}  // namespace

at::Tensor overview_picture(const imaging::Slide& slide, const TissueMask& tissue,
                            const std::vector<Tile>& tiles, int64_t longest_side) {
  at::Tensor picture = imaging::readable_thumbnail(slide, longest_side).permute({1, 2, 0}).contiguous();
  const imaging::SlideLevel& whole = slide.levels().front();
  const int64_t height = picture.size(0), width = picture.size(1);
  const double step_x = static_cast<double>(whole.width) / static_cast<double>(width);
  const double step_y = static_cast<double>(whole.height) / static_cast<double>(height);
  Canvas canvas(picture);
  for (const Tile& tile : tiles)
    canvas.square(std::llround(tile.x / step_x), std::llround(tile.y / step_y),
                  std::llround((tile.x + tile.extent_x) / step_x) - 1,
                  std::llround((tile.y + tile.extent_y) / step_y) - 1, kTile);
  // The mask's pixel under each of the picture's; an outline is where neighbours differ.
  const auto inside = [&](const at::Tensor& mask, int64_t x, int64_t y) {
    const auto at = [](int64_t place, double step, double mask_step, int64_t size) {
      const double middle = (static_cast<double>(place) + 0.5) * step / mask_step;
      return std::clamp<int64_t>(static_cast<int64_t>(middle), 0, size - 1);
    };
    return mask.const_data_ptr<bool>()[at(y, step_y, tissue.step[1], mask.size(0)) * mask.size(1) +
                                       at(x, step_x, tissue.step[0], mask.size(1))];
  };
  const at::Tensor mask = tissue.mask.contiguous();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const bool here = inside(mask, x, y);
      const bool edge = (x + 1 < width && inside(mask, x + 1, y) != here) ||
                        (y + 1 < height && inside(mask, x, y + 1) != here);
      if (edge) canvas.dot(x, y, kTissue);
      if (tissue.damaged.defined() && inside(tissue.damaged, x, y)) canvas.dot(x, y, kDamaged);
    }
  return picture;
}

}  // namespace photo51::preprocess
