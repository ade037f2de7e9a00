// Configs that a program wrote, today or before, as today's modalities read them.
#include <algorithm>
#include <map>

#include "data/modality/modality.hpp"

namespace photo51::data {
namespace {

/// The names of options, with those inside sections.
struct Keys final : config::Fields {
  void visit(config::Field field) override {
    Keys& inner = names[field.name];
    if (const auto* section = std::get_if<config::Section>(&field.value)) section->describe(inner);
  }
  std::map<std::string, Keys> names;
};

void add(Keys& all, const Keys& more) {
  for (const auto& [name, inner] : more.names) add(all.names[name], inner);
}

Keys keys_of(const Modality& row) {
  Keys keys;
  row.component.make()->describe_to(keys);
  return keys;
}

void drop(config::Node& map, const Keys& own, const Keys& all) {
  std::vector<std::string> others;
  for (auto& [key, value] : map.entries) {
    const auto known = all.names.find(key);
    if (known == all.names.end()) continue;
    if (const auto mine = own.names.find(key); mine != own.names.end())
      drop(value, mine->second, known->second);
    else
      others.push_back(key);
  }
  for (const auto& key : others) map.erase(key);
}

/// Calls `body` with each input of the document that names a modality, and its row.
template <class Body>
void each_input(config::Node& document, Body body) {
  auto* inputs = document.find("inputs");
  if (inputs == nullptr) return;
  for (auto& [name, input] : inputs->entries) {
    const config::Node* chosen = input.find(modality_key);
    if (chosen == nullptr) continue;
    for (const Modality* row : all_modalities())
      if (row->component.name == chosen->text) body(input, *row);
  }
}

}  // namespace

void drop_keys_of_other_modalities(config::Node& document) {
  Keys all;
  for (const Modality* row : all_modalities()) add(all, keys_of(*row));
  each_input(document, [&](config::Node& input, const Modality& row) { drop(input, keys_of(row), all); });
}

void drop_keys_of_training(config::Node& document) {
  each_input(document, [](config::Node& input, const Modality& row) {
    for (const auto& key : row.training_keys) input.erase(key);
  });
}

}  // namespace photo51::data
