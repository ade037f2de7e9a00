#include <ATen/ops/eq.h>
#include <ATen/ops/sum.h>

#include <cmath>

#include "imaging/inspect/inspectors.hpp"
#include "imaging/masks/dicom_seg.hpp"
#include "imaging/masks/grid.hpp"
#include "imaging/masks/nrrd_segments.hpp"
#include "imaging/readers.hpp"

namespace photo51::imaging {

void inspect_segmentation(const std::filesystem::path& path, Inspection& found,
                          const InspectOptions& /*options*/) {
  const Segmentation seg = read_segmentation(path);
  found.units = Units::label;
  if (!seg.on_slide) {
    found.size = seg.geometry.size;
    found.spacing = seg.geometry.spacing;
    if (!seg.step_known) (*found.spacing)[2] = std::nan("");
  }
  for (const Segment& segment : seg.segments) {
    const int64_t voxels = seg.count(segment.number);
    const std::string name = "segment " + std::to_string(segment.number) + " " + segment.label;
    const double volume = static_cast<double>(voxels) * seg.voxel_mm3();
    found.notes.push_back(name + ", " + std::to_string(voxels) + (seg.on_slide ? " pixels" : " voxels") +
                          (std::isfinite(volume) ? ", " + cubic_mm(volume) : ""));
    if (voxels == 0) found.warnings.push_back(name + " is empty");
  }
  found.warnings.insert(found.warnings.end(), seg.warnings.begin(), seg.warnings.end());
  if (!seg.on_slide && !seg.step_known)
    found.notes.emplace_back(
        "its one slice does not say how far it is to the next; with the image that it was drawn on, the "
        "image's "
        "slices do");
  for (const std::string& series : seg.referenced_series) found.notes.push_back("drawn on series " + series);
  if (seg.referenced_series.empty())
    found.warnings.emplace_back("ReferencedSeriesSequence (0008,1115) does not say what it was drawn on");
}

void inspect_segments(const std::filesystem::path& path, const Volume& volume, Inspection& found) {
  if (detect_format(path) != Format::nrrd) return;
  const auto& spacing = volume.geometry.spacing;
  for (const NrrdSegment& segment : nrrd_segments(path)) {
    std::string note = "segment " + std::to_string(segment.value) + " " + segment.name + ", layer " +
                       std::to_string(segment.layer);
    if (segment.layer >= 0 && segment.layer < volume.data.size(0)) {
      const auto voxels = volume.data[segment.layer].eq(segment.value).sum().item<int64_t>();
      note += ", " + std::to_string(voxels) + " voxels, " +
              cubic_mm(static_cast<double>(voxels) * spacing[0] * spacing[1] * spacing[2]);
    }
    found.notes.push_back(std::move(note));
  }
}

}  // namespace photo51::imaging
