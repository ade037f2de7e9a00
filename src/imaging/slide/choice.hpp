#pragma once
/// Which of several channels and focal planes of a slide are shown. Nothing is taken in silence.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/imaging/slide/slide.hpp"

namespace photo51::imaging {

struct SlideOffer {
  std::vector<std::string> channels;  ///< names; empty where the file has none
  int64_t planes = 1;                 ///< focal planes
};
struct SlideChoice {
  std::vector<size_t> channels;  ///< one, shown gray, or the red, the green and the blue one
  size_t plane = 0;
};

/// Three channels named red, green and blue are colors when `named_colors` allows it. Errors (data), with
/// what there is to choose from: several channels or planes and no choice, a choice that is not there.
SlideChoice choose_channels(const SlideOffer& offer, const SlideOptions& options, bool named_colors);

}  // namespace photo51::imaging
