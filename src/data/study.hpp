#pragma once
/// The image files of one input of one case, decoded.

#include <optional>
#include <vector>

#include "data/cohort_impl.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

struct Study {
  std::vector<std::optional<imaging::Volume>> channels;
  std::optional<imaging::Volume> mask;
  std::vector<bool> present;  ///< by channel
};
/// `modality` is what the channels are; unknown accepts any. Errors carry the channel.
Study read_study(const Cohort::Impl& cohort, size_t input, size_t row, imaging::Modality modality);

}  // namespace photo51::data
