#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "photo51/preprocess/ultrasound/ultrasound.hpp"
#include "preprocess/ultrasound/planes.hpp"

namespace photo51::preprocess {
namespace {

constexpr int kDopplerColor = 24;  ///< colorfulness from which a pixel is flow
using SignedColor = std::array<int, 3>;

/// What a color has beside the white that shows through.
SignedColor pure(const SignedColor& c) {
  const int white = std::min({c[0], c[1], c[2]});
  return {c[0] - white, c[1] - white, c[2] - white};
}

struct Bar {
  std::vector<SignedColor> color;  ///< a row, pure
  std::vector<float> place;        ///< -1 to 1
  bool power = false;
};

SignedColor pixel(const at::Tensor& frame, int64_t y, int64_t x) {
  const int64_t plane = frame.size(1) * frame.size(2), at = y * frame.size(2) + x;
  const uint8_t* values = frame.const_data_ptr<uint8_t>();
  return {values[at], values[plane + at], values[2 * plane + at]};
}

/// Whether each row of the box has one color (but for `slack` levels) in its inner columns.
bool has_even_rows(const at::Tensor& frame, const PixelBox& box) {
  constexpr int kSlack = 24;
  int64_t uneven = 0;
  for (int64_t y = box.y0; y < box.y1; ++y) {
    SignedColor low{255, 255, 255}, high{0, 0, 0};
    for (int64_t x = box.x0 + (box.x1 - box.x0) / 4; x < box.x1 - (box.x1 - box.x0) / 4; ++x)
      for (size_t c = 0; c < 3; ++c) {
        const int value = pixel(frame, y, x)[c];
        low[c] = std::min(low[c], value);
        high[c] = std::max(high[c], value);
      }
    for (size_t c = 0; c < 3; ++c)
      if (high[c] - low[c] > kSlack) {
        ++uneven;
        break;
      }
  }
  return 10 * uneven <= box.y1 - box.y0;
}

/// The color bar's box: filled, narrow and upright, even along its rows and changing from top to bottom; its
/// halves, which black or white parts, stand above each other. An empty box when there is none.
PixelBox find_bar(const at::Tensor& frame, const BytePlane& color) {
  BytePlane colored(color.height, color.width);
  for (size_t i = 0; i < colored.pixels.size(); ++i)
    colored.pixels[i] = color.pixels[i] > kDopplerColor ? 1 : 0;
  std::vector<PixelBox> parts;
  for (const Component& c : components_of(colored).parts) {
    const int64_t high = c.box.y1 - c.box.y0, wide = c.box.x1 - c.box.x0;
    if (wide < 3 || wide * 12 > color.width || high * 40 < color.height || 2 * wide > 3 * high) continue;
    if (10 * c.pixels >= 8 * high * wide && has_even_rows(frame, c.box)) parts.push_back(c.box);
  }
  PixelBox best;
  for (const PixelBox& part : parts) {
    PixelBox whole = part;
    for (const PixelBox& other : parts) {
      const int64_t gap = std::max(other.y0 - whole.y1, whole.y0 - other.y1);
      if (std::abs(other.x0 - part.x0) > 2 || std::abs(other.x1 - part.x1) > 2 || gap > part.y1 - part.y0)
        continue;
      whole.y0 = std::min(whole.y0, other.y0);
      whole.y1 = std::max(whole.y1, other.y1);
    }
    const SignedColor top = pure(pixel(frame, whole.y0, (whole.x0 + whole.x1) / 2));
    int change = 0;
    for (int64_t y = whole.y0; y < whole.y1; ++y) {
      const SignedColor here = pure(pixel(frame, y, (whole.x0 + whole.x1) / 2));
      for (size_t c = 0; c < 3; ++c) change = std::max(change, std::abs(here[c] - top[c]));
    }
    const bool upright = whole.y1 - whole.y0 >= 2 * (whole.x1 - whole.x0);
    if (upright && change > 60 && whole.y1 - whole.y0 > best.y1 - best.y0) best = whole;
  }
  return best;
}

Bar read_bar(const at::Tensor& frame, const PixelBox& box) {
  Bar bar;
  const int64_t x = (box.x0 + box.x1) / 2;
  // The baseline is the darkest row of the middle half; without a dark one it is the middle.
  int64_t zero = (box.y0 + box.y1) / 2;
  const auto bright = [&](int64_t y) {
    const SignedColor c = pixel(frame, y, x);
    return std::max({c[0], c[1], c[2]});
  };
  for (int64_t y = box.y0 + (box.y1 - box.y0) / 4; y < box.y1 - (box.y1 - box.y0) / 4; ++y)
    if (bright(y) < bright(zero)) zero = y;
  std::array<int64_t, 2> warm{0, 0};
  for (int64_t y = box.y0; y < box.y1; ++y) {
    const SignedColor c = pure(pixel(frame, y, x));
    if (c[0] + c[1] + c[2] == 0) continue;
    const auto up = static_cast<float>(zero - y);
    const auto reach = static_cast<float>(up > 0 ? zero - box.y0 : box.y1 - 1 - zero);
    bar.color.push_back(c);
    bar.place.push_back(reach > 0 ? up / reach : 0.0F);
    warm[up > 0 ? 0 : 1] += c[0] - c[2];
  }
  bar.power = warm[0] > 0 && warm[1] > 0;
  if (bar.power)
    for (float& place : bar.place) place = std::abs(place);
  return bar;
}

float flow_of(const SignedColor& color, const Bar& bar) {
  if (bar.color.empty()) {
    const float amount = static_cast<float>(std::max({color[0], color[1], color[2]})) / 255;
    return color[0] >= color[2] ? amount : -amount;
  }
  size_t nearest = 0;
  int least = 1 << 30;
  for (size_t i = 0; i < bar.color.size(); ++i) {
    int distance = 0;
    for (size_t c = 0; c < 3; ++c) {
      const int d = bar.color[i][c] - color[c];
      distance += d * d;
    }
    if (distance < least) {
      least = distance;
      nearest = i;
    }
  }
  return bar.place[nearest];
}

/// `flow_of`, remembered for colors that agree in their upper 6 bits.
class FlowTable {
 public:
  explicit FlowTable(const Bar& bar) : bar_(bar), known_(size_t{64} * 64 * 64, kUnknown) {}
  float operator()(const SignedColor& color) {
    float& value =
        known_[static_cast<size_t>(((color[0] >> 2) * 64 + (color[1] >> 2)) * 64 + (color[2] >> 2))];
    if (value == kUnknown) value = flow_of({color[0] & ~3, color[1] & ~3, color[2] & ~3}, bar_);
    return value;
  }

 private:
  static constexpr float kUnknown = 9;
  const Bar& bar_;
  std::vector<float> known_;
};

}  // namespace

Doppler split_doppler(const at::Tensor& given, const Sector& sector) {
  const at::Tensor frames = checked_frames(given);
  const int64_t count = frames.size(0), h = frames.size(2), w = frames.size(3);
  Doppler split;
  split.gray = at::zeros({count, 1, h, w}, at::kByte);
  split.flow = at::zeros({count, 1, h, w}, at::kFloat);
  if (frames.size(1) == 1) {
    split.gray.copy_(frames);
    return split;
  }
  const PixelBox box = find_bar(frames[0], colorfulness(frames[0]));
  const Bar bar = box.y1 > 0 ? read_bar(frames[0], box) : Bar();
  split.bar_found = !bar.color.empty();
  split.power = bar.power;
  FlowTable flow(bar);
  const BytePlane inside = BytePlane::of(sector.mask);
  for (int64_t t = 0; t < count; ++t) {
    const at::Tensor frame = frames[t];
    const uint8_t* values = frame.const_data_ptr<uint8_t>();
    auto* gray = split.gray.mutable_data_ptr<uint8_t>() + t * h * w;
    auto* to = split.flow.mutable_data_ptr<float>() + t * h * w;
    const auto color_at = [&](int64_t i) {
      return SignedColor{values[i], values[h * w + i], values[2 * h * w + i]};
    };
    const auto is_flow = [&](int64_t i) {
      const SignedColor c = color_at(i);
      return inside.pixels[static_cast<size_t>(i)] != 0 &&
             std::max({c[0], c[1], c[2]}) - std::min({c[0], c[1], c[2]}) > kDopplerColor;
    };
    int64_t colored = 0, all = 0;
    for (int64_t i = 0; i < h * w; ++i) {
      all += inside.pixels[static_cast<size_t>(i)] != 0 ? 1 : 0;
      colored += is_flow(i) ? 1 : 0;
    }
    // A picture that is colored nearly everywhere is B-mode in a tint.
    const bool tinted = 10 * colored > 6 * all;
    for (int64_t i = 0; i < h * w; ++i) {
      const SignedColor c = color_at(i);
      if (!tinted && is_flow(i)) {
        gray[i] = static_cast<uint8_t>(std::min({c[0], c[1], c[2]}));
        to[i] = flow(pure(c));
      } else {
        gray[i] = static_cast<uint8_t>((299 * c[0] + 587 * c[1] + 114 * c[2] + 500) / 1000);
      }
    }
  }
  return split;
}

}  // namespace photo51::preprocess
