#pragma once
/// What modalities have in common that describe a region by numbers.

#include <string>

#include "data/modality/files.hpp"
#include "data/tables/region_features.hpp"

namespace photo51::data {

InputColumns columns_of_region(const RegionOptions& options);
imaging::Volume read_region_file(const ImageFile& file, const RegionOptions& options, bool keep_double);
/// The options as YAML without what comes after the description; `without` are the modality's own keys of
/// that sort.
std::string description_options(const config::Choice& input, const std::vector<std::string>& without);

template <class Options>
const RegionOptions& region_of(const config::Choice& input) {
  return input.as<Options>();
}

/// A row, but for what is learned and how a region is described.
template <class Options>
Modality region_row(const char* help) {
  Modality row{};
  row.component = config::component<Options>(Options::modality, help);
  row.columns = [](const config::Choice& input) { return columns_of_region(region_of<Options>(input)); };
  row.has = [](const Cohort::Impl& cohort, size_t input, size_t at) {
    return !cohort.files[input][at].mask.empty();
  };
  row.info = region_info;
  row.fitted = fitted_region;
  row.problems = region_problems;
  row.files = FileModality{.options = files_of<Options>,
                           .read =
                               [](const ImageFile& file) {
                                 return read_region_file(file, region_of<Options>(file.choice()), false);
                               },
                           .place = [](const config::Choice&) { return PlaceNeeds{}; },
                           .masks = masks_of<Options>,
                           .color = single_color,
                           .planes = one_plane};
  row.numbers = NumberModality{
      .options = [](const config::Choice& input) -> const NumberOptions& { return input.as<Options>(); },
      .reader = read_region,
      .each_feature = nullptr};
  return row;
}

}  // namespace photo51::data
