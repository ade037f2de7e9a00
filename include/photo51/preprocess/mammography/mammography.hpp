#pragma once
/// The breast in a mammogram: where it lies, which side the chest wall is on, and the picture brought to one
/// pose. Errors (data): a picture without a breast, that is without two levels of gray.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "photo51/config/fields.hpp"

namespace photo51::preprocess {

/// The side of the picture that the chest wall gets, by mirroring.
enum class FlipTo { none, left, right };
std::span<const std::string_view> enum_names(FlipTo);

struct MammographyOptions {
  FlipTo flip_to = FlipTo::left;
  bool breast_crop = true;       ///< keep the breast's box
  int64_t margin = 0;            ///< pixels around that box
  bool blank_background = true;  ///< labels, tape and film outside the breast become the air's value
};
void describe(config::Fields& f, MammographyOptions& o);

enum class Side { left, right };

/// Rows y0 to y1 and columns x0 to x1, the last ones excluded.
struct PixelBox {
  int64_t y0 = 0, x0 = 0, y1 = 0, x1 = 0;
};

struct Breast {
  at::Tensor mask;  ///< uint8 [H, W], holes filled
  PixelBox box;
  Side wall = Side::left;  ///< the side of the picture on which the mask ends in a straight vertical line
  double wall_share = 0;   ///< part of the mask's rows that end on that line; the other side's is smaller
  int64_t pixels = 0;
  double air = 0;  ///< usual value outside

  double area_mm2(double mm_x, double mm_y) const { return static_cast<double>(pixels) * mm_x * mm_y; }
};

/// `image` [H, W] or [C, H, W] or, for the frames of a tomosynthesis, [C, D, H, W] (their maximum is looked
/// at), any real type, the breast brighter than the air. Threshold by the triangle method (Zack 1977) on the
/// gray levels, largest connected component, holes filled.
Breast find_breast(const at::Tensor& image);

/// The picture in the pose that the options ask for, in its own type: [..., h, w].
at::Tensor pose_mammogram(const at::Tensor& image, const MammographyOptions& options);
/// The same with a breast that was found before, so that a lesion's mask follows its picture.
at::Tensor pose_mammogram(const at::Tensor& image, const Breast& breast, const MammographyOptions& options);

/// What to report when the wall lies elsewhere than `laterality` ("L" or "R") lets expect when images hang
/// as usual: a left breast with its wall at the left of its picture. Empty when they agree or it is neither.
std::string wall_disagreement(const Breast& breast, const std::string& laterality);

}  // namespace photo51::preprocess
