#include "imaging/inspect/inspectors.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"

namespace photo51::imaging {

void inspect_mammogram(const std::filesystem::path& path, Inspection& found) {
  const MammogramFacts facts = read_mammogram_facts(path);
  std::string note = facts.laterality.empty() ? "laterality not known" : facts.laterality;
  note += " " + (facts.view.empty() ? "view not known" : facts.view);
  if (!facts.modifiers.empty()) note += " (" + core::join(facts.modifiers, ", ") + ")";
  note += ", " + (facts.intent.empty() ? "intent not known" : facts.intent);
  if (facts.tomosynthesis) note += ", tomosynthesis of " + std::to_string(facts.frames) + " frames";
  found.notes.push_back(std::move(note));
  if (facts.spacing)
    found.notes.push_back("in the breast " + plain((*facts.spacing)[0]) + " x " + plain((*facts.spacing)[1]) +
                          " mm a pixel, from " + facts.spacing_source);
  found.warnings.insert(found.warnings.end(), facts.warnings.begin(), facts.warnings.end());
}

}  // namespace photo51::imaging
