#include <ATen/core/Tensor.h>

#include "imaging/inspectors.hpp"
#include "imaging/segmentation.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {

void inspect_segmentation(const std::filesystem::path& path, Inspection& found,
                          const InspectOptions& /*options*/) {
  const Segmentation seg = read_segmentation(path);
  found.units = Units::label;
  if (!seg.on_slide) {
    found.size = seg.geometry.size;
    found.spacing = seg.geometry.spacing;
  }
  for (const Segment& segment : seg.segments) {
    const int64_t voxels = seg.count(segment.number);
    const std::string name = "segment " + std::to_string(segment.number) + " " + segment.label;
    found.notes.push_back(
        name + ", " + std::to_string(voxels) + (seg.on_slide ? " pixels" : " voxels") +
        (seg.on_slide ? ""
                      : ", " + core::format_fixed(static_cast<double>(voxels) * seg.voxel_ml(), 2) + " ml"));
    if (voxels == 0) found.warnings.push_back(name + " is empty");
  }
  for (const std::string& series : seg.referenced_series) found.notes.push_back("drawn on series " + series);
  if (seg.referenced_series.empty())
    found.warnings.emplace_back("ReferencedSeriesSequence (0008,1115) does not say what it was drawn on");
}

}  // namespace photo51::imaging
