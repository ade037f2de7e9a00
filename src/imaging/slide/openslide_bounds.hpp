#pragma once
/// What OpenSlide allocates because a file says so: GLib, which it is built on, ends the process when it
/// cannot have the memory, so the numbers are looked at before OpenSlide sees them.

#include <filesystem>
#include <string>

namespace photo51::imaging {

/// Error (data) when a slide of `vendor` promises more than its file holds (bytes of a tile) or than any
/// slide has (sides of a tile, counts in Slidedat.ini).
void check_openslide_bounds(const std::filesystem::path& path, const std::string& vendor);

}  // namespace photo51::imaging
