#pragma once
/// One description, five uses. An option struct has a free function beside it,
///
///   void describe(config::Fields& f, AdamWOptions& o) {
///     f("lr", o.lr, "learning rate", {.min = 0});
///     f.check(o.lr > 0, "lr", "must be positive");
///   }
///
/// and from it come strict YAML parsing, the resolved dump, `photo51 describe`, the JSON schema and the
/// reference page. A default is the value the struct has when it is made.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "photo51/config/components.hpp"
#include "photo51/config/enums.hpp"

namespace photo51::config {

/// What a field's value must satisfy, and its unit, for messages and documentation.
struct Limits {
  std::optional<double> min{}, max{};  ///< inclusive
  std::string unit{};                  ///< "mm", "HU", "days"
  std::vector<std::string> one_of{};   ///< for text; of enums: only these of their names
  bool required = false;               ///< must be given
  bool lone = false;  ///< lists of text or enums: one value without brackets is a list of one
};

/// A nested struct; `present`/`set_present` are empty unless it is optional.
struct Section {
  std::function<void(Fields&)> describe;
  std::function<bool()> present;
  std::function<void(bool)> set_present;
};
/// Named sections: a YAML map whose keys the user chooses.
struct Group {
  std::function<std::vector<std::string>()> keys;
  std::function<void()> clear;
  std::function<Section(const std::string&)> at;  ///< makes it when absent
  Section sample;                                 ///< for documentation
};
struct ChoiceField {
  Choice* choice;
  const Components* components;
  std::string key;  ///< of the map, that names the component
};
struct ChoiceList {
  std::vector<Choice>* choices;
  const Components* components;
  std::string key;
};
/// Choices under names that the user makes up: `{mri: {name: resnet}, genes: snn}`.
struct ChoiceGroup {
  std::vector<std::pair<std::string, Choice>>* choices;
  const Components* components;
  std::string key;
};
/// A value of a fixed set of names; read and written as text, whose `limits.one_of` are the names.
struct EnumField {
  std::span<const std::string_view> names;
  std::function<size_t()> get;
  std::function<void(size_t)> set;
};
/// A list of such values.
struct EnumList {
  std::span<const std::string_view> names;
  std::function<std::vector<size_t>()> get;
  std::function<void(const std::vector<size_t>&)> set;
};
struct Numbers {  ///< exactly `count` numbers
  double* values;
  size_t count;
};

struct Field {
  using Value = std::variant<bool*, int64_t*, double*, std::string*, std::filesystem::path*,
                             std::optional<int64_t>*, std::optional<double>*, std::vector<std::string>*,
                             std::vector<double>*, std::vector<int64_t>*, EnumField, EnumList, Numbers,
                             Section, Group, ChoiceField, ChoiceList, ChoiceGroup>;
  std::string name, help;
  Limits limits;
  Value value;
};

class Fields {
 public:
  virtual ~Fields() = default;

  /// A scalar, a path (relative ones are taken from the config's own folder), an optional or a list of
  /// scalars.
  template <class T>
  void operator()(const char* name, T& value, const char* help, Limits limits = {}) {
    visit({name, help, std::move(limits), &value});
  }
  template <size_t N>
  void operator()(const char* name, std::array<double, N>& value, const char* help, Limits limits = {}) {
    visit({name, help, std::move(limits), Numbers{value.data(), N}});
  }
  /// A value of an enum with names, see enums.hpp.
  template <NamedEnum E>
  void operator()(const char* name, E& value, const char* help, Limits limits = {}) {
    const std::span<const std::string_view> names = enum_names(value);
    if (limits.one_of.empty()) limits.one_of.assign(names.begin(), names.end());
    visit({name, help, std::move(limits),
           EnumField{names, [&value] { return static_cast<size_t>(value); },
                     [&value](size_t place) { value = static_cast<E>(place); }}});
  }
  template <NamedEnum E>
  void operator()(const char* name, std::vector<E>& values, const char* help, Limits limits = {}) {
    const std::span<const std::string_view> names = enum_names(E{});
    if (limits.one_of.empty()) limits.one_of.assign(names.begin(), names.end());
    const auto get = [&values] {
      std::vector<size_t> places;
      for (const E value : values) places.push_back(static_cast<size_t>(value));
      return places;
    };
    const auto set = [&values](const std::vector<size_t>& places) {
      values.clear();
      for (const size_t place : places) values.push_back(static_cast<E>(place));
    };
    visit({name, help, std::move(limits), EnumList{names, get, set}});
  }
  template <class T>
  void section(const char* name, T& value, const char* help) {
    visit({name, help, {}, as_section(value)});
  }
  template <class T>
  void section(const char* name, std::optional<T>& value, const char* help) {
    auto fallback = std::make_shared<T>();  // describes an absent section
    visit({name,
           help,
           {},
           Section{[&value, fallback](Fields& f) { describe(f, value ? *value : *fallback); },
                   [&value] { return value.has_value(); },
                   [&value](bool on) {
                     if (on)
                       value.emplace();
                     else
                       value.reset();
                   }}});
  }
  template <class T>
  void group(const char* name, std::vector<std::pair<std::string, T>>& value, const char* help,
             Limits limits = {}) {
    auto sample = std::make_shared<T>();
    visit({name, help, std::move(limits),
           Group{[&value] {
                   std::vector<std::string> keys;
                   for (const auto& entry : value) keys.push_back(entry.first);
                   return keys;
                 },
                 [&value] { value.clear(); },
                 [&value](const std::string& key) {
                   for (auto& entry : value)
                     if (entry.first == key) return as_section(entry.second);
                   value.emplace_back(key, T{});
                   return as_section(value.back().second);
                 },
                 Section{[sample](Fields& f) { describe(f, *sample); }, {}, {}}}});
  }
  /// A component by the `key` of its map: `{name: resnet, depth: 18}`, or `resnet` alone. A value that is not
  /// empty before reading is what a map without that key means.
  void choice(const char* name, Choice& value, const Components& components, const char* help,
              Limits limits = {}, const char* key = "name") {
    visit({name, help, std::move(limits), ChoiceField{&value, &components, key}});
  }
  void choices(const char* name, std::vector<Choice>& value, const Components& components, const char* help,
               Limits limits = {}, const char* key = "name") {
    visit({name, help, std::move(limits), ChoiceList{&value, &components, key}});
  }
  void choice_group(const char* name, std::vector<std::pair<std::string, Choice>>& value,
                    const Components& components, const char* help, Limits limits = {},
                    const char* key = "name") {
    visit({name, help, std::move(limits), ChoiceGroup{&value, &components, key}});
  }
  /// A condition between fields: when parsing, an error at field `name` unless `holds`.
  virtual void check(bool holds, const char* name, const std::string& message);
  /// The same of the length of a list of numbers. Where it is too long, the message says that a decimal comma
  /// begins a new number: `[0,5, 0,7]` has four.
  void check_count(size_t given, size_t wanted, const char* name, const std::string& message);
  virtual void visit(Field field) = 0;

 private:
  template <class T>
  static Section as_section(T& value) {
    return Section{[&value](Fields& f) { describe(f, value); }, {}, {}};
  }
};

}  // namespace photo51::config
