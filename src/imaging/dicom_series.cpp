#include "imaging/dicom_series.hpp"

#include <algorithm>

#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

std::string list_of(const FolderSeries& found) {
  std::string lines;
  for (const auto& [uid, files] : found.images)
    lines += "\n  " + uid + "  " + files[0].modality + " \"" + files[0].series_description + "\", " +
             std::to_string(files.size()) + (files.size() == 1 ? " file" : " files");
  return lines;
}

bool is_image(const DicomHeader& h) {
  return h.has_pixels && h.modality != "SEG" && h.modality != "RTDOSE";
}

}  // namespace

FolderSeries find_series(const fs::path& folder, core::ThreadPool* pool) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.starts_with(".") && name != "DICOMDIR")
      paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::optional<DicomHeader>> headers(paths.size());
  const auto read = [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const std::string suffix = paths[i].extension().string();
      const bool claims = suffix == ".dcm" || suffix == ".DCM" || suffix == ".ima" || suffix == ".IMA";
      if (!claims && (fs::file_size(paths[i]) == 0 || detect_format(paths[i]) != Format::dicom)) continue;
      headers[i] = read_dicom_header(paths[i]);
    }
  };
  const auto count = static_cast<int64_t>(paths.size());
  if (pool != nullptr)
    pool->parallel_for(count, 4, read);
  else
    read(0, count);
  FolderSeries found;
  for (auto& header : headers) {
    if (!header) continue;
    found.identifying.insert(header->identifying.begin(), header->identifying.end());
    if (is_image(*header)) found.images[header->series_uid].push_back(std::move(*header));
  }
  return found;
}

std::vector<DicomHeader> choose_series(FolderSeries found, const fs::path& folder,
                                       const std::string& wanted) {
  auto& series = found.images;
  if (series.empty()) {
    std::string below;
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_directory()) below += (below.empty() ? "" : ", ") + entry.path().filename().string();
    core::fail_data(folder.string() + ": holds no DICOM image" +
                    (below.empty() ? "; name the folder of a series or an image file"
                                   : "; name the folder of a series (here are " + below + ")"));
  }
  if (!wanted.empty()) {
    const auto chosen = series.find(wanted);
    if (chosen == series.end())
      core::fail_data(folder.string() + ": has no series " + wanted + "; it has" + list_of(found));
    return std::move(chosen->second);
  }
  if (series.size() > 1)
    core::fail_data(folder.string() + ": holds " + std::to_string(series.size()) + " series; choose one as " +
                    folder.string() + "#SeriesInstanceUID:" + list_of(found));
  return std::move(series.begin()->second);
}

}  // namespace photo51::imaging
