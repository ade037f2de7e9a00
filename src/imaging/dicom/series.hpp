#pragma once
/// The image series of a folder.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "imaging/dicom/header.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::imaging {

struct FolderSeries {
  std::map<std::string, std::vector<DicomHeader>> images;  ///< by SeriesInstanceUID, files in name order
};

/// Image series in the folder itself. Other DICOM objects (structure sets, reports, segmentations, doses) and
/// other files are passed over. Error (data): a file that claims to be DICOM and cannot be read.
FolderSeries find_series(const std::filesystem::path& folder, core::ThreadPool* pool = nullptr);

/// A line a series, after a line break each: UID, modality, description, number of files.
std::string list_of(const std::map<std::string, std::vector<DicomHeader>>& series);

/// The series `wanted`, or the only one when `wanted` is empty; `*` takes all images as one series, whatever
/// their SeriesInstanceUID, when they have the same description. Errors (data) that list what is there: no
/// image, no such series, several, images without a SeriesInstanceUID, of several patients or of several
/// modalities, a header of the series that is damaged.
std::vector<DicomHeader> choose_series(FolderSeries found, const std::filesystem::path& folder,
                                       const std::string& wanted);

}  // namespace photo51::imaging
