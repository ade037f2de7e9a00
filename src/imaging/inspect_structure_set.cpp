#include <map>

#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/inspectors.hpp"

namespace photo51::imaging {

void inspect_structure_set(const std::filesystem::path& path, Inspection& found,
                           const InspectOptions& /*options*/) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  std::map<std::string, size_t> contours;
  for (size_t i = 0; i < count_items(dataset, DCM_ROIContourSequence); ++i)
    if (DcmItem* roi = item_of(dataset, DCM_ROIContourSequence, i))
      contours[text_of(*roi, DCM_ReferencedROINumber)] += count_items(*roi, DCM_ContourSequence);
  const size_t count = count_items(dataset, DCM_StructureSetROISequence);
  for (size_t i = 0; i < count; ++i) {
    DcmItem* roi = item_of(dataset, DCM_StructureSetROISequence, i);
    if (roi == nullptr) continue;
    const size_t drawn = contours[text_of(*roi, DCM_ROINumber)];
    const std::string name = text_of(*roi, DCM_ROIName);
    found.notes.push_back("structure " + name + ", " + std::to_string(drawn) + " contours");
    if (drawn == 0) found.warnings.push_back("structure " + name + " has no contours");
  }
  if (count == 0) found.warnings.emplace_back("its StructureSetROISequence (3006,0020) is empty");
}

}  // namespace photo51::imaging
