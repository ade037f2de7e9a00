#include <cmath>
#include <map>
#include <set>

#include "imaging/inspect/inspectors.hpp"
#include "imaging/masks/grid.hpp"
#include "imaging/masks/rtstruct.hpp"

namespace photo51::imaging {

void inspect_structure_set(const std::filesystem::path& path, Inspection& found,
                           const InspectOptions& /*options*/) {
  const StructureSet set = read_structure_set(path);
  std::set<std::string> frames;
  std::map<std::string, int> names;
  for (const Structure& structure : set.structures) {
    const std::string name = "structure " + std::to_string(structure.number) + " " + structure.name;
    std::string note = name + ", " + std::to_string(structure.contours.size()) + " contours";
    const double volume = enclosed_mm3(structure);
    if (std::isfinite(volume) && volume > 0) note += ", " + cubic_mm(volume);
    if (structure.other_shapes > 0)
      note += ", " + std::to_string(structure.other_shapes) + " points or open lines";
    found.notes.push_back(note);
    if (structure.contours.empty() && structure.other_shapes == 0)
      found.warnings.push_back(name + " has no contours");
    if (structure.degenerate > 0)
      found.warnings.push_back(name + ": " + std::to_string(structure.degenerate) +
                               " contour(s) have fewer than three points and are left out");
    if (!structure.damage.empty()) found.warnings.push_back(structure.damage);
    if (++names[structure.name] == 2)
      found.warnings.push_back("several structures are named " + structure.name +
                               "; choose one by its number, as #" + std::to_string(structure.number));
    frames.insert(structure.frame_of_reference);
  }
  if (set.structures.empty()) found.warnings.emplace_back("its StructureSetROISequence (3006,0020) is empty");
  if (frames.size() > 1) found.warnings.emplace_back("its structures lie in several frames of reference");
  for (const std::string& series : set.referenced_series) found.notes.push_back("drawn on series " + series);
  if (set.referenced_series.empty())
    found.warnings.emplace_back(
        "ReferencedFrameOfReferenceSequence (3006,0010) does not say what it was drawn on");
}

}  // namespace photo51::imaging
