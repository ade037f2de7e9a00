#pragma once
/// What modalities that read image files have in common.

#include <filesystem>
#include <string>
#include <vector>

#include "data/images/image_file.hpp"
#include "data/modality/modality.hpp"

namespace photo51::data {

/// Conditions between the options of files.
void check_files(config::Fields& f, const FileOptions& o);

/// One channel a file.
ColorMode single_color(const config::Choice& input);
std::vector<std::string> one_plane(const config::Choice& input);

template <class Options>
const FileOptions& files_of(const config::Choice& input) {
  return input.as<Options>();
}
template <class Options>
imaging::MaskOptions masks_of(const config::Choice& input) {
  return input.as<Options>().masks;
}

}  // namespace photo51::data
