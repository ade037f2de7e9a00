#include <set>

#include "config/limits.hpp"
#include "config/overloaded.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {
namespace {

Node number_node(double value) {
  return Node::scalar(core::format_number(value));
}

/// Text that YAML would read as something else keeps its quotes.
Node text_node(const std::string& text) {
  static const std::set<std::string> words{"",  "true", "false", "null", "Null", "NULL",
                                           "~", "yes",  "no",    "on",   "off"};
  return Node::scalar(text, words.contains(text) || core::parse_double(text).has_value());
}

class Dumper final : public Fields {
 public:
  Node node = Node::map();

  void visit(Field field) override {
    const auto list = [&](const auto& values, const auto& convert) {
      Node items = Node::sequence();
      for (const auto& value : values) items.items.push_back(convert(value));
      node.set(field.name, items);
    };
    std::visit(
        Overloaded{
            [&](bool* value) { node.set(field.name, Node::scalar(*value ? "true" : "false")); },
            [&](int64_t* value) { node.set(field.name, Node::scalar(std::to_string(*value))); },
            [&](double* value) { node.set(field.name, number_node(*value)); },
            [&](std::string* value) { node.set(field.name, text_node(*value)); },
            [&](std::filesystem::path* value) {
              if (!value->empty()) node.set(field.name, text_node(value->string()));
            },
            [&](std::optional<int64_t>* value) {
              if (*value) node.set(field.name, Node::scalar(std::to_string(**value)));
            },
            [&](std::optional<double>* value) {
              if (*value) node.set(field.name, number_node(**value));
            },
            [&](std::vector<std::string>* value) { list(*value, text_node); },
            [&](std::vector<double>* value) { list(*value, number_node); },
            [&](std::vector<int64_t>* value) {
              list(*value, [](int64_t v) { return Node::scalar(std::to_string(v)); });
            },
            [&](const Numbers& numbers) {
              list(std::vector<double>(numbers.values, numbers.values + numbers.count), number_node);
            },
            [&](const Section& section) {
              if (section.present && !section.present()) return;
              node.set(field.name, dump_section(section));
            },
            [&](const Group& group) {
              Node map = Node::map();
              for (const auto& key : group.keys()) map.set(key, dump_section(group.at(key)));
              node.set(field.name, map);
            },
            [&](const EnumField& value) {
              node.set(field.name, text_node(word_of(value.names, value.get())));
            },
            [&](const EnumList& values) {
              list(values.get(), [&](size_t value) { return text_node(word_of(values.names, value)); });
            },
            [&](const ChoiceField& choice) {
              if (!choice.choice->empty()) node.set(field.name, dump_choice(*choice.choice, choice.key));
            },
            [&](const ChoiceList& choices) {
              list(*choices.choices, [&](const Choice& choice) { return dump_choice(choice, choices.key); });
            },
            [&](const ChoiceGroup& group) {
              Node map = Node::map();
              for (const auto& [key, choice] : *group.choices) map.set(key, dump_choice(choice, group.key));
              node.set(field.name, map);
            },
        },
        field.value);
  }

 private:
  static Node dump_choice(const Choice& choice, const std::string& key) {
    Dumper inner;
    inner.node.set(key, text_node(choice.name));
    choice.options->describe_to(inner);
    return inner.node;
  }
};

}  // namespace

Node dump_section(const Section& section) {
  Dumper dumper;
  section.describe(dumper);
  return dumper.node;
}

}  // namespace photo51::config
