#pragma once
/// The image files of one input of one case, decoded.

#include <optional>
#include <vector>

#include "data/cohort/cohort_impl.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace photo51::data {

struct InputVolumes {
  std::vector<std::optional<imaging::Volume>> channels;  ///< three a file with `color: rgb`
  std::optional<imaging::Volume> mask;
  preprocess::Registrations registrations;  ///< by channel
  std::vector<bool> present;                ///< by channel
  std::vector<std::string> names;           ///< of the channels
  FileWarnings warnings;
};
/// Errors carry the channel.
InputVolumes read_study(const Cohort::Impl& cohort, size_t input, size_t row);
/// The study of one of its files; of a file with several parts shown, the first.
InputVolumes read_channel(const Cohort::Impl& cohort, size_t input, size_t row, size_t file);
/// How the input's masks are read: by its own keys, and by the label of its PyRadiomics settings.
imaging::MaskOptions mask_options_of(const Cohort::Impl& cohort, size_t input);
/// The mask that the row names, drawn on these images; checked to lie on `frame`, one of them, unless that is
/// null.
imaging::Volume read_row_mask(const Cohort::Impl& cohort, size_t input, size_t row,
                              const std::vector<const imaging::Volume*>& images,
                              const imaging::Volume* frame);
/// One instance of a bag: a study of a single file.
InputVolumes read_instance(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance);

}  // namespace photo51::data
