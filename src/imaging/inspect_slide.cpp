#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/inspectors.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {

void inspect_slide(const std::filesystem::path& path, Inspection& found, const InspectOptions& /*options*/) {
  if (detect_format(path) != Format::dicom) {
    found.warnings.emplace_back("a whole-slide image: its pixels were not looked at");
    return;
  }
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  const auto columns = integer_of(dataset, DCM_TotalPixelMatrixColumns);
  const auto rows = integer_of(dataset, DCM_TotalPixelMatrixRows);
  if (!columns || !rows || *columns < 1 || *rows < 1)
    core::fail_data(path.string() +
                    ": a slide needs TotalPixelMatrixColumns (0048,0006) and TotalPixelMatrixRows "
                    "(0048,0007); export it again");
  found.size = {*columns, *rows, 1};
}

}  // namespace photo51::imaging
