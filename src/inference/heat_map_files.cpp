#include "inference/heat_map_files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "inference/heat_map_picture.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"

namespace photo51::inference {
namespace {

using core::format_number;

constexpr int classes_of_percentiles = 5;

nlohmann::ordered_json class_of(double percentile) {
  const int number =
      std::clamp(static_cast<int>(percentile * classes_of_percentiles / 100), 0, classes_of_percentiles - 1);
  const int width = 100 / classes_of_percentiles;
  const auto color = heat_color((number + 0.5) / classes_of_percentiles);
  return {{"name", "attention percentile " + std::to_string(number * width) + " to " +
                       std::to_string((number + 1) * width)},
          {"color", {color[0], color[1], color[2]}}};
}

}  // namespace

std::vector<std::string> score_names(const BagAttention& bag) {
  if (bag.scores.size() == 1) return {"score"};
  std::vector<std::string> names;
  for (size_t s = 1; s <= bag.scores.size(); ++s) names.push_back("score_" + std::to_string(s));
  return names;
}

std::string to_csv(const data::BagPlaces& places, const BagAttention& bag) {
  const bool several = places.slides.size() > 1;
  std::vector<std::string> header;
  if (!places.on_slides)
    header = {"index", "view"};
  else if (several)
    header = {"slide", "x", "y", "width", "height"};
  else
    header = {"x", "y", "width", "height"};
  header.insert(header.end(), {"attention", "percentile"});
  for (const auto& name : score_names(bag)) header.push_back(name);
  std::string text = core::csv_row(header);
  for (size_t i = 0; i < places.instances.size(); ++i) {
    const auto& at = places.instances[i];
    std::vector<std::string> row;
    if (!places.on_slides)
      row = {std::to_string(i), places.views.at(static_cast<size_t>(at.view))};
    else
      row = {format_number(at.x), format_number(at.y), format_number(at.width), format_number(at.height)};
    if (places.on_slides && several) row.insert(row.begin(), std::to_string(at.slide + 1));
    row.push_back(format_number(static_cast<float>(bag.attention[i])));
    row.push_back(core::format_fixed(bag.percentile[i], 2));
    for (const auto& score : bag.scores) row.push_back(format_number(static_cast<float>(score[i])));
    text += core::csv_row(row);
  }
  return text;
}

std::string to_geojson(const data::BagPlaces& places, const BagAttention& bag, size_t slide) {
  // Feature by feature: a document of 50,000 would be some hundred megabytes.
  std::string text = R"({"type":"FeatureCollection","features":[)";
  const auto names = score_names(bag);
  bool first = true;
  for (size_t i = 0; i < places.instances.size(); ++i) {
    const auto& at = places.instances[i];
    if (at.slide != slide) continue;
    const double right = at.x + at.width, bottom = at.y + at.height;
    nlohmann::ordered_json measurements{{"attention", bag.attention[i]},
                                        {"attention percentile", bag.percentile[i]}};
    for (size_t s = 0; s < names.size(); ++s) measurements["instance " + names[s]] = bag.scores[s][i];
    const nlohmann::ordered_json corners{
        {at.x, at.y}, {right, at.y}, {right, bottom}, {at.x, bottom}, {at.x, at.y}};
    const nlohmann::ordered_json feature{
        {"type", "Feature"},
        {"geometry", {{"type", "Polygon"}, {"coordinates", nlohmann::ordered_json::array({corners})}}},
        {"properties",
         {{"objectType", "tile"},
          {"classification", class_of(bag.percentile[i])},
          {"measurements", std::move(measurements)}}}};
    text += (first ? "\n" : ",\n") + core::json_text(feature);
    first = false;
  }
  return text + "\n]}\n";
}

}  // namespace photo51::inference
