#pragma once
/// What has to be known of a DICOM file before a parser that recurses may have it.

#include <filesystem>

namespace photo51::imaging {

/// Walks the elements of a file without recursion, values passed over. Error (data), without the file's name:
/// sequences nested deeper than any device nests them, which would end in a stack overflow; a deflated file
/// that unpacks to far more than the pixels its header promises. What is damaged otherwise is left to the
/// parser.
void guard_dicom(const std::filesystem::path& path);

}  // namespace photo51::imaging
