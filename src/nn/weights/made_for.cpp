#include "photo51/nn/weights/made_for.hpp"

#include <nlohmann/json.hpp>

#include "core/learned.hpp"

namespace photo51::nn {
namespace {

std::vector<double> numbers_at(const core::Learned& told, const char* key, double least) {
  if (!told.has(key)) return {};
  const core::Learned list = told.at(key);
  const size_t count = list.size();
  constexpr size_t most = 1024;
  if (count < 1 || count > most) list.fail("has no number of channels or axes");
  return list.numbers(count, least);
}

}  // namespace

MadeFor made_for(const Metadata& metadata) {
  const auto found = metadata.find(preprocessing_key);
  if (found == metadata.end()) return {};
  const nlohmann::json json = core::parse_learned(found->second);
  const core::Learned told(json, preprocessing_key);
  constexpr double above_zero = 1e-30;
  MadeFor made{.mean = numbers_at(told, "mean", -core::Learned::widest),
               .std = numbers_at(told, "std", above_zero),
               .spacing = numbers_at(told, "spacing", above_zero)};
  if (told.has("range")) {
    const auto range = told.at("range").numbers(2);
    if (range[0] >= range[1]) told.at("range").fail("does not rise");
    made.range = {range[0], range[1]};
  }
  if (made.mean.size() != made.std.size()) told.fail("has other numbers of `mean` than of `std`");
  return made;
}

std::string to_json(const MadeFor& made_for) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!made_for.mean.empty()) json["mean"] = made_for.mean;
  if (!made_for.std.empty()) json["std"] = made_for.std;
  if (made_for.range) json["range"] = *made_for.range;
  if (!made_for.spacing.empty()) json["spacing"] = made_for.spacing;
  return json.dump();
}

}  // namespace photo51::nn
