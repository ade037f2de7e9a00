#pragma once
/// Which files a path names: `folder`, `folder#SeriesInstanceUID`, `folder#desc:T1*`.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "imaging/dicom/header.hpp"

namespace photo51::imaging {

/// `text` against a pattern with `*` and `?`, letter case ignored.
bool matches_pattern(const std::string& text, const std::string& pattern);

/// A path and what stands behind its `#`; nothing when the whole path exists or there is no `#`.
std::pair<std::filesystem::path, std::string> split_choice(const std::filesystem::path& path);

/// The SeriesInstanceUID that `choice` means in `folder`: itself, or for `desc:PATTERN` that of the one
/// series whose description matches. Errors (data) that list what is there: no such description, several.
std::string resolve_series(const std::filesystem::path& folder, const std::string& choice);

/// Headers of the image series that a path names, sorted by position along the slice normal; of the file
/// itself when it is one. Errors (data): no DICOM image, several series.
std::vector<DicomHeader> headers_of_series(const std::filesystem::path& path);
std::vector<std::filesystem::path> files_of_series(const std::filesystem::path& path);

}  // namespace photo51::imaging
