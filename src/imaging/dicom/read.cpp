#include "imaging/dicom/image.hpp"
#include "imaging/dicom/mr_channels.hpp"
#include "imaging/dicom/series.hpp"
#include "imaging/dicom/volume.hpp"
#include "imaging/readers.hpp"

namespace photo51::imaging {

Volume read_dicom_objects(std::vector<DicomHeader> headers, const std::string& source,
                          const ReadOptions& options) {
  std::vector<DicomObject> objects;
  objects.reserve(headers.size());
  for (DicomHeader& header : headers) {
    require_volume(header);
    objects.push_back(make_object(std::move(header)));
    require_units(objects.back().header, objects.back().frames);
  }
  require_same_values(objects);
  if (options.dicom.duplicates == RepeatedSlices::error)
    if (auto channels = read_mr_channels(objects, source, options)) return std::move(*channels);
  return make_dicom_volume(std::move(objects), source, options);
}

Volume read_dicom_file(const std::filesystem::path& path, const ReadOptions& options) {
  std::vector<DicomHeader> headers;
  headers.push_back(read_dicom_header(path));
  return read_dicom_objects(std::move(headers), path.string(), options);
}

Volume read_dicom_folder(const std::filesystem::path& folder, const ReadOptions& options) {
  return read_dicom_objects(choose_series(find_series(folder, options.pool), folder, options.series),
                            folder.string(), options);
}

}  // namespace photo51::imaging
