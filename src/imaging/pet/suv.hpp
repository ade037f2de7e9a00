#pragma once
/// SUV from what PET slices say, apart from their pixels.

#include <string>
#include <vector>

#include "imaging/pet/header.hpp"
#include "photo51/imaging/pet/suv.hpp"

namespace photo51::imaging {

/// What each slice's values, after rescale, are multiplied by. `days` from the injection to the scan, where
/// the user states them. Errors (data) without the file's name.
std::vector<double> suv_factors(const std::vector<PetHeader>& slices, SuvType type,
                                std::vector<std::string>& warnings, std::optional<int64_t> days = {});

/// Dose that is left at the time which each slice's values are corrected to, Bq.
std::vector<double> remaining_dose(const std::vector<PetHeader>& slices, std::vector<std::string>& warnings,
                                   std::optional<int64_t> days = {});

}  // namespace photo51::imaging
