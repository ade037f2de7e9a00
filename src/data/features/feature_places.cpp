#include "data/features/feature_places.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <set>

#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// The least distance between columns or rows of tiles; 0 where there are not two of either.
double step_of(const at::Tensor& coordinates) {
  const at::Tensor corners = coordinates.contiguous();
  const auto* at = corners.const_data_ptr<int64_t>();
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const int64_t axis : {0, 1}) {
    std::set<int64_t> lines;
    for (int64_t i = 0; i < corners.size(0); ++i) lines.insert(at[2 * i + axis]);
    for (auto one = lines.begin(), next = lines.begin(); next != lines.end(); one = next++)
      if (*next > *one) least = std::min(least, *next - *one);
  }
  return least == std::numeric_limits<int64_t>::max() ? 0 : static_cast<double>(least);
}

/// What the features are of: a slide of a file, by its name where that is known.
struct Wanted {
  std::string name;
};

std::vector<BagPlaces::NamedSlide> find_slides(const std::vector<Wanted>& wanted,
                                               const FeatureSources& sources) {
  const auto& named = sources.slides;
  std::vector<BagPlaces::NamedSlide> found;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const std::string& name = wanted[i].name;
    const auto same =
        std::ranges::find_if(named, [&](const fs::path& path) { return path.filename().string() == name; });
    fs::path path;
    if (!name.empty() && same != named.end())
      path = *same;
    else if (named.size() == wanted.size())
      path = named[i];
    else if (named.size() == 1 && name.empty())
      path = named[0];
    std::string missing;
    std::error_code code;
    if (named.empty())
      missing = sources.no_slides;
    else if (path.empty())
      missing = "which of the " + std::to_string(named.size()) + " slides that the manifest names " +
                (name.empty() ? "belongs to the features" : "is `" + name + "`") + " cannot be told";
    else if (!fs::exists(path, code))
      missing = "there is no file " + path.string();
    found.push_back({missing.empty() ? path : fs::path(), {}, missing});
  }
  return found;
}

}  // namespace

BagPlaces feature_places(const FeatureSources& sources) {
  BagPlaces found;
  found.on_slides = true;
  std::vector<Wanted> wanted;
  const bool one_slide = sources.slides.size() == 1;
  for (size_t i = 0; i < sources.files.size(); ++i) {
    const FeatureFile& file = *sources.files[i];
    const at::Tensor coordinates =
        file.coordinates().defined() ? file.coordinates().contiguous() : at::Tensor();
    const FeatureTiles tiles = coordinates.defined() ? file.tiles() : FeatureTiles{};
    double extent = tiles.extent;
    if (coordinates.defined() && extent == 0) {
      extent = step_of(coordinates);
      if (extent > 0)
        found.notes.push_back("the features do not say how large their tiles are (patch_size_level0); " +
                              core::format_number(extent) + " pixels, the step of their grid, is taken");
    }
    if (extent == 0) {
      found.on_slides = false;
      found.notes.emplace_back(coordinates.defined()
                                   ? "the features do not say how large their tiles are (patch_size_level0)"
                                   : "the features have no coordinates (coords)");
    }
    if (tiles.size > 0) found.tile_size = tiles.size;
    // Files that name no slide are of the only one that there is.
    size_t first = wanted.size();
    if (tiles.file.defined())
      for (const auto& name : tiles.files) wanted.push_back({name});
    else if (one_slide && !wanted.empty() && wanted[0].name.empty())
      first = 0;
    else
      wanted.push_back({});
    const auto* corner = coordinates.defined() ? coordinates.const_data_ptr<int64_t>() : nullptr;
    const auto* slide = tiles.file.defined() ? tiles.file.const_data_ptr<int64_t>() : nullptr;
    for (int64_t row = 0; row < file.count(); ++row) {
      BagPlaces::Instance instance{.view = sources.views[i],
                                   .slide = first + (slide ? static_cast<size_t>(slide[row]) : 0)};
      if (corner != nullptr && extent > 0) {
        instance.x = static_cast<double>(corner[2 * row]);
        instance.y = static_cast<double>(corner[2 * row + 1]);
        instance.width = instance.height = extent;
      }
      found.instances.push_back(instance);
    }
  }
  if (found.on_slides) {
    found.slides = find_slides(wanted, sources);
    return found;
  }
  for (auto& instance : found.instances) instance = {.view = instance.view};
  return found;
}

}  // namespace photo51::data
