#pragma once
/// The first page of a TIFF as the numbers that the file stores, which a slide would change.

#include <filesystem>

#include "photo51/imaging/inspect/inspect.hpp"

namespace photo51::imaging {

/// Min, max and mean of a gray or RGB first page of 16 bits, piece by piece; false: it is of another kind.
bool measure_deep_page(const std::filesystem::path& path, Inspection& found);

}  // namespace photo51::imaging
