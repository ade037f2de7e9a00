#include "data/load/patch.hpp"

#include <algorithm>
#include <map>

namespace photo51::data {
namespace {

int64_t corner_about(int64_t middle, int64_t edge, int64_t count) {
  if (count <= edge) return -((edge - count) / 2);
  return std::clamp<int64_t>(middle - edge / 2, 0, count - edge);
}

}  // namespace

ClassPlaces class_places(const at::Tensor& map, core::Random random) {
  const at::Tensor whole = map.contiguous();
  const auto* values = whole.const_data_ptr<uint8_t>();
  std::map<uint8_t, std::vector<int64_t>> places;
  std::map<uint8_t, int64_t> seen;
  for (int64_t i = 0; i < whole.numel(); ++i) {
    const uint8_t value = values[i];
    if (value == 0 || value == unknown_class) continue;
    auto& of = places[value];
    const int64_t count = seen[value]++;
    if (count < most_places) {
      of.push_back(i);
      continue;
    }
    // Every place that was seen is kept with the same probability (Vitter 1985, algorithm R).
    const auto at = static_cast<int64_t>(random.below(static_cast<uint64_t>(count) + 1));
    if (at < most_places) of[static_cast<size_t>(at)] = i;
  }
  ClassPlaces found;
  for (auto& [value, of] : places) found.push_back(std::move(of));
  return found;
}

preprocess::Patch draw_patch(const PatchOptions& options, const std::array<int64_t, 3>& size,
                             const std::vector<const ClassPlaces*>& places, core::Random random) {
  std::vector<const std::vector<int64_t>*> classes;
  for (const auto* of : places)
    for (const auto& one : *of) classes.push_back(&one);
  preprocess::Patch patch;
  std::copy_n(options.size.begin(), 3, patch.size.begin());
  const bool about_class = random.chance(options.foreground) && !classes.empty();
  std::array<int64_t, 3> middle{};
  if (about_class) {
    const auto& of = *classes[random.below(classes.size())];
    const int64_t place = of[random.below(of.size())];
    middle = {place % size[0], place / size[0] % size[1], place / (size[0] * size[1])};
  }
  for (size_t i = 0; i < 3; ++i) {
    const int64_t free = size[i] - patch.size[i];
    patch.corner[i] = about_class || free <= 0
                          ? corner_about(middle[i], patch.size[i], size[i])
                          : static_cast<int64_t>(random.below(static_cast<uint64_t>(free) + 1));
  }
  return patch;
}

}  // namespace photo51::data
