#include "imaging/dicom/series.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

bool is_image(const DicomHeader& h) {
  return h.has_pixels && h.modality != "SEG" && h.modality != "RTDOSE";
}

/// Refuses images that are of one series by its UID, or by the user's word, and cannot be.
void check_one_series(const std::vector<DicomHeader>& headers, const std::string& folder, bool merged) {
  const DicomHeader& first = headers[0];
  const auto same = [&](std::string DicomHeader::*text, const char* tag, bool blank_fits) {
    const DicomHeader* one = &first;
    for (const DicomHeader& h : headers) {
      const bool blank = (h.*text).empty() || (one->*text).empty();
      if (blank_fits && (one->*text).empty()) one = &h;
      if (h.*text == one->*text || (blank && blank_fits)) continue;
      core::fail_data(folder + ": " + one->name() + " and " + h.name() + " differ in " + tag +
                      (merged ? ", so they are no one series; move one of them to another folder"
                              : ", though their SeriesInstanceUID (0020,000E) is the same; move one of them "
                                "to another folder, or correct the headers"));
    }
  };
  same(&DicomHeader::patient_id, "PatientID (0010,0020)", true);
  same(&DicomHeader::modality, "Modality (0008,0060)", false);
  if (merged) {
    same(&DicomHeader::study_uid, "StudyInstanceUID (0020,000D)", true);
    same(&DicomHeader::series_description, "SeriesDescription (0008,103E)", false);
  } else if (headers.size() > 1 && first.series_uid.empty()) {
    core::fail_data(folder + ": " + std::to_string(headers.size()) +
                    " images have no SeriesInstanceUID (0020,000E), so which of them belong together is not "
                    "known; write one a series into the files, or, if all are one stack, name it as " +
                    folder + "#*");
  }
  for (const DicomHeader& h : headers)
    if (!h.damage.empty()) core::fail_data(h.damage);
}

/// How to name a stack whose images have a SeriesInstanceUID each.
std::string hint_of(const FolderSeries& found, const std::string& folder) {
  for (const auto& [uid, files] : found.images) {
    const DicomHeader& first = found.images.begin()->second[0];
    if (files.size() != 1 || files[0].modality != first.modality ||
        files[0].series_description != first.series_description)
      return {};
  }
  return "\neach image has a SeriesInstanceUID of its own, as some scanners write them: if they are one "
         "stack, name it as " +
         folder + "#*";
}

}  // namespace

std::string list_of(const std::map<std::string, std::vector<DicomHeader>>& series) {
  constexpr size_t kMost = 20;
  std::string lines;
  size_t count = 0;
  for (const auto& [uid, files] : series) {
    if (++count > kMost) return lines + "; and " + std::to_string(series.size() - kMost) + " more";
    lines += (lines.empty() ? " " : "; ") + (uid.empty() ? "(no UID)" : uid) + "  " + files[0].modality +
             " \"" + files[0].series_description + "\", " + std::to_string(files.size()) +
             (files.size() == 1 ? " file" : " files");
  }
  return lines;
}

FolderSeries find_series(const fs::path& folder, core::ThreadPool* pool) {
  std::vector<fs::path> paths;
  for (auto& path : core::regular_files_in(folder)) {
    const std::string name = path.filename().string();
    if (!name.starts_with(".") && name != "DICOMDIR") paths.push_back(std::move(path));
  }
  std::vector<std::optional<DicomHeader>> headers(paths.size());
  const auto read = [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const std::string suffix = paths[i].extension().string();
      const bool claims = suffix == ".dcm" || suffix == ".DCM" || suffix == ".ima" || suffix == ".IMA";
      if (!claims && (fs::file_size(paths[i]) == 0 || detect_format(paths[i]) != Format::dicom)) continue;
      headers[i] = look_at_dicom_header(paths[i]);
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
    if (is_image(*header)) found.images[header->series_uid].push_back(std::move(*header));
  }
  return found;
}

std::vector<DicomHeader> choose_series(FolderSeries found, const fs::path& folder,
                                       const std::string& wanted) {
  auto& series = found.images;
  if (series.empty()) {
    std::string below;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(folder, code))
      if (std::error_code looped; entry.is_directory(looped))
        below += (below.empty() ? "" : ", ") + entry.path().filename().string();
    core::fail_data(folder.string() + ": holds no DICOM image" +
                    (below.empty() ? "; name the folder of a series or an image file"
                                   : "; name the folder of a series (here are " + below + ")"));
  }
  const std::string name = folder.string();
  std::vector<DicomHeader> chosen;
  if (wanted == "*") {
    for (auto& [uid, files] : series) std::ranges::move(files, std::back_inserter(chosen));
    std::ranges::sort(chosen, {}, &DicomHeader::path);
  } else if (!wanted.empty()) {
    const auto place = series.find(wanted);
    if (place == series.end())
      core::fail_data(name + ": has no series " + wanted + "; it has" + list_of(series));
    chosen = std::move(place->second);
  } else if (series.size() > 1) {
    core::fail_data(name + ": holds " + std::to_string(series.size()) + " series; choose one as " + name +
                    "#SeriesInstanceUID:" + list_of(series) + hint_of(found, name));
  } else {
    chosen = std::move(series.begin()->second);
  }
  check_one_series(chosen, name, wanted == "*");
  return chosen;
}

}  // namespace photo51::imaging
