#include "photo51/inference/heat_map.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "inference/file_stem.hpp"
#include "inference/heat_map_files.hpp"
#include "inference/heat_map_picture.hpp"
#include "photo51/backbones/bag_attention.hpp"
#include "photo51/backbones/mil/bag_pools.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/ranks.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/images/bag_places.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/slide/readable.hpp"
#include "photo51/imaging/slide/slide.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;

constexpr int64_t logged_maps = 3;  ///< cases of one kind of note
constexpr int64_t most_top_tiles = 1000;
constexpr int64_t usual_tile_pixels = 256;  ///< of a tile whose size nobody says
constexpr int64_t most_tile_pixels = 1024;

/// The name of an encoder's pool; nothing where it has no such option, as another library's may not.
std::optional<std::string> pool_of(const config::Choice& encoder) {
  const auto options = encoder.options;
  if (!options) return std::nullopt;
  const config::Node node =
      config::dump_section({[options](config::Fields& f) { options->describe_to(f); }, {}, {}});
  const config::Node* pool = node.find("bag_pool");
  if (pool == nullptr) return std::nullopt;
  if (const config::Node* name = pool->find("name")) return name->text;
  return pool->text;
}

std::vector<double> as_numbers(const at::Tensor& values) {
  const at::Tensor wide = values.to(at::kDouble).contiguous();
  const auto* begin = wide.const_data_ptr<double>();
  return {begin, begin + wide.numel()};
}

/// Of [M, N] attention and, where defined, [M, N, S] scores.
BagAttention of_members(const at::Tensor& attention, const at::Tensor& scores) {
  BagAttention bag;
  bag.attention = as_numbers(attention.to(at::kDouble).mean(0));
  bag.percentile = core::ranks(bag.attention);
  const auto count = static_cast<double>(bag.attention.size());
  for (double& rank : bag.percentile) rank = 100 * rank / count;
  if (!scores.defined()) return bag;
  const at::Tensor mean = scores.to(at::kDouble).mean(0);
  for (int64_t s = 0; s < mean.size(1); ++s) bag.scores.push_back(as_numbers(mean.select(1, s)));
  return bag;
}

/// The slide in the picture.
void draw(const imaging::Slide& slide, const data::BagPlaces& places, const BagAttention& bag, size_t number,
          int64_t pixels, HeatMap::OfSlide& map) {
  const at::Tensor thumbnail = imaging::readable_thumbnail(slide, pixels);
  map.height = thumbnail.size(1);
  map.width = thumbnail.size(2);
  const auto& whole = slide.levels().front();
  const std::array<double, 2> step{static_cast<double>(whole.width) / static_cast<double>(map.width),
                                   static_cast<double>(whole.height) / static_cast<double>(map.height)};
  std::vector<HeatTile> tiles;
  for (size_t i = 0; i < places.instances.size(); ++i)
    if (const auto& at = places.instances[i]; at.slide == number)
      tiles.push_back({at.x, at.y, at.width, at.height, bag.percentile[i] / 100});
  core::write_file_atomic(map.picture, imaging::encode_png(with_legend(over_slide(thumbnail, step, tiles))));
}

/// A tile's own pixels, not finer than the slide.
std::string tile_picture(const imaging::Slide& slide, const data::BagPlaces& places,
                         const data::BagPlaces::Instance& tile) {
  const int64_t wanted = places.tile_size > 0 ? places.tile_size : usual_tile_pixels;
  const auto at_most = std::max<int64_t>(1, std::llround(std::min(tile.width, tile.height)));
  const int64_t size = std::min({wanted, at_most, most_tile_pixels});
  const at::Tensor pixels = at::empty({3, size, size}, at::kByte);
  imaging::read_scaled(slide, tile.x, tile.y,
                       {tile.width / static_cast<double>(size), tile.height / static_cast<double>(size)},
                       pixels);
  return imaging::encode_png(pixels.permute({1, 2, 0}).contiguous());
}

/// The numbers of the instances of most attention, at most `count`.
std::vector<size_t> top_of(const BagAttention& bag, int64_t count) {
  std::vector<size_t> order(bag.attention.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return bag.attention[a] > bag.attention[b]; });
  order.resize(std::min(order.size(), static_cast<size_t>(count)));
  return order;
}

/// Pictures of an earlier call that had more of them.
void remove_from(const fs::path& folder, size_t number) {
  std::error_code code;
  while (fs::remove(folder / (std::to_string(number) + ".png"), code)) ++number;
}

}  // namespace

std::vector<std::string> inputs_with_attention(const PipelineOptions& pipeline) {
  std::vector<std::string> chosen, without;
  for (const auto& [name, encoder] : pipeline.model.encoders) {
    const auto input =
        std::ranges::find_if(pipeline.inputs, [&, &of = name](const auto& one) { return one.first == of; });
    if (input == pipeline.inputs.end() || !data::columns_of(input->second).bag) continue;
    const auto pool = pool_of(encoder);
    const auto* row = pool ? backbones::bag_pools().find(*pool) : nullptr;
    if (row == nullptr || row->facts.attention)
      chosen.push_back(name);
    else
      without.push_back(name + " has `" + *pool + "`");
  }
  if (chosen.empty() && without.empty())
    core::fail_usage(
        "heat maps are of bags (slides in tiles, features, several views), and no input of this model is "
        "one");
  const std::string remedy =
      "those with attention are " + core::join(backbones::pools_with_attention(), ", ");
  if (chosen.empty())
    core::fail_usage("heat maps need a bag_pool that says the weight of each instance: input " +
                     core::join(without, ", input ") + "; " + remedy + ": train with one of them");
  if (!without.empty())
    core::log_warning("no heat maps of input " + core::join(without, ", input ") +
                      ", which has no attention; " + remedy);
  return chosen;
}

HeatMapWriter::HeatMapWriter(const PipelineOptions& pipeline, const data::Cohort& cohort,
                             const HeatMapOptions& options, fs::path folder)
    : cohort_(cohort),
      options_(options),
      folder_(std::move(folder)),
      inputs_(inputs_with_attention(pipeline)) {
  if (options.top_tiles < 0 || options.top_tiles > most_top_tiles)
    core::fail_usage("top tiles: " + std::to_string(options.top_tiles) + " is not in 0.." +
                     std::to_string(most_top_tiles));
  if (options.pixels < 64 || options.pixels > 16384)
    core::fail_usage("heat map pixels: " + std::to_string(options.pixels) + " is not in 64..16384");
  for (int64_t row = 0; row < cohort.size(); ++row) rows_[cohort.id(row)] = row;
}

void HeatMapWriter::note(HeatMap& map, const std::string& why) {
  map.missing.push_back(why);
  cohort_.recall_warnings({{map.case_id, map.input, "", why}});
  // Of one kind, whatever the file's name.
  if (++notes_[{map.input, why.substr(0, why.find(": "))}] <= logged_maps)
    core::log_warning("case " + map.case_id + ": input " + map.input + ": " + why);
}

void HeatMapWriter::summarise() {
  for (auto& [key, count] : notes_) {
    if (count > logged_maps)
      core::log_warning("input " + key.first + ": " + std::to_string(count - logged_maps) +
                        " more case(s) with: " + key.second);
    count = 0;
  }
}

void HeatMapWriter::write(const CaseResult& result) {
  const int64_t row = rows_.at(result.case_id);
  for (const auto& input : inputs_)
    if (cohort_.has_input(row, input))
      core::with_context("heat map of case " + result.case_id + ": input " + input,
                         [&] { write_input(result, row, input); });
}

void HeatMapWriter::write_input(const CaseResult& result, int64_t row, const std::string& input) {
  const auto module = result.attention.find("encoders." + input);
  const auto tensor = [&](const char* name) {
    if (module == result.attention.end()) return at::Tensor();
    const auto found = module->second.find(name);
    return found == module->second.end() ? at::Tensor() : found->second;
  };
  const at::Tensor attention = tensor(backbones::bag_attention);
  if (!attention.defined())
    core::fail_usage("its encoder says no attention; those with attention are " +
                     core::join(backbones::pools_with_attention(), ", "));
  const data::BagPlaces places = data::bag_places(cohort_, row, input);
  const BagAttention bag = of_members(attention, tensor(backbones::bag_scores));
  if (places.instances.size() != bag.attention.size())
    core::fail_data("it was predicted with " + std::to_string(bag.attention.size()) + " instances, and has " +
                    std::to_string(places.instances.size()) +
                    " now; a file changed meanwhile, predict it again");

  HeatMap& map = written_.emplace_back();
  map.case_id = result.case_id;
  map.input = input;
  const fs::path folder = folder_ / file_stem(result.case_id);
  const std::string stem = file_stem(input);
  core::make_directories(folder);
  map.table = folder / (stem + ".attention.csv");
  core::write_file_atomic(map.table, to_csv(places, bag));
  for (const auto& odd : places.notes) note(map, odd);
  if (!places.on_slides) {
    note(map, "its instances lie on no slide, so there is a table of attention and no picture");
    return;
  }
  std::vector<std::optional<imaging::Slide>> opened(places.slides.size());
  for (size_t number = 0; number < places.slides.size(); ++number) {
    const auto& slide = places.slides[number];
    const std::string of_slide = places.slides.size() > 1 ? stem + "." + std::to_string(number + 1) : stem;
    auto& drawn = map.slides.emplace_back();
    drawn.geojson = folder / (of_slide + ".geojson");
    core::write_file_atomic(drawn.geojson, to_geojson(places, bag, number));
    std::string missing = slide.missing;
    if (missing.empty()) try {
        opened[number] = imaging::open_slide(slide.path, slide.how);
        drawn.picture = folder / (of_slide + ".heatmap.png");
        draw(*opened[number], places, bag, number, options_.pixels, drawn);
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;
        missing = error.what();
        drawn.picture.clear();
      }
    if (!missing.empty()) note(map, "there is no picture of the slide: " + missing);
  }
  const fs::path top_folder = folder / (stem + ".top");
  for (const size_t i : top_of(bag, options_.top_tiles)) {
    const auto& tile = places.instances[i];
    if (!opened[tile.slide]) continue;
    core::make_directories(top_folder);
    const fs::path picture = top_folder / (std::to_string(map.top.size() + 1) + ".png");
    try {
      core::write_file_atomic(picture, tile_picture(*opened[tile.slide], places, tile));
      map.top.push_back({picture, bag.attention[i]});
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      note(map, "a tile of much attention cannot be drawn: " + std::string(error.what()));
    }
  }
  remove_from(top_folder, map.top.size() + 1);
}

}  // namespace photo51::inference
