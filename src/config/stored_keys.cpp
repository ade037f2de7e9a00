#include "photo51/config/stored_keys.hpp"

#include <map>
#include <string>
#include <vector>

namespace photo51::config {
namespace {

/// The names of options, with those inside sections.
struct KeyTree final : Fields {
  void visit(Field field) override {
    KeyTree& inner = names[field.name];
    if (const auto* section = std::get_if<Section>(&field.value)) section->describe(inner);
  }
  std::map<std::string, KeyTree> names;
};

KeyTree keys_of(const Component& component) {
  KeyTree keys;
  component.make()->describe_to(keys);
  return keys;
}

void add_keys(KeyTree& all, const KeyTree& more) {
  for (const auto& [name, inner] : more.names) add_keys(all.names[name], inner);
}

void drop(Node& map, const KeyTree& own, const KeyTree& all) {
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

/// `field` says the table and the key of the map `choice`.
template <class ChoiceOf>
void drop_of_choice(Node& choice, const ChoiceOf& field) {
  const Node* chosen = choice.find(field.key);
  if (field.key == "name" || chosen == nullptr) return;
  KeyTree all;
  for (const Component& component : *field.components) add_keys(all, keys_of(component));
  for (const Component& component : *field.components)
    if (component.name == chosen->text) drop(choice, keys_of(component), all);
}

class Dropper final : public Fields {
 public:
  explicit Dropper(Node& map) : map_(map) {}

  void visit(Field field) override {
    Node* value = map_.find(field.name);
    if (value == nullptr) return;
    if (const auto* section = std::get_if<Section>(&field.value)) {
      drop_keys_of_others(*value, *section);
    } else if (const auto* group = std::get_if<Group>(&field.value)) {
      for (auto& [name, entry] : value->entries) drop_keys_of_others(entry, group->sample);
    } else if (const auto* choice = std::get_if<ChoiceField>(&field.value)) {
      drop_of_choice(*value, *choice);
    } else if (const auto* list = std::get_if<ChoiceList>(&field.value)) {
      for (auto& item : value->items) drop_of_choice(item, *list);
    } else if (const auto* choices = std::get_if<ChoiceGroup>(&field.value)) {
      for (auto& [name, entry] : value->entries) drop_of_choice(entry, *choices);
    }
  }

 private:
  Node& map_;
};

}  // namespace

void drop_keys_of_others(Node& document, const Section& section) {
  Dropper dropper(document);
  section.describe(dropper);
}

}  // namespace photo51::config
