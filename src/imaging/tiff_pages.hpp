#pragma once
/// The first page of a TIFF as the numbers that the file stores, for pages that ITK or a slide would change.

#include <filesystem>

#include "photo51/imaging/inspect.hpp"

namespace photo51::imaging {

/// ITK reads pages as slices, as if all were as large as the first. Where they are not, the first is read
/// here into the volume's data, channels and geometry, with a warning about the others; false: they are.
/// Pages that the file calls reduced do not count. Errors (data): damaged, no whole unsigned numbers.
bool read_first_page(const std::filesystem::path& path, Volume& volume);

/// Min, max and mean of a gray or RGB first page of 16 bits, piece by piece; false: it is of another kind.
bool measure_deep_page(const std::filesystem::path& path, Inspection& found);

}  // namespace photo51::imaging
