#include "photo51/imaging/inspect/check.hpp"

#include "imaging/dicom/select.hpp"
#include "imaging/readers.hpp"
#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

void require_files(const fs::path& folder) {
  std::error_code code;
  for (fs::recursive_directory_iterator at(folder, code), end; at != end && !code; at.increment(code))
    if (at->is_regular_file(code) && at->file_size(code) > 0) return;
  core::fail_data(folder.string() +
                  (code ? ": cannot be read: " + code.message()
                        : std::string(": the folder holds no file; name the folder of a series or a file")));
}

}  // namespace

void check_header(const fs::path& path) {
  const fs::path place = split_choice(path).first;
  std::error_code code;
  if (fs::is_directory(place, code)) return require_files(place);
  const Format format = detect_format(place);
  if (format == Format::nifti) check_nifti(place);
  if (format == Format::meta || format == Format::nrrd)
    for (const fs::path& voxels : referenced_files(place)) core::require_regular_file(voxels);
  if (format == Format::unknown) fail_format(place);
}

void check_slide(const fs::path& path) {
  const fs::path place = split_choice(path).first;
  std::error_code code;
  if (fs::is_directory(place, code)) return require_files(place);
  const Format format = detect_format(place);  // a pipe or an empty file before OpenSlide meets it
  const bool known = format == Format::tiff || format == Format::dicom || format == Format::jpeg ||
                     format == Format::png || !openslide_vendor(place).empty();
  if (!known)
    core::fail_data(place.string() +
                    ": is not a slide that can be read (OpenSlide formats, TIFF, DICOM whole slide, JPEG or "
                    "PNG)");
}

}  // namespace photo51::imaging
