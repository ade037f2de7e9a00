#pragma once
/// Opening a DICOM file with DCMTK, for the files that see DCMTK.

#include <filesystem>

class DcmFileFormat;

namespace photo51::imaging {

/// Loads `path`; values of more than 4 kB stay on disk until asked for. Error (data) when it is not DICOM.
void load_dicom(DcmFileFormat& file, const std::filesystem::path& path);

}  // namespace photo51::imaging
