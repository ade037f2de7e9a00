#include "fuzz/targets/target.hpp"
#include "imaging/dicom/header.hpp"
#include "imaging/masks/dicom_seg.hpp"
#include "imaging/masks/rtstruct.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"

/// What a DICOM object means: volumes and their units, segments, contours, cines, slides.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  using namespace photo51::imaging;
  return fuzz::checked([&] {
    const fuzz::MemoryFile file(bytes, count);
    const DicomHeader header = read_dicom_header(file.path());
    if (header.modality == "RTSTRUCT") {
      Geometry grid;
      grid.size = {16, 16, 4};
      std::vector<std::string> warnings;
      for (const Structure& structure : read_structure_set(file.path()).structures) {
        enclosed_mm3(structure);
        fuzz::checked([&] { rasterise(structure, grid, {}, warnings); });
      }
    } else if (header.modality == "SEG") {
      const Segmentation segmentation = read_segmentation(file.path());
      for (const Segment& segment : segmentation.segments) {
        segmentation.count(segment.number);
        if (!segmentation.on_slide) segmentation.mask_of(segment.number);
      }
    } else if (header.modality == "SM") {
      const Slide slide = open_slide(file.path());
      slide.read(0, 0, 0, 64, 64);
    } else if (header.modality == "US") {
      const Cine cine = read_cine(file.path());
      fuzz::checked([&] { seconds_a_frame(cine); });
      fuzz::checked([&] { mm_per_pixel(cine); });
    } else {
      read_volume(file.path());
    }
  });
}
