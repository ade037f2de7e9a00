#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "imaging/dicom/functional_groups.hpp"
#include "imaging/dicom/header.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"

#include <ATen/core/Tensor.h>

/// A DICOM file's header, frames and pixels, which are as many as the header says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  using namespace photo51::imaging;
  return fuzz::checked([&] {
    const fuzz::MemoryFile file(bytes, count);
    const DicomHeader header = read_dicom_header(file.path());
    if (!header.has_pixels) return;
    require_pixels(header);
    if (read_frames(header).size() != static_cast<size_t>(header.frames)) std::abort();
    const at::Tensor pixels = read_dicom_pixels(header);
    if (pixels.size(0) != header.frames || pixels.size(2) != header.rows || pixels.size(3) != header.columns)
      std::abort();
  });
}
