#include "preprocess/mask2d/components.hpp"

#include <ATen/ATen.h>

#include <array>
#include <utility>
#include <vector>

namespace photo51::preprocess {
namespace {

/// Visits every piece of pixels that equal `value`: judge(pixels, touches_edge) says whether it is inverted.
template <class Judge>
void visit_pieces(at::Tensor& mask, bool value, size_t neighbours, const Judge& judge) {
  constexpr std::array<std::pair<int, int>, 8> kStep{
      {{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}}};
  const int64_t height = mask.size(0), width = mask.size(1);
  bool* pixel = mask.mutable_data_ptr<bool>();
  std::vector<char> seen(static_cast<size_t>(height * width), 0);
  std::vector<int64_t> piece;
  for (int64_t start = 0; start < height * width; ++start) {
    if (pixel[start] != value || seen[static_cast<size_t>(start)] != 0) continue;
    piece.assign(1, start);
    seen[static_cast<size_t>(start)] = 1;
    bool edge = false;
    for (size_t next = 0; next < piece.size(); ++next) {
      const int64_t y = piece[next] / width, x = piece[next] % width;
      edge = edge || y == 0 || x == 0 || y == height - 1 || x == width - 1;
      for (size_t n = 0; n < neighbours; ++n) {
        const int64_t v = y + kStep[n].first, u = x + kStep[n].second;
        if (v < 0 || u < 0 || v >= height || u >= width) continue;
        const int64_t at = v * width + u;
        if (pixel[at] != value || seen[static_cast<size_t>(at)] != 0) continue;
        seen[static_cast<size_t>(at)] = 1;
        piece.push_back(at);
      }
    }
    if (judge(static_cast<int64_t>(piece.size()), edge))
      for (const int64_t at : piece) pixel[at] = !value;
  }
}

}  // namespace

void drop_pieces(at::Tensor& mask, int64_t pixels) {
  if (pixels <= 1) return;
  visit_pieces(mask, true, 8, [&](int64_t size, bool) { return size < pixels; });
}

void fill_holes(at::Tensor& mask, int64_t pixels) {
  if (pixels <= 0) return;
  visit_pieces(mask, false, 4, [&](int64_t size, bool edge) { return !edge && size <= pixels; });
}

}  // namespace photo51::preprocess
