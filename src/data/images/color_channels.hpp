#pragma once
/// The model's channels that one image file gives.

#include <string>
#include <vector>

#include "photo51/data/options/inputs.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

/// single, gray or rgb; auto decided: rgb for histopathology, single else.
std::string color_of(const InputOptions& options);
/// What follows the channel's name: {""}, {".red", ".green", ".blue"}, or {".bmode", ".flow"} of a Doppler
/// that is split.
std::vector<std::string> plane_suffixes(const InputOptions& options);
/// One volume of one channel each. Error (data): other channels than the options expect.
std::vector<imaging::Volume> planes_of(imaging::Volume volume, const InputOptions& options);

}  // namespace photo51::data
