#include <ATen/ATen.h>

#include "imaging/picture/files.hpp"
#include "imaging/slide/backend.hpp"
#include "imaging/slide/blocks.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// uint8 [H, W, 3] of a decoded picture [C, 1, H, W]: 16 bits become 8 by rounding v / 257, gray becomes
/// three equal channels, alpha is composited on white.
at::Tensor to_rgb(const at::Tensor& decoded) {
  at::Tensor values = decoded.select(1, 0);
  if (values.scalar_type() != at::kByte) values = values.to(at::kFloat).div(257).round().to(at::kByte);
  const int64_t channels = values.size(0), colors = channels < 3 ? 1 : 3;
  at::Tensor rgb = values.narrow(0, 0, colors);
  if (channels == colors + 1) {
    const at::Tensor alpha = values.narrow(0, colors, 1).to(at::kFloat) / 255;
    rgb = (rgb.to(at::kFloat) * alpha + 255 * (1 - alpha)).round().to(at::kByte);
  }
  return rgb.expand({3, -1, -1}).permute({1, 2, 0}).contiguous();
}

class PictureBackend final : public SlideBackend {
 public:
  explicit PictureBackend(const at::Tensor& rgb)
      : grid_{rgb.size(1), rgb.size(0), rgb.size(1), rgb.size(0)},
        piece_(std::make_shared<const Piece>(rgb.const_data_ptr<uint8_t>(),
                                             rgb.const_data_ptr<uint8_t>() + rgb.numel())) {}

  void read(int64_t /*level*/, int64_t x, int64_t y, const RgbPlanes& to) const override {
    paint(grid_, x, y, to, {255, 255, 255}, [&](int64_t, int64_t) { return piece_; });
  }
  at::Tensor read_associated(const std::string& name) const override {
    core::fail_usage("no associated image `" + name + "`");
  }

 private:
  PieceGrid grid_;
  std::shared_ptr<const Piece> piece_;
};

}  // namespace

OpenedSlide open_picture(const std::filesystem::path& path) {
  const Volume picture = read_picture(path, detect_format(path));
  const at::Tensor rgb = to_rgb(picture.data);
  OpenedSlide opened;
  opened.info.backend = opened.info.vendor = "picture";
  opened.info.levels = {{rgb.size(1), rgb.size(0), 1}};
  // Without the two that every picture file has: what a slide does not say is its own matter.
  opened.info.warnings.assign(picture.warnings.begin() + 2, picture.warnings.end());
  opened.backend = std::make_shared<PictureBackend>(rgb);
  return opened;
}

}  // namespace photo51::imaging
