#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/inspectors.hpp"

namespace photo51::imaging {

void inspect_cine(const std::filesystem::path& path, Inspection& found, const InspectOptions& /*options*/) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  if (const auto time = number_of(dataset, DCM_FrameTime))
    found.notes.push_back(core::format_number(*time) + " ms a frame");
  const size_t regions = count_items(dataset, DCM_SequenceOfUltrasoundRegions);
  if (regions > 0)
    found.notes.push_back(std::to_string(regions) + " calibrated regions");
  else
    found.warnings.emplace_back(
        "no SequenceOfUltrasoundRegions (0018,6011): the size of a pixel is not known");
}

}  // namespace photo51::imaging
