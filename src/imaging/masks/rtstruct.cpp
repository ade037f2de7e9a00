#include "imaging/masks/rtstruct.hpp"

#include <map>

#include "imaging/dicom/character_sets.hpp"
#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

void take_contours(DcmItem& roi, Structure& structure) {
  size_t i = 0;
  for (DcmItem* item : items_of(roi, DCM_ContourSequence)) {
    const size_t number = ++i;
    const std::string shape = text_of(*item, DCM_ContourGeometricType);
    const bool exclusive = shape == "CLOSEDPLANAR_XOR";
    if (!shape.starts_with("CLOSED_PLANAR") && !exclusive) {
      ++structure.other_shapes;
      continue;
    }
    const bool empty = text_of(*item, DCM_ContourData).empty();
    const std::vector<double> numbers = numbers_of(*item, DCM_ContourData);
    if (!empty && (numbers.empty() || numbers.size() % 3 != 0)) {
      if (structure.damage.empty())
        structure.damage = "contour " + std::to_string(number) + " of ROI `" + structure.name +
                           "` has a damaged ContourData (3006,0050)";
      continue;
    }
    if (numbers.size() < 9) {
      ++structure.degenerate;
      continue;
    }
    Contour contour{.points = {}, .number = number, .exclusive = exclusive};
    for (size_t k = 0; k < numbers.size(); k += 3)
      contour.points.push_back({numbers[k], numbers[k + 1], numbers[k + 2]});
    structure.contours.push_back(std::move(contour));
  }
}

std::vector<std::string> series_of(DcmItem& dataset) {
  std::vector<std::string> found;
  for (DcmItem* frame : items_of(dataset, DCM_ReferencedFrameOfReferenceSequence))
    for (DcmItem* study : items_of(*frame, DCM_RTReferencedStudySequence))
      for (DcmItem* series : items_of(*study, DCM_RTReferencedSeriesSequence))
        found.push_back(text_of(*series, DCM_SeriesInstanceUID));
  return found;
}

}  // namespace

StructureSet read_structure_set(const std::filesystem::path& path) {
  DcmFileFormat file;
  load_dicom(file, path);
  DcmItem& dataset = *file.getDataset();
  return core::with_context(path.string(), [&] {
    if (text_of(dataset, DCM_Modality) != "RTSTRUCT")
      core::fail_data("is not an RTSTRUCT: Modality (0008,0060) is `" + text_of(dataset, DCM_Modality) + "`");
    StructureSet set;
    std::map<int64_t, size_t> by_number;
    for (DcmItem* item : items_of(dataset, DCM_StructureSetROISequence)) {
      Structure structure;
      structure.number = integer_of(*item, DCM_ROINumber).value_or(0);
      structure.name = utf8_text_of(dataset, *item, DCM_ROIName);
      structure.frame_of_reference = text_of(*item, DCM_ReferencedFrameOfReferenceUID);
      by_number[structure.number] = set.structures.size();
      set.structures.push_back(std::move(structure));
    }
    for (DcmItem* item : items_of(dataset, DCM_ROIContourSequence)) {
      const auto found = by_number.find(integer_of(*item, DCM_ReferencedROINumber).value_or(-1));
      if (found != by_number.end()) take_contours(*item, set.structures[found->second]);
    }
    set.referenced_series = series_of(dataset);
    return set;
  });
}

}  // namespace photo51::imaging
