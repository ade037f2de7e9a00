#pragma once
/// PET volumes in the units that a config asks for.

#include <string>

#include "photo51/imaging/volume.hpp"

namespace photo51::data {

/// A PET in the units that `suv` says; any other volume as it is. Error (data): it cannot be brought there.
imaging::Volume in_suv(imaging::Volume volume, const std::string& suv);

}  // namespace photo51::data
