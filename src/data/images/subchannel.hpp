#pragma once
/// One channel of a file that holds several: `dwi@adc`, `dwi@b1000`, `dce@t3`, `dce@3`.

#include <string>

#include "photo51/imaging/volume.hpp"

namespace photo51::data {

/// The manifest column of a channel: its name up to `@`.
std::string column_of(const std::string& channel);
/// What follows `@`, "" when there is none.
std::string part_of(const std::string& channel);
/// The channel of that name or number (from 0); `adc` is computed from b-values. Error (data): there is none;
/// lists what there is.
imaging::Volume take_part(const imaging::Volume& volume, const std::string& part);

}  // namespace photo51::data
