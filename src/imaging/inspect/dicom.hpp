#pragma once
/// The part of `inspect` that all DICOM objects share: kind, PHI and the numbers of the stored pixels.

#include <filesystem>

#include "photo51/imaging/inspect/inspect.hpp"

namespace photo51::imaging {

/// One file of any kind; calls the kind's own inspector. Throws core::Error when it cannot be read.
void inspect_dicom(const std::filesystem::path& path, Inspection& found, const InspectOptions& options);
/// A folder that holds one series; `folder#SeriesInstanceUID` for one of several.
void inspect_dicom_folder(const std::filesystem::path& path, Inspection& found,
                          const InspectOptions& options);

}  // namespace photo51::imaging
