// Configs that a program wrote, as prediction reads them.
#include "data/modality/modality.hpp"

namespace photo51::data {

void drop_keys_of_training(config::Node& document) {
  auto* inputs = document.find("inputs");
  if (inputs == nullptr) return;
  for (auto& [name, input] : inputs->entries) {
    const config::Node* chosen = input.find(modality_key);
    if (chosen == nullptr) continue;
    for (const Modality* row : all_modalities())
      if (row->component.name == chosen->text)
        for (const auto& key : row->training_keys) input.erase(key);
  }
}

}  // namespace photo51::data
