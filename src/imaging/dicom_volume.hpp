#pragma once
/// DICOM objects to one volume.

#include <vector>

#include "imaging/dicom_frames.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {

/// One file with what is known of its frames; `values` are undefined until they are decoded.
struct DicomObject {
  DicomHeader header;
  std::vector<DicomFrame> frames;
  at::Tensor values;  ///< [frames, samples, rows, columns] after rescale
};
DicomObject make_object(DicomHeader header);

/// Decodes what is not decoded yet, releasing each header's file, and places all frames on one grid.
/// `source` is the file or folder, for messages. Errors (data): what place_planes and read_values refuse.
Volume make_dicom_volume(std::vector<DicomObject> objects, const std::string& source,
                         const ReadOptions& options);

}  // namespace photo51::imaging
