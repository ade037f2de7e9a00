#include "photo51/imaging/picture/picture.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// How a slice lies on the page: voxel axes that run across and down, and whether they run backwards.
struct Page {
  int across = 0, down = 1;
  bool flip_across = false, flip_down = false;
};

/// World axis (0 x, 1 y, 2 z) that a voxel axis follows most, and whether it runs against it.
std::pair<int, bool> nearest_world_axis(const Geometry& geometry, int axis) {
  int best = 0;
  const auto cosine = [&](int row) { return geometry.direction[static_cast<size_t>(3 * row + axis)]; };
  for (int row = 1; row < 3; ++row)
    if (std::abs(cosine(row)) > std::abs(cosine(best))) best = row;
  return {best, cosine(best) < 0};
}

Page page_of(const Volume& volume, int axis) {
  Page page;
  page.across = axis == 0 ? 1 : 0;
  page.down = axis == 2 ? 1 : 2;
  if (!volume.orientation_known) return page;
  auto [world_across, back_across] = nearest_world_axis(volume.geometry, page.across);
  auto [world_down, back_down] = nearest_world_axis(volume.geometry, page.down);
  // x (to the left) and y (to the back) run across and down in that order; z always stands upright.
  if (world_across > world_down) {
    std::swap(page.across, page.down);
    std::swap(world_across, world_down);
    std::swap(back_across, back_down);
  }
  page.flip_across = back_across;
  page.flip_down = world_down == 2 ? !back_down : back_down;
  return page;
}

/// The slice of a [D, H, W] tensor as [down, across].
at::Tensor lay(const at::Tensor& voxels, int axis, int64_t index, const Page& page) {
  at::Tensor slice = voxels.select(2 - axis, index);  // rows: the higher voxel axis
  if (page.across > page.down) slice = slice.t();
  if (page.flip_down) slice = slice.flip({0});
  if (page.flip_across) slice = slice.flip({1});
  return slice;
}

void check(const Volume& volume, int axis, int64_t index, const PictureOptions& options) {
  if (axis < 0 || axis > 2) core::fail_usage("a slice is taken across axis 0, 1 or 2");
  const int64_t count = volume.geometry.size[static_cast<size_t>(axis)];
  if (index < 0 || index >= count)
    core::fail_usage("there is no slice " + std::to_string(index) + " of " + std::to_string(count));
  if (options.channel < 0 || options.channel >= volume.data.size(0))
    core::fail_usage("there is no channel " + std::to_string(options.channel) + " of " +
                     std::to_string(volume.data.size(0)));
  if (options.mask != nullptr && options.mask->geometry.size != volume.geometry.size)
    core::fail_usage(options.mask->source + ": the mask lies on another grid than " + volume.source);
}

/// Mask pixels with a neighbour (or the border) outside the mask.
at::Tensor outline_of(const at::Tensor& mask) {
  const at::Tensor padded = at::constant_pad_nd(mask, {1, 1, 1, 1}, 0);
  const int64_t h = mask.size(0), w = mask.size(1);
  const auto shifted = [&](int64_t dy, int64_t dx) {
    return padded.narrow(0, 1 + dy, h).narrow(1, 1 + dx, w);
  };
  const at::Tensor inner = shifted(-1, 0) & shifted(1, 0) & shifted(0, -1) & shifted(0, 1);
  return mask & inner.logical_not();
}

}  // namespace

Window usual_window(const Volume& volume, int64_t channel) {
  if (volume.units == Units::hounsfield) return {-160, 240};
  at::Tensor values = volume.data[channel].reshape({-1}).to(at::kFloat);
  values = values.masked_select(at::isfinite(values));
  if (values.numel() == 0) return {};
  const auto least = values.min().item<float>();
  at::Tensor inside = values.masked_select(values > least);
  if (inside.numel() == 0) return {least, least + 1.0};
  // Every n-th voxel is enough for a percentile.
  constexpr int64_t kEnough = 200'000;
  if (inside.numel() > kEnough) inside = inside.slice(0, 0, inside.numel(), inside.numel() / kEnough);
  const at::Tensor sorted = std::get<0>(inside.sort());
  const auto at_part = [&](double part) {
    const auto last = static_cast<double>(sorted.numel() - 1);
    return sorted[static_cast<int64_t>(std::lround(part * last))].item<double>();
  };
  Window window{at_part(0.01), at_part(0.995)};
  if (!(window.high > window.low)) window = {least, std::max(window.high, least + 1e-6)};
  return window;
}

at::Tensor slice_picture(const Volume& volume, int axis, int64_t index, const PictureOptions& options) {
  check(volume, axis, index, options);
  const Page page = page_of(volume, axis);
  const Window window = options.window ? *options.window : usual_window(volume, options.channel);
  const auto& spacing = volume.geometry.spacing;
  at::Tensor slice = lay(volume.data[options.channel], axis, index, page).to(at::kFloat);
  double height = static_cast<double>(slice.size(0)) * spacing[static_cast<size_t>(page.down)];
  double width = static_cast<double>(slice.size(1)) * spacing[static_cast<size_t>(page.across)];
  const double finer =
      std::min(spacing[static_cast<size_t>(page.down)], spacing[static_cast<size_t>(page.across)]);
  const double scale = options.longest_side > 0
                           ? static_cast<double>(options.longest_side) / std::max(height, width)
                           : 1 / finer;
  const std::array<int64_t, 2> size{std::max<int64_t>(1, std::lround(height * scale)),
                                    std::max<int64_t>(1, std::lround(width * scale))};
  const bool resized = size[0] != slice.size(0) || size[1] != slice.size(1);

  slice = at::nan_to_num(slice, window.low);
  if (resized)
    slice = at::upsample_bilinear2d(slice.contiguous().unsqueeze(0).unsqueeze(0), size, false)[0][0];
  const double range = std::max(window.high - window.low, 1e-12);
  const at::Tensor gray = ((slice - window.low) * (255 / range)).clamp_(0, 255).round_().to(at::kByte);
  at::Tensor picture = gray.unsqueeze(2).expand({size[0], size[1], 3}).contiguous();
  if (options.mask == nullptr) return picture;

  at::Tensor mask = lay(options.mask->data[0], axis, index, page).ne(0);
  if (resized) mask = at::upsample_nearest2d(mask.to(at::kFloat).unsqueeze(0).unsqueeze(0), size)[0][0].ne(0);
  const at::Tensor outline = outline_of(mask.contiguous());
  for (int64_t c = 0; c < 3; ++c)
    picture.select(2, c).masked_fill_(outline, options.outline[static_cast<size_t>(c)]);
  return picture;
}

int64_t fullest_slice(const Volume& mask, int axis) {
  if (axis < 0 || axis > 2) core::fail_usage("a slice is taken across axis 0, 1 or 2");
  std::vector<int64_t> others;
  for (int64_t dim = 0; dim < 3; ++dim)
    if (dim != 2 - axis) others.push_back(dim);
  const at::Tensor counts = mask.data[0].ne(0).sum(others);
  if (counts.max().item<int64_t>() == 0) return counts.numel() / 2;
  return counts.argmax().item<int64_t>();
}

at::Tensor contact_sheet(const Volume& volume, int64_t columns, int64_t rows, const PictureOptions& options) {
  if (columns < 1 || rows < 1) core::fail_usage("a contact sheet has at least one column and one row");
  const int64_t slices = volume.geometry.size[2], tiles = std::min(slices, columns * rows);
  PictureOptions tile = options;
  tile.window = options.window ? *options.window : usual_window(volume, options.channel);
  constexpr int64_t kGap = 2;
  at::Tensor sheet;
  for (int64_t i = 0; i < tiles; ++i) {
    // The middles of as many equal parts of the stack.
    const int64_t index = (2 * i + 1) * slices / (2 * tiles);
    const at::Tensor picture = slice_picture(volume, 2, index, tile);
    const int64_t h = picture.size(0), w = picture.size(1);
    const int64_t wide = std::min(columns, tiles), high = (tiles + columns - 1) / columns;
    if (!sheet.defined())
      sheet = at::zeros({high * (h + kGap) - kGap, wide * (w + kGap) - kGap, 3}, at::kByte);
    sheet.narrow(0, i / columns * (h + kGap), h).narrow(1, i % columns * (w + kGap), w).copy_(picture);
  }
  return sheet;
}

}  // namespace photo51::imaging
