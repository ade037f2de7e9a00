#include "photo51/config/read.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "config/limits.hpp"
#include "config/overloaded.hpp"
#include "photo51/config/migrate.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {

namespace {

/// Of a list that is longer than it should be.
std::string count_hint(size_t given, size_t wanted) {
  return given > wanted ? "; a decimal comma begins a new number, so write 0.5, not 0,5" : "";
}

constexpr size_t most_axes = 3;  ///< lists of numbers are rarely longer, unless they have decimal commas

}  // namespace

void Fields::check(bool /*holds*/, const char* /*name*/, const std::string& /*message*/) {}

void Fields::check_count(size_t given, size_t wanted, const char* name, const std::string& message) {
  check(given == wanted, name, message + count_hint(given, wanted));
}

namespace {

[[noreturn]] void fail_at(const Node& node, const std::string& key, const std::string& message) {
  core::fail_usage(node.where() + ": " + key + ": " + message);
}

void check_range(const Node& node, const std::string& key, const Limits& limits, double value,
                 const std::string& hint) {
  if (const auto problem = range_problem(limits, value); !problem.empty()) fail_at(node, key, problem + hint);
}

/// What is wrong with text that should be a number, as a remedy.
std::string number_hint(const Node& node) {
  return node.kind == Node::Kind::scalar && core::has_decimal_comma(node.text)
             ? "; write its decimals with a point"
             : "";
}

double read_double(const Node& node, const std::string& key, const Limits& limits,
                   const std::string& hint = "") {
  const auto value =
      node.kind == Node::Kind::scalar && !node.quoted ? core::parse_double(node.text) : std::nullopt;
  if (!value) fail_at(node, key, "expected a number, got " + node.kind_name() + number_hint(node));
  const auto& words = limits.one_of;  // that may stand for a number
  if (std::find(words.begin(), words.end(), node.text) != words.end()) return *value;
  if (!std::isfinite(*value)) fail_at(node, key, "must be a finite number, not " + node.text);
  check_range(node, key, limits, *value, hint);
  return *value;
}

int64_t read_int(const Node& node, const std::string& key, const Limits& limits) {
  const auto value =
      node.kind == Node::Kind::scalar && !node.quoted ? core::parse_int(node.text) : std::nullopt;
  if (!value) fail_at(node, key, "expected a whole number, got " + node.kind_name() + number_hint(node));
  check_range(node, key, limits, static_cast<double>(*value), "");
  return *value;
}

std::string read_text(const Node& node, const std::string& key, const Limits& limits) {
  if (node.kind != Node::Kind::scalar) fail_at(node, key, "expected text, got " + node.kind_name());
  if (const auto problem = word_problem(limits, node.text); !problem.empty()) fail_at(node, key, problem);
  return node.text;
}

/// `text`, which `read_text` took, among the names.
size_t place_of(std::span<const std::string_view> names, const std::string& text) {
  return static_cast<size_t>(std::ranges::find(names, text) - names.begin());
}

const std::vector<Node>& read_list(const Node& node, const std::string& key) {
  if (node.kind != Node::Kind::sequence) fail_at(node, key, "expected a list, got " + node.kind_name());
  return node.items;
}

std::vector<std::string> read_texts(const Node& node, const std::string& key, const Limits& limits) {
  std::vector<std::string> texts;
  if (limits.lone && node.kind == Node::Kind::scalar) {
    if (!node.text.empty()) texts.push_back(read_text(node, key, limits));
    return texts;
  }
  for (const auto& item : read_list(node, key)) texts.push_back(read_text(item, key, limits));
  return texts;
}

/// Whether a name that the user made up was taken away. Error where there was nothing to take.
bool is_removed(const Node& entry, const std::string& key) {
  if (entry.kind != Node::Kind::null || entry.text.empty()) return false;
  if (!entry.removed) fail_at(entry, key, "there is nothing of this name to take away");
  return true;
}

std::vector<std::string> field_names(const std::function<void(Fields&)>& describe) {
  struct Names final : Fields {
    void visit(Field field) override { names.push_back(field.name); }
    std::vector<std::string> names;
  } names;
  describe(names);
  return names.names;
}

/// How a map chose its component.
struct Chosen {
  std::string key, name;  ///< `modality`, `mri`
  const Components& components;
};

/// Of a key that is not the chosen component's; `known` are its own.
std::string unknown_key(const std::string& key, const std::vector<std::string>& known, const Chosen* chosen) {
  if (chosen == nullptr || chosen->key == "name") return "unknown key" + core::suggest(key, known);
  std::vector<std::string> owners;
  for (const Component& component : chosen->components) {
    const auto names = field_names([&](Fields& f) { component.make()->describe_to(f); });
    if (std::ranges::find(names, key) != names.end()) owners.push_back(component.name);
  }
  return "unknown key where `" + chosen->key + "` is `" + chosen->name + "`" +
         (owners.empty() ? core::suggest(key, known) : "; it belongs to " + core::join(owners, ", "));
}

class Reader final : public Fields {
 public:
  Reader(const Node& node, std::string prefix) : node_(node), prefix_(std::move(prefix)) {
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null)
      fail_at(node, prefix_.empty() ? "config" : prefix_, "expected a map of keys, got " + node.kind_name());
  }

  /// What names a component is read by its choice.
  void allow(const std::string& name) { known_.push_back(name); }

  /// Error for a key that is none of those that are known; `chosen` is null of a section.
  void finish(const Chosen* chosen) const {
    for (const auto& [key, value] : node_.entries)
      if (std::find(known_.begin(), known_.end(), key) == known_.end())
        fail_at(value, dotted(prefix_, key), unknown_key(key, known_, chosen));
  }

  void check(bool holds, const char* name, const std::string& message) override {
    if (holds) return;
    const Node* at = node_.find(name);
    fail_at(at != nullptr ? *at : node_, dotted(prefix_, name), message);
  }

  void visit(Field field) override;

 private:
  const Node& node_;
  std::string prefix_;
  std::vector<std::string> known_;
};

/// `chosen` is null of a section.
void read_into(const Node& node, const std::string& prefix, const std::function<void(Fields&)>& describe,
               const Chosen* chosen = nullptr) {
  Reader reader(node, prefix);
  if (chosen != nullptr) reader.allow(chosen->key);
  // Unknown keys are found first by a dry pass, so that a misspelt key is not reported as a missing one.
  for (const auto& name : field_names(describe)) reader.allow(name);
  reader.finish(chosen);
  describe(reader);
}

/// `field` says the table and the key of the map.
template <class ChoiceOf>
void read_choice(const Node& node, const std::string& key, Choice& choice, const ChoiceOf& field) {
  const Components& components = *field.components;
  const Node* name = node.kind == Node::Kind::map ? node.find(field.key) : &node;
  if (name != nullptr && name != &node && name->kind == Node::Kind::null) name = nullptr;
  if (name == nullptr && choice.empty()) {
    std::vector<std::string> valid;
    for (const auto& component : components) valid.push_back(component.name);
    fail_at(node, key, "needs a `" + field.key + "`: " + core::join(valid, ", "));
  }
  if (name != nullptr && name->kind != Node::Kind::scalar)
    fail_at(node, key, "expected a name or {" + field.key + ": …}, got " + node.kind_name());
  if (name != nullptr)
    if (const auto problem = component_problem(components, name->text); !problem.empty())
      fail_at(*name, key, problem);
  // Where only options are given, they belong to the default.
  Choice fresh = default_choice(components, name != nullptr ? name->text : choice.name);
  const Chosen chosen{field.key, fresh.name, components};
  if (node.kind == Node::Kind::map)
    read_into(
        node, key, [&](Fields& f) { fresh.options->describe_to(f); }, &chosen);
  choice = fresh;
}

void Reader::visit(Field field) {
  known_.push_back(field.name);
  const Node* found = node_.find(field.name);
  const std::string key = dotted(prefix_, field.name);
  const bool absent = found == nullptr || found->kind == Node::Kind::null;
  if (absent && field.limits.required)
    fail_at(found != nullptr ? *found : node_, key, "is missing: " + field.help);
  if (absent) {
    if (found != nullptr)
      if (auto* section = std::get_if<Section>(&field.value); section != nullptr && section->set_present)
        section->set_present(false);
    if (auto* section = std::get_if<Section>(&field.value); section != nullptr && !section->set_present) {
      Node empty = Node::map();  // what the section requires is missing all the same
      empty.file = node_.file;
      empty.line = node_.line;
      read_into(empty, key, section->describe);
    }
    return;
  }
  const Node& node = *found;
  const Limits& limits = field.limits;
  std::visit(
      Overloaded{
          [&](bool* value) {
            if (node.text != "true" && node.text != "false")
              fail_at(node, key, "expected true or false, got " + node.kind_name());
            *value = node.text == "true";
          },
          [&](int64_t* value) { *value = read_int(node, key, limits); },
          [&](double* value) { *value = read_double(node, key, limits); },
          [&](std::string* value) { *value = read_text(node, key, limits); },
          [&](std::filesystem::path* value) {
            *value = read_text(node, key, limits);
            const auto base =
                node.file ? std::filesystem::path(*node.file).parent_path() : std::filesystem::path();
            if (value->is_relative()) *value = std::filesystem::absolute(base / *value).lexically_normal();
          },
          [&](std::optional<int64_t>* value) { *value = read_int(node, key, limits); },
          [&](std::optional<double>* value) { *value = read_double(node, key, limits); },
          [&](std::vector<std::string>* value) { *value = read_texts(node, key, limits); },
          [&](std::vector<double>* value) {
            value->clear();
            const std::string hint = count_hint(read_list(node, key).size(), most_axes);
            for (const auto& item : read_list(node, key))
              value->push_back(read_double(item, key, limits, hint));
          },
          [&](std::vector<int64_t>* value) {
            value->clear();
            for (const auto& item : read_list(node, key)) value->push_back(read_int(item, key, limits));
          },
          [&](const Numbers& numbers) {
            const auto& items = read_list(node, key);
            if (items.size() != numbers.count)
              fail_at(node, key,
                      "expected " + std::to_string(numbers.count) + " numbers, got " +
                          std::to_string(items.size()) + count_hint(items.size(), numbers.count));
            for (size_t i = 0; i < numbers.count; ++i) numbers.values[i] = read_double(items[i], key, limits);
          },
          [&](const Section& section) {
            if (section.set_present) section.set_present(true);
            if (node.kind == Node::Kind::scalar && limits.lone) {  // `normalize: zscore`
              Node opened = Node::map();
              opened.file = node.file;
              opened.line = node.line;
              opened.set(field_names(section.describe).at(0), node);
              read_into(opened, key, section.describe);
              return;
            }
            read_into(node, key, section.describe);
          },
          [&](const Group& group) {
            if (node.kind != Node::Kind::map)
              fail_at(node, key, "expected a map of names, got " + node.kind_name());
            group.clear();
            for (const auto& [name, entry] : node.entries)
              if (!is_removed(entry, dotted(key, name)))
                read_into(entry, dotted(key, name), group.at(name).describe);
          },
          [&](const EnumField& value) { value.set(place_of(value.names, read_text(node, key, limits))); },
          [&](const EnumList& values) {
            std::vector<size_t> places;
            for (const auto& text : read_texts(node, key, limits))
              places.push_back(place_of(values.names, text));
            values.set(places);
          },
          [&](const ChoiceField& choice) { read_choice(node, key, *choice.choice, choice); },
          [&](const ChoiceList& list) {
            list.choices->clear();
            for (const auto& item : read_list(node, key))
              read_choice(item, key, list.choices->emplace_back(), list);
          },
          [&](const ChoiceGroup& group) {
            if (node.kind != Node::Kind::map)
              fail_at(node, key, "expected a map of names, got " + node.kind_name());
            group.choices->clear();
            for (const auto& [name, entry] : node.entries)
              if (!is_removed(entry, dotted(key, name)))
                read_choice(entry, dotted(key, name), group.choices->emplace_back(name, Choice{}).second,
                            group);
          },
      },
      field.value);
}

}  // namespace

void read_section(const Node& node, const Section& section) {
  refuse_renamed(node, choice_keys(section));  // before it is an unknown key
  read_into(node, "", section.describe);
}

Choice default_choice(const Components& components, const std::string& name) {
  for (const auto& component : components)
    if (component.name == name) return {name, component.make()};
  core::fail_usage(component_problem(components, name));
}

}  // namespace photo51::config
