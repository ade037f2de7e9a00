#include "photo51/imaging/privacy.hpp"

#include <mutex>
#include <set>

#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/dicom_guard.hpp"
#include "imaging/dicom_identity.hpp"
#include "imaging/dicom_select.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

void look(const fs::path& path, std::set<std::string>& names) {
  if (detect_format(path) != Format::dicom) return;
  // Everything that is looked for stands before the pixels, most of it in the first 2 kB.
  static std::once_flag once;
  std::call_once(once, [] { OFLog::configure(OFLogger::OFF_LOG_LEVEL); });
  try {
    guard_dicom(path);
  } catch (const core::Error&) {
    return;  // reading the image says why
  }
  DcmFileFormat file;
  if (file.loadFileUntilTag(path.c_str(), EXS_Unknown, EGL_noChange, 4096, ERM_autoDetect,
                            DcmTagKey(0x0028, 0x0302))
          .bad())
    return;
  DcmDataset& dataset = *file.getDataset();
  for (std::string& name : identity_in(dataset)) names.insert(std::move(name));
  if (text_of(dataset, DCM_BurnedInAnnotation) == "YES") names.insert("BurnedInAnnotation");
}

}  // namespace

std::vector<std::string> identifying_elements(const fs::path& path) {
  std::set<std::string> names;
  const fs::path place = split_choice(path).first;
  std::error_code code;
  if (fs::is_directory(place, code)) {
    for (const fs::path& file : core::regular_files_in(place))
      if (fs::file_size(file, code) > 0) look(file, names);
  } else if (fs::is_regular_file(place, code) && fs::file_size(place, code) > 0) {
    look(place, names);
  }
  return {names.begin(), names.end()};
}

}  // namespace photo51::imaging
