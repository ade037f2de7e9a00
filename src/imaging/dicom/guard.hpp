#pragma once
/// What has to be known of a DICOM file before a parser that recurses may have it.

#include <filesystem>
#include <iosfwd>

namespace photo51::imaging {

/// Walks the elements of a file without recursion, values passed over. Error (data), without the file's name:
/// sequences nested deeper than any device nests them, which would end in a stack overflow; a deflated file
/// that unpacks to far more than the pixels its header promises. What is damaged otherwise is left to the
/// parser.
void guard_dicom(const std::filesystem::path& path);
/// The same of a file that is open, or of its bytes; it is read forwards alone.
void guard_dicom(std::istream& file);

}  // namespace photo51::imaging
