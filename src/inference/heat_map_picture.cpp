#include "inference/heat_map_picture.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>

namespace photo51::inference {
namespace {

constexpr double opacity = 0.5;

/// Letters of 5 by 7 dots, a row a byte, of which the lowest five bits count.
using Glyph = std::array<uint8_t, 7>;
constexpr int64_t glyph_width = 6, glyph_height = 7;  ///< with the gap to the next

const Glyph* glyph_of(char letter) {
  static const std::map<char, Glyph> glyphs{
      {'0', {0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E}}, {'1', {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E}},
      {'2', {0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F}}, {'5', {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E}},
      {'7', {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}}, {'a', {0x00, 0x00, 0x0E, 0x01, 0x0F, 0x11, 0x0F}},
      {'c', {0x00, 0x00, 0x0E, 0x10, 0x10, 0x11, 0x0E}}, {'e', {0x00, 0x00, 0x0E, 0x11, 0x1F, 0x10, 0x0E}},
      {'f', {0x06, 0x09, 0x08, 0x1C, 0x08, 0x08, 0x08}}, {'i', {0x04, 0x00, 0x0C, 0x04, 0x04, 0x04, 0x0E}},
      {'l', {0x0C, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0E}}, {'n', {0x00, 0x00, 0x16, 0x19, 0x11, 0x11, 0x11}},
      {'o', {0x00, 0x00, 0x0E, 0x11, 0x11, 0x11, 0x0E}}, {'p', {0x00, 0x00, 0x1E, 0x11, 0x1E, 0x10, 0x10}},
      {'r', {0x00, 0x00, 0x16, 0x19, 0x10, 0x10, 0x10}}, {'t', {0x08, 0x08, 0x1C, 0x08, 0x08, 0x09, 0x06}}};
  const auto found = glyphs.find(letter);
  return found == glyphs.end() ? nullptr : &found->second;  // a blank
}

/// Writes to a picture [H, W, 3], its upper left corner at (x, y), `dot` pixels a dot.
void write_text(at::Tensor& picture, int64_t x, int64_t y, int64_t dot, std::string_view text) {
  for (const char letter : text) {
    if (const Glyph* glyph = glyph_of(letter))
      for (int64_t row = 0; row < glyph_height; ++row)
        for (int64_t column = 0; column < 5; ++column)
          if (((*glyph)[static_cast<size_t>(row)] >> (4 - column) & 1) != 0)
            picture.narrow(0, y + row * dot, dot).narrow(1, x + column * dot, dot).fill_(40);
    x += glyph_width * dot;
  }
}

int64_t text_width(std::string_view text, int64_t dot) {
  return (static_cast<int64_t>(text.size()) * glyph_width - 1) * dot;
}

/// Pixels begin to end - 1 whose centres lie in `extent` pixels from `at` on, or the one that its middle lies
/// in; none outside `size`.
std::pair<int64_t, int64_t> covered_pixels(double at, double extent, double step, int64_t size) {
  auto first = static_cast<int64_t>(std::ceil(at / step - 0.5));
  auto end = static_cast<int64_t>(std::ceil((at + extent) / step - 0.5));
  if (end <= first) {
    first = static_cast<int64_t>(std::floor((at + extent / 2) / step));
    end = first + 1;
  }
  return {std::clamp<int64_t>(first, 0, size), std::clamp<int64_t>(end, 0, size)};
}

}  // namespace

std::array<uint8_t, 3> heat_color(double share) {
  static constexpr std::array<std::array<double, 3>, 5> anchors{
      {{44, 123, 182}, {171, 217, 233}, {255, 255, 191}, {253, 174, 97}, {215, 25, 28}}};
  const double place = std::clamp(share, 0.0, 1.0) * (anchors.size() - 1);
  const auto below = std::min(static_cast<size_t>(place), anchors.size() - 2);
  const double part = place - static_cast<double>(below);
  std::array<uint8_t, 3> color{};
  for (size_t c = 0; c < 3; ++c)
    color[c] =
        static_cast<uint8_t>(std::lround((1 - part) * anchors[below][c] + part * anchors[below + 1][c]));
  return color;
}

at::Tensor over_slide(const at::Tensor& thumbnail, std::array<double, 2> step,
                      const std::vector<HeatTile>& tiles) {
  const int64_t height = thumbnail.size(1), width = thumbnail.size(2);
  at::Tensor picture = thumbnail.permute({1, 2, 0}).contiguous().clone();
  std::vector<float> sum(static_cast<size_t>(height * width)), count(sum.size());
  for (const HeatTile& tile : tiles) {
    const auto [left, right] = covered_pixels(tile.x, tile.width, step[0], width);
    const auto [top, bottom] = covered_pixels(tile.y, tile.height, step[1], height);
    for (int64_t y = top; y < bottom; ++y)
      for (int64_t x = left; x < right; ++x) {
        const auto pixel = static_cast<size_t>(y * width + x);
        sum[pixel] += static_cast<float>(tile.share);
        count[pixel] += 1;
      }
  }
  auto* rgb = picture.mutable_data_ptr<uint8_t>();
  for (size_t pixel = 0; pixel < sum.size(); ++pixel) {
    if (count[pixel] == 0) continue;
    const auto color = heat_color(sum[pixel] / count[pixel]);
    uint8_t* of_slide = rgb + 3 * pixel;
    const double gray = 0.299 * of_slide[0] + 0.587 * of_slide[1] + 0.114 * of_slide[2];
    for (size_t c = 0; c < 3; ++c)
      of_slide[c] = static_cast<uint8_t>(std::lround((1 - opacity) * gray + opacity * color[c]));
  }
  return picture;
}

at::Tensor with_legend(const at::Tensor& picture) {
  constexpr std::string_view title = "percentile of attention";
  const int64_t width = picture.size(1);
  const int64_t dot = std::max<int64_t>(1, width / 600);
  const int64_t margin = 8 * dot, bar_height = 10 * dot;
  const int64_t bar_width = std::max(text_width(title, dot), std::min(width / 2, 300 * dot));
  const int64_t all_width = std::max(width, bar_width + 4 * margin);
  const int64_t legend_height = 2 * glyph_height * dot + bar_height + 4 * margin;
  at::Tensor all = at::full({picture.size(0) + legend_height, all_width, 3}, 255, at::kByte);
  all.narrow(0, 0, picture.size(0)).narrow(1, 0, width).copy_(picture);
  int64_t y = picture.size(0) + margin;
  const int64_t x = 2 * margin;
  write_text(all, x, y, dot, title);
  y += glyph_height * dot + margin;
  for (int64_t column = 0; column < bar_width; ++column) {
    const auto color = heat_color(static_cast<double>(column) / static_cast<double>(bar_width - 1));
    for (int64_t c = 0; c < 3; ++c)
      all.narrow(0, y, bar_height).select(1, x + column).select(1, c).fill_(color[static_cast<size_t>(c)]);
  }
  y += bar_height + margin / 2;
  for (const int64_t percentile : {0, 25, 50, 75, 100}) {
    const std::string text = std::to_string(percentile);
    const int64_t center = x + (bar_width - 1) * percentile / 100;
    all.narrow(0, y - margin / 2, margin / 4).narrow(1, center, 1).fill_(40);
    write_text(all, std::max<int64_t>(0, center - text_width(text, dot) / 2), y, dot, text);
  }
  return all;
}

}  // namespace photo51::inference
