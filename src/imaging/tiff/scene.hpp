#pragma once
/// What the pages of a TIFF are to a slide: levels of one scene, its channels and planes, other pictures.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "imaging/slide/choice.hpp"
#include "imaging/tiff/file.hpp"

namespace photo51::imaging {

/// A page as it is shown: `sample` -1 = as a picture, else that one of its samples.
struct TiffView {
  TiffImage image;
  int64_t sample = -1;
};
/// One view, or the red, the green and the blue one.
using TiffLevelViews = std::vector<TiffView>;

struct TiffScene {
  TiffImage whole;                     ///< the page that is the finest level
  int64_t page = 0;                    ///< its number in the file, from 0
  std::vector<TiffLevelViews> levels;  ///< from the finest
  std::vector<std::pair<std::string, TiffImage>> associated;
  std::vector<std::string> warnings;
};

/// The largest page (or `options.page`) is the slide. A smaller page of its shape is a level when it is a
/// SubIFD or marked as reduced, or when what it shows is the slide made smaller. Pages of one size are
/// channels and planes, of which one must be chosen. Errors (data): as for `choose_channels`; no such page.
TiffScene arrange(TiffFile& file, const SlideOptions& options);

/// The largest page that is not marked as a reduced copy of another; the largest of all when all are.
size_t largest_page(const std::vector<TiffImage>& images);

/// Whether `coarse` shows the same as `fine`, by the details of a few places; nothing to compare = no.
bool shows_the_same(TiffFile& file, const TiffImage& fine, const TiffImage& coarse);

}  // namespace photo51::imaging
