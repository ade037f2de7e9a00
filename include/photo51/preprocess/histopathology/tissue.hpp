#pragma once
/// Where on a slide there is tissue, found on a thumbnail.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/imaging/slide/slide.hpp"

namespace photo51::preprocess {

/// What Otsu's threshold is of: saturation, or optical density; none: everything is tissue.
enum class TissueMethod { saturation, density, none };
std::span<const std::string_view> enum_names(TissueMethod);

struct TissueOptions {
  TissueMethod method = TissueMethod::saturation;
  double mpp = 8;                           ///< um a pixel of the mask
  double threshold = 0;                     ///< 0 = Otsu's
  std::array<double, 2> bounds{0.05, 0.2};  ///< Otsu's threshold is held in here
  double black = 0.2;                       ///< no channel above this: the border of the scan, or a black pen
  bool pen = false;                         ///< leave out green and blue ink: for slides of H&E
  double min_area = 0.01;                   ///< mm2
  double max_hole = 0.01;                   ///< mm2
};
void describe(config::Fields& f, TissueOptions& o);

/// What was found on the way to a mask.
struct TissueFacts {
  double threshold = 0;   ///< that was used
  double ink = 0;         ///< share of the colored area that `pen` left out
  double small_area = 0;  ///< mm2 of pieces below `min_area`
};

struct TissueMask {
  at::Tensor mask;             ///< bool [H, W]
  std::array<double, 2> step;  ///< level 0 pixels along one pixel of the mask, x and y
  double area = 0;             ///< mm2 of tissue
  TissueFacts facts;
  at::Tensor damaged;                 ///< bool [H, W]: where the slide cannot be read; undefined = nowhere
  std::vector<std::string> warnings;  ///< ink that may be a stain, damaged places
};

/// Otsu's threshold (Otsu 1979) of HSV saturation, or of mean optical density -log10((I + 1) / 256), of each
/// pixel of a thumbnail smoothed by 3 x 3 pixels; where what lies below it falls apart into two once more
/// (faint tissue beside something dark), the lower one. Haematoxylin and eosin both absorb green most, so
/// with `pen` a colored pixel with more green than red is ink. Pieces below `min_area` are dropped and holes
/// up to `max_hole` filled (both 8-connected pieces and 4-connected holes). Places that cannot be read are no
/// tissue. Error (data): the slide has no mpp, or cannot be read over more than a quarter of it.
TissueMask tissue_mask(const imaging::Slide& slide, const TissueOptions& options);
/// The same for an RGB picture, uint8 [3, H, W], whose pixels are `pixel_area` mm2 large.
at::Tensor tissue_in(const at::Tensor& picture, const TissueOptions& options, double pixel_area,
                     TissueFacts* facts = nullptr);

/// The threshold between 0 and 1 that splits `values` (float32 in 0..1, any shape) with the largest variance
/// between the two sides, over 256 bins.
double otsu_threshold(const at::Tensor& values);

}  // namespace photo51::preprocess
