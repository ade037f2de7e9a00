#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>

#include "photo51/core/error.hpp"
#include "photo51/preprocess/ultrasound/ultrasound.hpp"
#include "preprocess/ultrasound/inpaint.hpp"
#include "preprocess/ultrasound/planes.hpp"

namespace photo51::preprocess {
namespace {

constexpr int kFlowColor = 40;  ///< colorfulness of flow and of colored lines

/// A bright shape that may be a letter, a caliper or a line.
struct Shape {
  PixelBox box;
  std::vector<int64_t> pixels;
  int peak = 0, around = 0;  ///< level that a fifth of the shape exceeds; median of the ring around it
  int64_t narrow = 0, narrow_rows = 0;  ///< pixels that stand out along their row, and the rows they take
};

int percentile(std::vector<uint8_t> values, double part) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<int64_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Median of the pixels two away from the shape.
int level_around(const BytePlane& bright, const BytePlane& shapes, const Shape& shape) {
  const int64_t y0 = std::max<int64_t>(0, shape.box.y0 - 2), y1 = std::min(bright.height, shape.box.y1 + 2);
  const int64_t x0 = std::max<int64_t>(0, shape.box.x0 - 2), x1 = std::min(bright.width, shape.box.x1 + 2);
  BytePlane mine(y1 - y0, x1 - x0);
  for (const int64_t i : shape.pixels) mine.at(i / bright.width - y0, i % bright.width - x0) = 1;
  const BytePlane close = dilate(mine, 1), ring = dilate(mine, 2);
  std::vector<uint8_t> levels;
  for (int64_t y = y0; y < y1; ++y)
    for (int64_t x = x0; x < x1; ++x)
      if (ring.at(y - y0, x - x0) != 0 && close.at(y - y0, x - x0) == 0 && shapes.at(y, x) == 0)
        levels.push_back(bright.at(y, x));
  return percentile(std::move(levels), 0.5);
}

/// What stands out of an opening by a square, and how far a pixel stands out along its row.
std::vector<Shape> shapes_of(const BytePlane& bright, int64_t reach) {
  const BytePlane square = local_max(local_min(bright, reach, reach), reach, reach);
  const BytePlane row = local_max(local_min(bright, reach + 1, 0), reach + 1, 0);
  BytePlane mask(bright.height, bright.width);
  for (size_t i = 0; i < mask.pixels.size(); ++i)
    mask.pixels[i] = bright.pixels[i] >= 110 && bright.pixels[i] - square.pixels[i] > 30 ? 1 : 0;
  const Components found = components_of(mask);
  std::vector<Shape> shapes(found.parts.size());
  for (size_t i = 0; i < found.label.size(); ++i)
    if (found.label[i] >= 0)
      shapes[static_cast<size_t>(found.label[i])].pixels.push_back(static_cast<int64_t>(i));
  for (size_t s = 0; s < shapes.size(); ++s) {
    Shape& shape = shapes[s];
    shape.box = found.parts[s].box;
    std::vector<uint8_t> levels;
    int64_t last_row = -1;
    for (const int64_t i : shape.pixels) {
      const auto at = static_cast<size_t>(i);
      levels.push_back(bright.pixels[at]);
      if (bright.pixels[at] < 170 || bright.pixels[at] - row.pixels[at] <= 60) continue;
      ++shape.narrow;
      if (i / bright.width != last_row) ++shape.narrow_rows;
      last_row = i / bright.width;
    }
    if (shape.narrow == 0) continue;
    shape.peak = percentile(std::move(levels), 0.8);
    shape.around = level_around(bright, mask, shape);
  }
  return shapes;
}

/// Strokes are narrow in both directions and drawn at one bright level; echoes from interfaces lie along
/// rows.
bool is_drawn(const Shape& s, const BytePlane& bright) {
  const int64_t high = s.box.y1 - s.box.y0, wide = s.box.x1 - s.box.x0;
  const auto count = static_cast<int64_t>(s.pixels.size());
  return s.narrow >= 3 && s.narrow_rows >= 3 && 5 * s.narrow >= count && s.peak >= 185 &&
         s.peak - s.around >= 90 && 100 * high <= 12 * bright.height && 5 * wide <= bright.width;
}

/// Letters of the word that `known` belongs to need less proof.
bool beside(const Shape& s, const Shape& known) {
  const int64_t high = known.box.y1 - known.box.y0;
  const int64_t gap = std::max(s.box.x0 - known.box.x1, known.box.x0 - s.box.x1);
  return s.narrow >= 1 && s.peak - s.around >= 60 && gap <= high && std::abs(s.box.y1 - known.box.y1) <= 2 &&
         s.box.y1 - s.box.y0 <= high + 2 && s.box.x1 - s.box.x0 <= 2 * high + 2;
}

void add_letters(const BytePlane& bright, BytePlane& overlay) {
  const int64_t reach = std::max<int64_t>(2, std::max(bright.height, bright.width) / 512);
  const std::vector<Shape> shapes = shapes_of(bright, reach);
  std::vector<bool> drawn(shapes.size());
  for (size_t s = 0; s < shapes.size(); ++s) drawn[s] = is_drawn(shapes[s], bright);
  for (bool more = true; more;) {
    more = false;
    for (size_t s = 0; s < shapes.size(); ++s)
      for (size_t k = 0; !drawn[s] && shapes[s].narrow > 0 && k < shapes.size(); ++k)
        if (drawn[k] && beside(shapes[s], shapes[k])) drawn[s] = more = true;
  }
  BytePlane letters(bright.height, bright.width);
  for (size_t s = 0; s < shapes.size(); ++s)
    if (drawn[s])
      for (const int64_t i : shapes[s].pixels) letters.pixels[static_cast<size_t>(i)] = 1;
  letters = dilate(letters, 1);
  for (size_t i = 0; i < letters.pixels.size(); ++i) overlay.pixels[i] |= letters.pixels[i];
}

/// Long colored lines that are nowhere three pixels wide: the frame of the flow's box, cursors.
void add_colored_lines(const BytePlane& color, BytePlane& overlay) {
  BytePlane colored(color.height, color.width);
  for (size_t i = 0; i < colored.pixels.size(); ++i) colored.pixels[i] = color.pixels[i] > kFlowColor ? 1 : 0;
  const BytePlane thick = dilate(erode(colored, 1), 2);
  BytePlane thin = colored;
  for (size_t i = 0; i < thin.pixels.size(); ++i)
    if (thick.pixels[i] != 0) thin.pixels[i] = 0;
  const Components found = components_of(thin);
  const int64_t least = std::min(color.height, color.width) / 8;
  for (size_t i = 0; i < found.label.size(); ++i) {
    if (found.label[i] < 0) continue;
    const PixelBox& box = found.parts[static_cast<size_t>(found.label[i])].box;
    if (std::max(box.y1 - box.y0, box.x1 - box.x0) >= least) overlay.pixels[i] = 1;
  }
}

BytePlane overlay_of(const at::Tensor& frame, const BytePlane& sector, const Background& background) {
  const BytePlane bright = brightness(frame);
  BytePlane overlay(bright.height, bright.width);
  add_letters(bright, overlay);
  if (frame.size(0) == 3) add_colored_lines(colorfulness(frame), overlay);
  for (size_t i = 0; i < overlay.pixels.size(); ++i)
    if (sector.pixels[i] == 0)
      overlay.pixels[i] =
          background.found && std::abs(bright.pixels[i] - background.level) <= background.tolerance ? 0 : 1;
  return overlay;
}

void check_grid(const at::Tensor& frames, const at::Tensor& mask) {
  if (mask.dim() < 2 || mask.size(-2) != frames.size(2) || mask.size(-1) != frames.size(3))
    core::fail_usage("the mask " + c10::str(mask.sizes()) + " is of another picture than the frames " +
                     c10::str(frames.sizes()));
}

}  // namespace

at::Tensor find_overlay(const at::Tensor& given, const Sector& sector) {
  const at::Tensor frames = checked_frames(given);
  check_grid(frames, sector.mask);
  const BytePlane inside = BytePlane::of(sector.mask);
  const Background background = background_of(brightness(frames[0]), frames.size(0) == 1);
  at::Tensor overlay = at::zeros({frames.size(0), frames.size(2), frames.size(3)}, at::kByte);
  auto* to = overlay.mutable_data_ptr<uint8_t>();
  for (int64_t t = 0; t < frames.size(0); ++t) {
    const BytePlane found = overlay_of(frames[t], inside, background);
    std::memcpy(to + static_cast<size_t>(t) * found.pixels.size(), found.pixels.data(), found.pixels.size());
  }
  return overlay;
}

at::Tensor remove_overlay(const at::Tensor& given, const at::Tensor& overlay, bool fill) {
  const at::Tensor frames = checked_frames(given);
  check_grid(frames, overlay);
  if (overlay.dim() != 3 || overlay.size(0) != frames.size(0))
    core::fail_usage("an overlay is [T, H, W] of the same frames, not " + c10::str(overlay.sizes()));
  if (!fill) return frames.masked_fill(overlay.ne(0).unsqueeze(1), 0);
  at::Tensor clean = frames.clone();
  const int64_t channels = frames.size(1), plane = frames.size(2) * frames.size(3);
  auto* to = clean.mutable_data_ptr<uint8_t>();
  for (int64_t t = 0; t < frames.size(0); ++t) {
    const BytePlane hole = BytePlane::of(overlay[t]);
    for (int64_t c = 0; c < channels; ++c) inpaint(to + (t * channels + c) * plane, hole);
  }
  return clean;
}

}  // namespace photo51::preprocess
