#pragma once
/// Texts of the formats that are not DICOM and have no list of what tells who the patient is: every one of
/// them is named that is neither a dummy nor plainly technical (text.hpp). Names, never values.
/// Errors (data): a header that cannot be looked through to its end.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "imaging/privacy/dicom.hpp"

namespace photo51::imaging {

/// Texts of the header, and what stands between it and the voxels: extensions.
Findings identity_of_nifti(const std::filesystem::path& path);
/// Comments, keys of their own and `content`.
Findings identity_of_nrrd(const std::filesystem::path& path);
/// Keys that are no part of the image's geometry.
Findings identity_of_meta(const std::filesystem::path& path);
/// ASCII tags, XMP, IPTC, the EXIF and GPS directories, of all directories and SubIFDs; of an
/// ImageDescription its keys.
Findings identity_of_tiff(const std::filesystem::path& path);
/// Texts, dates, EXIF and what follows the image.
Findings identity_of_png(const std::filesystem::path& path);
/// Comments, EXIF, XMP and IPTC before the pixels; `thorough`: also among and behind them, which reads the
/// whole file.
Findings identity_of_jpeg(const std::filesystem::path& path, bool thorough);

/// Bytes of a file or of a block, from an offset; fewer at its end.
using ReadAt = std::function<size_t(uint64_t offset, void* to, size_t count)>;
/// Of a TIFF, or of an EXIF block, which is one.
Findings identity_of_tags(const ReadAt& read);
/// Of an ImageDescription: `aperio.User` of Aperio's, `OME Experimenter` of OME-XML's, `ImageDescription`
/// of any other text.
Findings identity_of_description(const std::string& text);

/// Whether bytes hold a word of `letters` letters or more, of ASCII or of UTF-16.
bool holds_words(std::span<const char> bytes, size_t letters = 4);

}  // namespace photo51::imaging
