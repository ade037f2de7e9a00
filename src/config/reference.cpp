#include "photo51/config/reference.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "photo51/config/read.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {
namespace {

using Json = nlohmann::ordered_json;

struct ReferenceCollector final : Fields {
  void visit(Field field) override { fields.push_back(std::move(field)); }
  std::vector<Field> fields;
};

std::vector<Field> fields_of(const Section& section) {
  ReferenceCollector collector;
  section.describe(collector);
  return collector.fields;
}

template <class T>
const T* value_of(const Field& field) {
  return std::get_if<T>(&field.value);
}

bool is_integer(const Field& field) {
  return value_of<int64_t*>(field) || value_of<std::optional<int64_t>*>(field) ||
         value_of<std::vector<int64_t>*>(field);
}
bool is_number(const Field& field) {
  return is_integer(field) || value_of<double*>(field) || value_of<std::optional<double>*>(field) ||
         value_of<std::vector<double>*>(field) || value_of<Numbers>(field);
}
bool is_list(const Field& field) {
  return value_of<std::vector<std::string>*>(field) || value_of<std::vector<double>*>(field) ||
         value_of<std::vector<int64_t>*>(field) || value_of<EnumList>(field) || value_of<Numbers>(field);
}

Section section_of(const Component& component) {
  const std::shared_ptr<Options> options = component.make();
  return Section{[options](Fields& f) { options->describe_to(f); }, {}, {}};
}

/// The tables whose components are being written.
using Tables = std::vector<const Components*>;

Json schema_of(const Section& section, const Tables& open);

/// `choice` says the table and the key of the map.
template <class ChoiceOf>
Json choice_schema(const ChoiceOf& choice, Tables open) {
  const Components& components = *choice.components;
  Json names = Json::array();
  Json any = Json::array();
  for (const auto& component : components) names.push_back(component.name);
  any.push_back({{"enum", names}});
  if (std::ranges::find(open, &components) != open.end()) {  // a component that holds one of its own table
    any.push_back({{"type", "object"}, {"properties", {{choice.key, {{"enum", names}}}}}});
    return {{"anyOf", any}};
  }
  open.push_back(&components);
  for (const auto& component : components) {
    Json object = schema_of(section_of(component), open);
    object["properties"][choice.key] = {{"const", component.name}, {"description", component.help}};
    any.push_back(object);
  }
  return {{"anyOf", any}};
}

Json field_schema(const Field& field, const Tables& open) {
  if (const auto* section = value_of<Section>(field)) {
    Json object = schema_of(*section, open);
    if (!field.limits.lone) return object;
    const Json bare = object["properties"][fields_of(*section).at(0).name];
    return {{"anyOf", {bare, object}}};
  }
  if (const auto* group = value_of<Group>(field))
    return {{"type", "object"}, {"additionalProperties", schema_of(group->sample, open)}};
  if (const auto* choice = value_of<ChoiceField>(field)) return choice_schema(*choice, open);
  if (const auto* choices = value_of<ChoiceList>(field))
    return {{"type", "array"}, {"items", choice_schema(*choices, open)}};
  if (const auto* choices = value_of<ChoiceGroup>(field))
    return {{"type", "object"}, {"additionalProperties", choice_schema(*choices, open)}};
  Json scalar;
  if (value_of<bool*>(field)) {
    scalar["type"] = "boolean";
  } else if (is_number(field)) {
    scalar["type"] = is_integer(field) ? "integer" : "number";
    if (field.limits.min) scalar["minimum"] = *field.limits.min;
    if (field.limits.max) scalar["maximum"] = *field.limits.max;
    if (const auto& words = field.limits.one_of; !words.empty())
      scalar = {{"anyOf", {scalar, {{"enum", words}}}}};
  } else if (!field.limits.one_of.empty()) {
    scalar["enum"] = field.limits.one_of;
  } else {
    scalar["type"] = {"string", "number",
                      "boolean"};  // YAML reads a bare 1 as a number; as text it is welcome
  }
  if (!is_list(field)) return scalar;
  Json list = {{"type", "array"}, {"items", scalar}};
  if (field.limits.lone) return {{"anyOf", {scalar, list}}};
  if (const auto* numbers = value_of<Numbers>(field)) list["minItems"] = list["maxItems"] = numbers->count;
  return list;
}

/// Says of no key that it is required: bases may give what a file itself leaves out, at any depth.
Json schema_of(const Section& section, const Tables& open) {
  Json properties = Json::object();
  for (const auto& field : fields_of(section)) {
    Json schema = field_schema(field, open);
    schema["description"] = field.help + (field.limits.unit.empty() ? "" : " [" + field.limits.unit + "]");
    properties[field.name] = schema;
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

/// "one of: concat, gated"; where another key than `name` chooses, it is named.
template <class ChoiceOf>
std::string choice_text(const std::string& what, const ChoiceOf& choice) {
  std::vector<std::string> names;
  for (const auto& component : *choice.components) names.push_back(component.name);
  const std::string by = choice.key == "name" ? "" : " (by " + choice.key + ")";
  return what + by + ": " + core::join(names, ", ");
}

std::string type_text(const Field& field) {
  std::string text;
  if (const auto* section = value_of<Section>(field))
    return field.limits.lone ? "section, or its " + fields_of(*section).at(0).name : "section";
  if (value_of<Group>(field)) return "map of names";
  if (const auto* choice = value_of<ChoiceField>(field)) return choice_text("one of", *choice);
  if (const auto* list = value_of<ChoiceList>(field)) return choice_text("list of", *list);
  if (const auto* group = value_of<ChoiceGroup>(field)) return choice_text("map of names to one of", *group);
  if (value_of<bool*>(field)) {
    text = "true/false";
  } else if (is_number(field)) {
    text = is_integer(field) ? "integer" : "number";
  } else if (value_of<std::filesystem::path*>(field)) {
    text = "path";
  } else {
    text = field.limits.one_of.empty() ? "text" : core::join(field.limits.one_of, " | ");
  }
  if (const auto* numbers = value_of<Numbers>(field)) {
    text = std::to_string(numbers->count) + " " + text + "s";
  } else if (is_list(field)) {
    text = "list of " + text;
  }
  if (field.limits.min) text += " >= " + core::format_number(*field.limits.min);
  if (field.limits.max)
    text += (field.limits.min ? ", <= " : " <= ") + core::format_number(*field.limits.max);
  if (!field.limits.unit.empty()) text += " " + field.limits.unit;
  return text;
}

std::string default_text(const Field& field) {
  if (field.limits.required) return "required";
  if (const auto* choice = value_of<ChoiceField>(field)) return choice->choice->name;
  if (value_of<Section>(field) || value_of<Group>(field) || value_of<ChoiceGroup>(field)) return "";
  const Node node = dump_section(Section{[&](Fields& f) { f.visit(field); }, {}, {}});
  const Node* value = node.find(field.name);
  if (value == nullptr) return "";
  if (value->kind != Node::Kind::sequence) return value->text;
  std::vector<std::string> items;
  for (const auto& item : value->items) items.push_back(item.text);
  return "[" + core::join(items, ", ") + "]";
}

void lines(const Section& section, const std::string& indent, bool deep, std::string& out) {
  for (const auto& field : fields_of(section)) {
    const std::string standard = default_text(field);
    out += indent + field.name + "  (" + type_text(field) + ")" +
           (standard.empty() ? "" : " [" + standard + "]") + "  " + field.help + "\n";
    if (!deep) continue;
    if (const auto* nested = value_of<Section>(field)) lines(*nested, indent + "  ", deep, out);
    if (const auto* group = value_of<Group>(field)) lines(group->sample, indent + "  <name>.", deep, out);
  }
}

std::string escape_cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

void rows(const Section& section, const std::string& prefix, std::string& out) {
  for (const auto& field : fields_of(section)) {
    const std::string name = prefix + field.name;
    out += "| `" + name + "` | " + escape_cell(type_text(field)) + " | " + escape_cell(default_text(field)) +
           " | " + escape_cell(field.help) + " |\n";
    if (const auto* nested = value_of<Section>(field)) rows(*nested, name + ".", out);
    if (const auto* group = value_of<Group>(field)) rows(group->sample, name + ".<name>.", out);
  }
}

}  // namespace

std::string json_schema(const Section& section, const std::string& title) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(schema_of(section, {}));
  schema["properties"]["extends"] = {{"type", {"string", "array"}},
                                     {"description", "config(s) this one extends"}};
  return schema.dump(2) + "\n";
}

std::string field_lines(const Section& section, bool deep) {
  std::string out;
  lines(section, "  ", deep, out);
  return out;
}

std::string field_table(const Section& section) {
  std::string out = "| key | type | default | what it is |\n|---|---|---|---|\n";
  rows(section, "", out);
  return out;
}

}  // namespace photo51::config
