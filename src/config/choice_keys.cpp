#include "photo51/config/choice_keys.hpp"

#include <algorithm>

#include "photo51/config/read.hpp"

namespace photo51::config {
namespace {

constexpr const char* any_name = "*";

void add(ChoiceKeys& keys, const std::string& entry, ChoiceKeys found) {
  const ChoiceKeys usual;
  if (found.key == usual.key && found.below.empty()) return;
  const auto same = std::ranges::find(keys.below, entry, &ChoiceKeys::Entry::first);
  if (same == keys.below.end()) {
    keys.below.push_back({entry, std::move(found)});
    return;
  }
  if (found.key != usual.key) same->second.key = found.key;
  for (auto& [name, below] : found.below) add(same->second, name, std::move(below));
}

ChoiceKeys under_any_name(ChoiceKeys keys) {
  ChoiceKeys outer;
  add(outer, any_name, std::move(keys));
  return outer;
}

class Collector final : public Fields {
 public:
  using Tables = std::vector<const Components*>;
  explicit Collector(Tables open = {}) : open_(std::move(open)) {}

  void visit(Field field) override {
    if (const auto* section = std::get_if<Section>(&field.value)) {
      add(keys, field.name, inside(section->describe));
    } else if (const auto* group = std::get_if<Group>(&field.value)) {
      add(keys, field.name, under_any_name(inside(group->sample.describe)));
    } else if (const auto* choice = std::get_if<ChoiceField>(&field.value)) {
      add(keys, field.name, inside(*choice->components, choice->key));
    } else if (const auto* list = std::get_if<ChoiceList>(&field.value)) {
      add(keys, field.name, under_any_name(inside(*list->components, list->key)));
    } else if (const auto* choices = std::get_if<ChoiceGroup>(&field.value)) {
      add(keys, field.name, under_any_name(inside(*choices->components, choices->key)));
    }
  }

  ChoiceKeys keys;

 private:
  ChoiceKeys inside(const std::function<void(Fields&)>& describe) const {
    Collector inner(open_);
    describe(inner);
    return std::move(inner.keys);
  }

  ChoiceKeys inside(const Components& components, const std::string& key) const {
    Collector inner(open_);
    // A component may hold one of its own table, without end.
    if (std::ranges::find(open_, &components) == open_.end()) {
      inner.open_.push_back(&components);
      for (const Component& component : components) component.make()->describe_to(inner);
    }
    inner.keys.key = key;
    return std::move(inner.keys);
  }

  Tables open_;  ///< whose components are being looked at
};

}  // namespace

const ChoiceKeys& ChoiceKeys::of(std::string_view entry) const {
  static const ChoiceKeys usual;
  const ChoiceKeys* any = &usual;
  for (const auto& [name, keys] : below) {
    if (name == entry) return keys;
    if (name == any_name) any = &keys;
  }
  return *any;
}

ChoiceKeys choice_keys(const Section& section) {
  Collector collector;
  section.describe(collector);
  return std::move(collector.keys);
}

}  // namespace photo51::config
