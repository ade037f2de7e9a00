#pragma once
/// The readers behind `read_volume`, one a file format. Each names the file in its errors.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/imaging/read.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

enum class Format { nifti, nrrd, meta, tiff, png, jpeg, dicom, unknown };
/// By the first bytes of the file, unpacked when gzipped. Error (data): missing, empty.
Format detect_format(const std::filesystem::path& path);
/// MetaImage has no magic number: the file begins with text lines `Key = value`, among them NDims.
bool is_meta_image(std::string_view bytes);

/// Error (data): a file of none of these formats.
[[noreturn]] void fail_format(const std::filesystem::path& path);

/// The header alone. Errors (data): damaged; a file of fewer bytes than it promises.
void check_nifti(const std::filesystem::path& path);
/// `keep_double` as in `ReadOptions`.
Volume read_nifti(const std::filesystem::path& path, bool keep_double = false);
/// The lines of an NRRD header, which Teem ends at `\n`, `\r` and both, up to the empty one. Error (data): no
/// end within the first megabyte.
std::vector<std::string> nrrd_header(const std::filesystem::path& path);
/// Error (data) when `read`, which MetaIO takes for ElementDataFile, is not what `referenced_files` went by.
void require_meta_data_field(const std::filesystem::path& path, const std::string& read);
/// NRRD and MetaImage.
Volume read_with_itk(const std::filesystem::path& path, Format format, bool keep_double = false);
Volume read_dicom_file(const std::filesystem::path& path, const ReadOptions& options);
/// `options.series` may be empty when the folder holds one series.
Volume read_dicom_folder(const std::filesystem::path& folder, const ReadOptions& options);

}  // namespace photo51::imaging
