#include "imaging/slide/choice.hpp"

#include <algorithm>
#include <cctype>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string list_of(const SlideOffer& offer) {
  std::vector<std::string> items;
  for (size_t i = 0; i < offer.channels.size() && i < 40; ++i)
    items.push_back(std::to_string(i + 1) + (offer.channels[i].empty() ? "" : " " + offer.channels[i]));
  if (items.size() < offer.channels.size()) items.emplace_back("…");
  return core::join(items, ", ");
}

size_t find_channel(const SlideOffer& offer, const std::string& wanted) {
  const auto& names = offer.channels;
  auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end())
    found = std::find_if(names.begin(), names.end(),
                         [&](const std::string& name) { return lower_case(name) == lower_case(wanted); });
  if (found != names.end() && !wanted.empty()) return static_cast<size_t>(found - names.begin());
  const auto number = core::parse_double(wanted);
  if (number && *number >= 1 && *number <= static_cast<double>(names.size()) &&
      *number == static_cast<double>(static_cast<size_t>(*number)))
    return static_cast<size_t>(*number) - 1;
  core::fail_data("has no channel `" + wanted + "` (slide.channels); it has " + list_of(offer));
}

/// The places of red, green and blue among three channels of these names, or nothing.
std::vector<size_t> colors_in(const SlideOffer& offer) {
  if (offer.channels.size() != 3) return {};
  std::vector<size_t> places;
  for (const std::string color : {"red", "green", "blue"})
    for (size_t i = 0; i < 3; ++i) {
      const std::string name = lower_case(offer.channels[i]);
      if (name == color || name == color.substr(0, 1)) places.push_back(i);
    }
  return places.size() == 3 ? places : std::vector<size_t>();
}

}  // namespace

SlideChoice choose_channels(const SlideOffer& offer, const SlideOptions& options, bool named_colors) {
  SlideChoice choice;
  if (options.plane > offer.planes)
    core::fail_data("has no focal plane " + std::to_string(options.plane) + " (slide.plane); it has " +
                    std::to_string(offer.planes));
  if (offer.planes > 1 && options.plane == 0)
    core::fail_data("has " + std::to_string(offer.planes) +
                    " focal planes or images of one size; say which by its number as slide.plane");
  choice.plane = static_cast<size_t>(std::max<int64_t>(options.plane, 1) - 1);
  if (!options.channels.empty()) {
    for (const std::string& wanted : options.channels) choice.channels.push_back(find_channel(offer, wanted));
  } else if (offer.channels.size() == 1) {
    choice.channels = {0};
  } else {
    if (named_colors) choice.channels = colors_in(offer);
    if (choice.channels.empty())
      core::fail_data("has " + std::to_string(offer.channels.size()) + " channels (" + list_of(offer) +
                      "); say by name or number as slide.channels which one is shown, or which three are "
                      "red, green and blue");
  }
  return choice;
}

}  // namespace photo51::imaging
