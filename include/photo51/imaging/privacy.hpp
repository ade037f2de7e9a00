#pragma once
/// What DICOM files say about who the patient is.

#include <filesystem>
#include <string>
#include <vector>

namespace photo51::imaging {

/// Names, never values, of filled elements that tell who the patient is, in the DICOM file at `path` or in
/// any of a folder's; `#` and what follows is left out. Files that are not DICOM say nothing. Reads the first
/// groups of each header only. A name that repeats the patient's id is a pseudonym.
std::vector<std::string> identifying_elements(const std::filesystem::path& path);

}  // namespace photo51::imaging
