#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/inspectors.hpp"

namespace photo51::imaging {

void inspect_segmentation(const std::filesystem::path& path, Inspection& found,
                          const InspectOptions& /*options*/) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  const size_t count = count_items(dataset, DCM_SegmentSequence);
  for (size_t i = 0; i < count; ++i)
    if (DcmItem* segment = item_of(dataset, DCM_SegmentSequence, i))
      found.notes.push_back("segment " + text_of(*segment, DCM_SegmentNumber) + " " +
                            text_of(*segment, DCM_SegmentLabel));
  if (count == 0) found.warnings.emplace_back("its SegmentSequence (0062,0002) is empty");
}

}  // namespace photo51::imaging
