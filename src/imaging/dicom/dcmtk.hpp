#pragma once
/// Opening a DICOM file with DCMTK, for the files that see DCMTK.

#include <filesystem>

class DcmFileFormat;

namespace photo51::imaging {

/// Loads `path`, which is opened at most once if it is small (imaging/recent_files.hpp); values of more than
/// 4 kB are left out until asked for. Error (data) when it is not DICOM.
void load_dicom(DcmFileFormat& file, const std::filesystem::path& path);

}  // namespace photo51::imaging
