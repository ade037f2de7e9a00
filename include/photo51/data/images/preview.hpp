#pragma once
/// What a case's input looks like, for pictures of it.

#include <optional>
#include <string>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

struct Preview {
  imaging::Volume image;  ///< as it is read for the model, before preprocessing; color as uint8 [3, 1, H, W]
  std::optional<imaging::Volume> mask;
  std::string channel;
};

/// The first channel that the case has (of a bag its first file), the tile that the row looks at, or the
/// whole slide with `longest_side` pixels. Nothing when the case lacks the input. Errors as of
/// CaseLoader::load.
std::optional<Preview> preview(const Cohort& cohort, int64_t row, const std::string& input,
                               int64_t longest_side);

}  // namespace photo51::data
