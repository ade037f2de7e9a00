#include "phantom/modalities.hpp"

#include <array>
#include <utility>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::phantom {
namespace {

constexpr std::array<std::pair<const char*, bool Modalities::*>, 8> kTable{
    {{"mri", &Modalities::mri},
     {"ct", &Modalities::ct},
     {"pet", &Modalities::pet},
     {"mammography", &Modalities::mammography},
     {"ultrasound", &Modalities::ultrasound},
     {"histopathology", &Modalities::histopathology},
     {"expression", &Modalities::expression},
     {"mutations", &Modalities::mutations}}};

}  // namespace

Modalities modalities_of(const PhantomOptions& options) {
  Modalities modalities;
  if (options.modalities.empty())
    for (const auto& [name, member] : kTable) modalities.*member = true;
  for (const std::string& asked : options.modalities) {
    bool known = false;
    std::vector<std::string> names;
    for (const auto& [name, member] : kTable) {
      names.emplace_back(name);
      if (asked != name) continue;
      known = modalities.*member = true;
    }
    if (!known)
      core::fail_usage("modalities: the phantom has no `" + asked + "`" + core::suggest(asked, names));
  }
  return modalities;
}

}  // namespace photo51::phantom
