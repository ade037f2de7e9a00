#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "imaging/dicom_image.hpp"
#include "imaging/dicom_pixels.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

using Series = std::map<std::string, std::vector<DicomHeader>>;

/// Image series in the folder by UID. Other DICOM objects (structure sets, reports) and other files are
/// passed over; a file that claims to be DICOM and cannot be read is an error.
Series find_series(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.starts_with(".") && name != "DICOMDIR")
      paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  Series series;
  for (const fs::path& path : paths) {
    const std::string suffix = path.extension().string();
    const bool claims = suffix == ".dcm" || suffix == ".DCM" || suffix == ".ima" || suffix == ".IMA";
    if (!claims && (fs::file_size(path) == 0 || detect_format(path) != Format::dicom)) continue;
    DicomHeader header = read_dicom_header(path);
    if (!header.has_pixels || header.modality == "SEG" || header.modality == "RTDOSE") continue;
    series[header.series_uid].push_back(std::move(header));
  }
  return series;
}

std::string list_of(const Series& series) {
  std::string lines;
  for (const auto& [uid, files] : series)
    lines += "\n  " + uid + "  " + files[0].modality + " \"" + files[0].series_description + "\", " +
             std::to_string(files.size()) + (files.size() == 1 ? " file" : " files");
  return lines;
}

std::vector<DicomHeader> choose(Series series, const fs::path& folder, const std::string& wanted) {
  if (series.empty()) {
    std::string below;
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_directory()) below += (below.empty() ? "" : ", ") + entry.path().filename().string();
    core::fail_data(folder.string() + ": holds no DICOM image" +
                    (below.empty() ? "; name the folder of a series or an image file"
                                   : "; name the folder of a series (here are " + below + ")"));
  }
  if (!wanted.empty()) {
    const auto found = series.find(wanted);
    if (found == series.end())
      core::fail_data(folder.string() + ": has no series " + wanted + "; it has" + list_of(series));
    return std::move(found->second);
  }
  if (series.size() > 1)
    core::fail_data(folder.string() + ": holds " + std::to_string(series.size()) + " series; choose one as " +
                    folder.string() + "#SeriesInstanceUID:" + list_of(series));
  return std::move(series.begin()->second);
}

at::Tensor stack(const std::vector<DicomHeader>& slices) {
  std::vector<at::Tensor> planes;
  planes.reserve(slices.size());
  bool whole = true, wide = false;
  for (const DicomHeader& slice : slices) {
    planes.push_back(read_values(slice));
    whole = whole && !at::isFloatingType(planes.back().scalar_type());
    wide = wide || planes.back().scalar_type() != planes.front().scalar_type();
  }
  if (wide)
    for (at::Tensor& plane : planes) plane = plane.to(whole ? at::kInt : at::kFloat);
  return at::stack(planes, 1);
}

Volume read_slices(std::vector<DicomHeader> slices, const fs::path& source) {
  for (const DicomHeader& slice : slices) require_plain_image(slice);
  Volume volume;
  volume.source = source.string();
  describe_values(slices.front(), volume);
  volume.geometry = place_slices(slices, volume);
  volume.data = stack(slices);
  if (volume.data.size(0) == 3) volume.channels = {"red", "green", "blue"};
  return volume;
}

}  // namespace

void require_plain_image(const DicomHeader& h) {
  const std::string where = h.path.string() + ": ";
  if (!h.has_pixels) core::fail_data(where + "has no pixels; it is a " + h.sop_class_name);
  if (h.modality == "SEG" || h.modality == "SM" || h.modality == "RTDOSE")
    core::fail_data(where + "is a " + h.sop_class_name + ", not an image volume");
  if (h.is_multiframe())
    core::fail_data(where + "holds " + std::to_string(h.frames) + " frames in one object (" +
                    h.sop_class_name + "); convert it to one file a slice or to NIfTI");
}

at::Tensor read_values(const DicomHeader& h) {
  if (h.modality == "CT" && (!h.slope || !h.intercept))
    core::fail_data(
        h.path.string() +
        ": a CT needs RescaleSlope (0028,1053) and RescaleIntercept (0028,1052) for Hounsfield units");
  const double slope = h.slope.value_or(1), intercept = h.intercept.value_or(0);
  if (slope == 0) core::fail_data(h.path.string() + ": RescaleSlope (0028,1053) is 0; correct it");
  return rescale(read_dicom_pixels(h)[0], slope, intercept);
}

void describe_values(const DicomHeader& h, Volume& volume) {
  volume.modality = h.kind();
  if (volume.modality == Modality::ct) {
    const bool hounsfield = h.rescale_type.empty() || h.rescale_type == "HU";
    volume.units = hounsfield ? Units::hounsfield : Units::unknown;
    if (!hounsfield) volume.warnings.push_back("RescaleType (0028,1054) is " + h.rescale_type + ", not HU");
  } else if (volume.modality == Modality::pet) {
    volume.units = h.units == "BQML" ? Units::becquerel_per_ml : Units::unknown;
  } else {
    volume.units = Units::arbitrary;
  }
  if (h.photometric == "MONOCHROME1")
    volume.warnings.emplace_back("MONOCHROME1: high values are shown dark; values are as stored");
  if (h.photometric == "PALETTE COLOR")
    volume.warnings.emplace_back("PALETTE COLOR: values are numbers of palette entries");
  if (h.photometric.starts_with("YBR"))
    volume.warnings.push_back("colours are stored as " + h.photometric + ", not RGB");
  if (h.has_modality_lut)
    volume.warnings.emplace_back("has a Modality LUT Sequence (0028,3000), which is not applied");
}

Volume read_dicom_file(const fs::path& path) {
  return read_slices({read_dicom_header(path)}, path);
}

Volume read_dicom_folder(const fs::path& folder, const std::string& series) {
  return read_slices(choose(find_series(folder), folder, series), folder);
}

}  // namespace photo51::imaging
