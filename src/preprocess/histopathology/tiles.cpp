#include "photo51/preprocess/histopathology/tiles.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "preprocess/overview.hpp"

namespace photo51::preprocess {
namespace {

using imaging::Slide;

/// Level 0 pixels along one pixel of a tile; exactly a level's where one matches.
std::array<double, 2> step_of(const Slide& slide, const TileOptions& options) {
  const auto mpp = slide.mpp();
  const std::array<double, 2> step{options.mpp / mpp[0], options.mpp / mpp[1]};
  if (!options.upsample && std::min(step[0], step[1]) < 1 - options.tolerance)
    core::fail_data(slide.info().source + ": its finest pixels are " +
                    core::format_number(std::max(mpp[0], mpp[1])) + " um, coarser than the " +
                    core::format_number(options.mpp) + " um asked for; set a larger mpp, or upsample");
  for (const imaging::SlideLevel& level : slide.levels()) {
    const auto matches = [&](double s) { return std::abs(s / level.downsample - 1) <= options.tolerance; };
    if (matches(step[0]) && matches(step[1])) return {level.downsample, level.downsample};
  }
  return step;
}

/// Places along one side: as many as fit, and one at least.
int64_t places(int64_t pixels, double extent, double pitch) {
  return 1 + std::max<int64_t>(
                 0, static_cast<int64_t>(std::floor((static_cast<double>(pixels) - extent) / pitch + 1e-6)));
}

/// Mean of a mask over any rectangle, edges weighed by the part of the pixel inside, from running sums.
class MaskMean {
 public:
  MaskMean(const at::Tensor& mask, std::array<double, 2> step)
      : step_(step), height_(mask.size(0)), width_(mask.size(1)) {
    sum_ = at::constant_pad_nd(mask.to(at::kDouble), {1, 0, 1, 0}).cumsum(0).cumsum(1).contiguous();
    value_ = sum_.const_data_ptr<double>();
  }
  double operator()(double x, double y, double width, double height) const {
    const double left = x / step_[0], right = (x + width) / step_[0];
    const double top = y / step_[1], bottom = (y + height) / step_[1];
    return (at(bottom, right) - at(bottom, left) - at(top, right) + at(top, left)) /
           ((right - left) * (bottom - top));
  }

 private:
  double at(double y, double x) const {
    y = std::clamp(y, 0.0, static_cast<double>(height_));
    x = std::clamp(x, 0.0, static_cast<double>(width_));
    const auto row = std::min(static_cast<int64_t>(y), height_ - 1);
    const auto column = std::min(static_cast<int64_t>(x), width_ - 1);
    const double v = y - static_cast<double>(row), u = x - static_cast<double>(column);
    const double* corner = value_ + row * (width_ + 1) + column;
    const double above = corner[0] + u * (corner[1] - corner[0]);
    const double below = corner[width_ + 1] + u * (corner[width_ + 2] - corner[width_ + 1]);
    return above + v * (below - above);
  }

  std::array<double, 2> step_;
  int64_t height_, width_;
  at::Tensor sum_;
  const double* value_;
};

}  // namespace

void describe(config::Fields& f, TileOptions& o) {
  f("mpp", o.mpp, "pixel of a tile, reached from the nearest finer level",
    {.min = 0.05, .max = 100, .unit = "um"});
  f("size", o.size, "pixels along a tile", {.min = 8, .max = 4096});
  f("stride", o.stride, "pixels from one tile to the next, less than `size` to overlap; 0 = size",
    {.min = 0, .max = 16384});
  f.visit({"tissue",
           "where there is tissue",
           {.lone = true},
           config::Section{[&o](config::Fields& g) { describe(g, o.tissue); }, {}, {}}});
  f("min_tissue", o.min_tissue, "tiles with a smaller part of tissue are left out", {.min = 0, .max = 1});
  f("max_tiles", o.max_tiles, "tiles taken of a slide, chosen at random; 0 = all", {.min = 0});
  f("seed", o.seed, "of the choice of tiles", {.min = 0});
  f("tolerance", o.tolerance,
    "a level whose pixels differ from `mpp` by no more than this part is taken as it is",
    {.min = 0, .max = 0.2});
  f("max_damaged", o.max_damaged,
    "share of a slide's tiles that may be damaged: they are left out with a warning, one at least; more, or "
    "0, is "
    "an error",
    {.min = 0, .max = 0.9});
  f("upsample", o.upsample, "allow slides whose finest pixels are coarser than `mpp`");
  f.section("slide", o.slide, "how the slide's own microns per pixel are known");
}

int64_t damage_allowed(int64_t tiles, const TileOptions& options) {
  const auto share = static_cast<int64_t>(options.max_damaged * static_cast<double>(tiles));
  return options.max_damaged > 0 ? std::min(std::max<int64_t>(1, share), tiles - 1) : 0;
}

namespace {

[[noreturn]] void fail_without_tissue(const Slide& slide, const TileOptions& options,
                                      const TissueMask& tissue, int64_t places) {
  const auto mm2 = [](double area) { return core::format_number(std::round(1e5 * area) / 1e5) + " mm2"; };
  std::string remedy = "lower min_tissue, or set tissue";
  if (tissue.facts.small_area > tissue.area)
    remedy = mm2(tissue.facts.small_area) + " in pieces smaller than tissue.min_area (" +
             mm2(options.tissue.min_area) + ") were left out: lower tissue.min_area";
  core::fail_data(slide.info().source + ": none of its " + std::to_string(places) + " tiles has " +
                  core::format_number(100 * options.min_tissue) + "% tissue (" + mm2(tissue.area) +
                  " found in all); " + remedy);
}

/// The tiles with tissue of a found mask, and in `damaged` how many could not be read.
std::vector<Tile> tiles_on(const Slide& slide, const TileOptions& options, const TissueMask& tissue,
                           int64_t& damaged, int64_t& all) {
  const auto step = step_of(slide, options);
  const auto size = static_cast<double>(options.size);
  const auto stride = static_cast<double>(options.stride > 0 ? options.stride : options.size);
  const imaging::SlideLevel& whole = slide.levels().front();
  const int64_t columns = places(whole.width, size * step[0], stride * step[0]);
  const int64_t rows = places(whole.height, size * step[1], stride * step[1]);
  const MaskMean fraction(tissue.mask, tissue.step);
  std::optional<MaskMean> lost;
  if (tissue.damaged.defined()) lost.emplace(tissue.damaged, tissue.step);
  all = columns * rows;
  std::vector<Tile> tiles;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      Tile tile{column,
                row,
                static_cast<double>(column) * stride * step[0],
                static_cast<double>(row) * stride * step[1],
                size * step[0],
                size * step[1]};
      if (lost && (*lost)(tile.x, tile.y, tile.extent_x, tile.extent_y) > 1e-9) {
        ++damaged;
        continue;
      }
      tile.tissue = fraction(tile.x, tile.y, tile.extent_x, tile.extent_y);
      if (tile.tissue > 0 && tile.tissue >= options.min_tissue - 1e-9) tiles.push_back(tile);
    }
  return tiles;
}

void check_places(const Slide& slide, const TileOptions& options) {
  const auto step = step_of(slide, options);
  const auto size = static_cast<double>(options.size);
  const auto stride = static_cast<double>(options.stride > 0 ? options.stride : options.size);
  const imaging::SlideLevel& whole = slide.levels().front();
  const int64_t columns = places(whole.width, size * step[0], stride * step[0]);
  const int64_t rows = places(whole.height, size * step[1], stride * step[1]);
  if (columns > 10'000'000 / rows)
    core::fail_usage(slide.info().source + ": " + std::to_string(columns) + " x " + std::to_string(rows) +
                     " places for tiles are too many; set a larger mpp, size or stride");
}

std::vector<Tile> grid_on(const Slide& slide, const TileOptions& options, const TissueMask& tissue,
                          std::vector<std::string>& warnings) {
  int64_t damaged = 0, all = 0;
  std::vector<Tile> tiles = tiles_on(slide, options, tissue, damaged, all);
  const auto sound = static_cast<int64_t>(tiles.size());
  if (damaged > 0 && (sound == 0 || damaged > damage_allowed(sound + damaged, options)))
    core::fail_data(slide.info().source + ": " + std::to_string(damaged) + " of its " +
                    std::to_string(sound + damaged) +
                    " tiles cannot be read, more than max_damaged allows; copy the file again");
  if (tiles.empty()) fail_without_tissue(slide, options, tissue, all);
  warnings.insert(warnings.end(), tissue.warnings.begin(), tissue.warnings.end());
  if (damaged > 0)
    warnings.push_back(std::to_string(damaged) + " of its " + std::to_string(sound + damaged) +
                       " tiles cannot be read and are left out");
  return tiles;
}

}  // namespace

std::vector<Tile> tile_grid(const Slide& slide, const TileOptions& options, uint64_t key,
                            std::vector<std::string>* warnings) {
  check_places(slide, options);
  std::vector<std::string> found;
  std::vector<Tile> tiles = grid_on(slide, options, tissue_mask(slide, options.tissue), found);
  if (warnings != nullptr) warnings->insert(warnings->end(), found.begin(), found.end());
  return choose_tiles(std::move(tiles), options.max_tiles, options.seed, key);
}

TileOverview tile_overview(const Slide& slide, const TileOptions& options, int64_t longest_side) {
  check_places(slide, options);
  TileOverview overview;
  const TissueMask tissue = tissue_mask(slide, options.tissue);
  overview.area = tissue.area;
  overview.threshold = tissue.facts.threshold;
  const std::vector<Tile> tiles = grid_on(slide, options, tissue, overview.warnings);
  overview.tiles = static_cast<int64_t>(tiles.size());
  overview.picture = overview_picture(slide, tissue, tiles, longest_side);
  return overview;
}

Tile tile_around(const Slide& slide, const TileOptions& options, const std::array<double, 2>& center) {
  const auto step = step_of(slide, options);
  const auto size = static_cast<double>(options.size);
  Tile tile;
  tile.extent_x = size * step[0];
  tile.extent_y = size * step[1];
  tile.x = center[0] + 0.5 - tile.extent_x / 2;  // the middle of the pixel that is named
  tile.y = center[1] + 0.5 - tile.extent_y / 2;
  return tile;
}

std::vector<Tile> choose_tiles(std::vector<Tile> tiles, int64_t most, int64_t seed, uint64_t key) {
  const auto count = static_cast<int64_t>(tiles.size());
  if (most <= 0 || count <= most) return tiles;
  core::Random random({static_cast<uint64_t>(seed), key, core::hash_key("tiles")});
  std::vector<int64_t> order = random.permutation(count);
  order.resize(static_cast<size_t>(most));
  std::sort(order.begin(), order.end());
  std::vector<Tile> chosen;
  for (const int64_t i : order) chosen.push_back(tiles[static_cast<size_t>(i)]);
  return chosen;
}

at::Tensor read_tiles(const Slide& slide, const std::vector<Tile>& tiles, const TileOptions& options,
                      core::ThreadPool* pool) {
  const auto count = static_cast<int64_t>(tiles.size());
  const double bytes = 3.0 * static_cast<double>(count) * static_cast<double>(options.size * options.size);
  if (bytes > 0.9 * static_cast<double>(core::available_memory_bytes()))
    core::fail_run(slide.info().source + ": " + std::to_string(count) + " tiles take " +
                   core::format_fixed(bytes / (1 << 30), 1) + " GiB, more than is free; set max_tiles");
  at::Tensor values = at::empty({count, 3, options.size, options.size}, at::kByte);
  const auto size = static_cast<double>(options.size);
  const auto read = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Tile& tile = tiles[static_cast<size_t>(i)];
      imaging::read_scaled(slide, tile.x, tile.y, {tile.extent_x / size, tile.extent_y / size},
                           values.select(0, i), options.tolerance);
    }
  };
  if (pool != nullptr) {
    // Neighbours share the file's own tiles, so a thread takes a few in a row.
    pool->parallel_for(count, std::clamp<int64_t>(count / (4 * pool->size()), 1, 16), read);
  } else {
    read(0, count);
  }
  return values;
}

}  // namespace photo51::preprocess
