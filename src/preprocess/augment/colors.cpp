#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/preprocess/augment/artefacts.hpp"

namespace photo51::preprocess {
namespace {

float grey(float r, float g, float b) {
  return 0.2989F * r + 0.587F * g + 0.114F * b;
}

float blend(float value, float other, float factor) {
  return std::clamp(factor * value + (1 - factor) * other, 0.0F, 1.0F);
}

/// The hue of a pixel moved by `turn` of the color circle; value and chroma stay.
void turn_hue(float& r, float& g, float& b, float turn) {
  const float high = std::max({r, g, b}), low = std::min({r, g, b});
  const float chroma = high - low;
  if (chroma <= 0) return;
  float hue = high == r ? (g - b) / chroma : high == g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
  hue = std::fmod(hue / 6 + 1 + turn, 1.0F);
  if (hue < 0) hue += 1;
  const auto channel = [&](float offset) {  // Smith 1978, in its form without cases
    const float k = std::fmod(offset + hue * 6, 6.0F);
    return high - chroma * std::clamp(std::min(k, 4 - k), 0.0F, 1.0F);
  };
  r = channel(5);
  g = channel(3);
  b = channel(1);
}

}  // namespace

void change_colors(at::Tensor& image, const ColorChange& change) {
  if (!image.defined() || image.dim() != 4 || image.size(0) != 3 || image.scalar_type() != at::kFloat ||
      !image.is_contiguous())
    core::fail_usage(
        "color_jitter: takes images of three channels (red, green, blue), not " +
        (image.defined() && image.dim() == 4 ? std::to_string(image.size(0)) : std::string("this one")));
  const int64_t count = image.numel() / 3;
  float* red = image.mutable_data_ptr<float>();
  float* green = red + count;
  float* blue = green + count;
  const auto brightness = static_cast<float>(change.brightness),
             contrast = static_cast<float>(change.contrast);
  const auto saturation = static_cast<float>(change.saturation), hue = static_cast<float>(change.hue);
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (brightness != 1) {
      red[i] = blend(red[i], 0, brightness);
      green[i] = blend(green[i], 0, brightness);
      blue[i] = blend(blue[i], 0, brightness);
    }
    total += static_cast<double>(grey(red[i], green[i], blue[i]));
  }
  const auto mean = static_cast<float>(total / static_cast<double>(std::max<int64_t>(1, count)));
  for (int64_t i = 0; i < count; ++i) {
    float r = red[i], g = green[i], b = blue[i];
    if (contrast != 1) {
      r = blend(r, mean, contrast);
      g = blend(g, mean, contrast);
      b = blend(b, mean, contrast);
    }
    if (saturation != 1) {
      const float own = grey(r, g, b);
      r = blend(r, own, saturation);
      g = blend(g, own, saturation);
      b = blend(b, own, saturation);
    }
    if (hue != 0) turn_hue(r, g, b, hue);
    red[i] = r;
    green[i] = g;
    blue[i] = b;
  }
}

}  // namespace photo51::preprocess
