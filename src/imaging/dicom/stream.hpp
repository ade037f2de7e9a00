#pragma once
/// DICOM from a file's bytes in memory as DCMTK reads it from the file.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <filesystem>

#include "imaging/recent_files.hpp"

namespace photo51::imaging {

/// What `file.loadFile(path)` does, of the bytes that `path` has. Values of more than 4 kB are not copied:
/// asked for, they come from the same bytes where someone still holds them, and from the file otherwise.
OFCondition load_from_bytes(DcmFileFormat& file, const FileBytes& bytes, const std::filesystem::path& path);

}  // namespace photo51::imaging
