#include "photo51/config/validate.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <set>
#include <span>
#include <typeinfo>

#include "config/limits.hpp"
#include "config/overloaded.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {
namespace {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : type.name();
}

[[noreturn]] void fail(const std::string& key, const std::string& problem) {
  core::fail_usage(key + ": " + problem);
}

/// Whether a word of a number, such as `nan`, means this value.
bool is_word(const Limits& limits, double value) {
  return std::ranges::any_of(limits.one_of, [&](const std::string& word) {
    const auto meant = core::parse_double(word);
    return meant && (*meant == value || (std::isnan(*meant) && std::isnan(value)));
  });
}

void check_number(const std::string& key, const Limits& limits, double value) {
  if (is_word(limits, value)) return;
  if (!std::isfinite(value)) fail(key, "must be a finite number, not " + core::format_number(value));
  if (const auto problem = range_problem(limits, value); !problem.empty()) fail(key, problem);
}

void check_integer(const std::string& key, const Limits& limits, int64_t value) {
  check_number(key, limits, static_cast<double>(value));
}

void check_word(const std::string& key, const Limits& limits, const std::string& text) {
  if (const auto problem = word_problem(limits, text); !problem.empty()) fail(key, problem);
}

void check_enum(const std::string& key, const Limits& limits, std::span<const std::string_view> names,
                size_t value) {
  if (value >= names.size())
    fail(key, "is the number " + std::to_string(value) + ", which has no name; it takes " +
                  core::join(limits.one_of, ", "));
  check_word(key, limits, word_of(names, value));
}

void check_names(const std::string& key, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const auto& name : names)
    if (!seen.insert(name).second) fail(key, "the name `" + name + "` stands twice");
}

class Validator final : public Fields {
 public:
  explicit Validator(std::string prefix) : prefix_(std::move(prefix)) {}

  void check(bool holds, const char* name, const std::string& message) override {
    if (!holds) fail(dotted(prefix_, name), message);
  }
  void visit(Field field) override;

 private:
  std::string prefix_;
};

void check_choice(const std::string& key, const Choice& choice, const Components& components) {
  if (const auto problem = component_problem(components, choice.name); !problem.empty()) fail(key, problem);
  if (choice.options == nullptr)
    fail(key, "`" + choice.name + "` comes without options; make it with config::choose or default_choice");
  const auto& wanted = default_choice(components, choice.name).options->type();
  if (const auto& given = choice.options->type(); given != wanted)
    fail(key, "`" + choice.name + "` has the options " + type_name(wanted) + ", and was given " +
                  type_name(given));
  validate_section({[&](Fields& f) { choice.options->describe_to(f); }, {}, {}}, key);
}

void Validator::visit(Field field) {
  const std::string key = dotted(prefix_, field.name);
  const Limits& limits = field.limits;
  const auto require = [&](bool given) {
    if (limits.required && !given) fail(key, "is missing: " + field.help);
  };
  std::visit(Overloaded{
                 [](bool*) {},
                 [&](int64_t* value) { check_integer(key, limits, *value); },
                 [&](double* value) { check_number(key, limits, *value); },
                 [&](std::string* value) {
                   require(!value->empty());
                   check_word(key, limits, *value);
                 },
                 [&](std::filesystem::path* value) { require(!value->empty()); },
                 [&](std::optional<int64_t>* value) {
                   if (*value) check_integer(key, limits, **value);
                 },
                 [&](std::optional<double>* value) {
                   if (*value) check_number(key, limits, **value);
                 },
                 [&](std::vector<std::string>* values) {
                   for (const auto& value : *values) check_word(key, limits, value);
                 },
                 [&](std::vector<double>* values) {
                   for (const double value : *values) check_number(key, limits, value);
                 },
                 [&](std::vector<int64_t>* values) {
                   for (const int64_t value : *values) check_integer(key, limits, value);
                 },
                 [&](const EnumField& value) { check_enum(key, limits, value.names, value.get()); },
                 [&](const EnumList& values) {
                   for (const size_t value : values.get()) check_enum(key, limits, values.names, value);
                 },
                 [&](const Numbers& numbers) {
                   for (size_t i = 0; i < numbers.count; ++i) check_number(key, limits, numbers.values[i]);
                 },
                 [&](const Section& section) {
                   if (!section.present || section.present()) validate_section(section, key);
                 },
                 [&](const Group& group) {
                   const auto names = group.keys();
                   check_names(key, names);
                   for (const auto& name : names) validate_section(group.at(name), dotted(key, name));
                 },
                 [&](const ChoiceField& choice) {
                   require(!choice.choice->empty());
                   if (!choice.choice->empty()) check_choice(key, *choice.choice, *choice.components);
                 },
                 [&](const ChoiceList& list) {
                   for (const auto& choice : *list.choices) check_choice(key, choice, *list.components);
                 },
                 [&](const ChoiceGroup& group) {
                   std::vector<std::string> names;
                   for (const auto& [name, choice] : *group.choices) names.push_back(name);
                   check_names(key, names);
                   for (const auto& [name, choice] : *group.choices)
                     check_choice(dotted(key, name), choice, *group.components);
                 },
             },
             field.value);
}

}  // namespace

void validate_section(const Section& section, const std::string& what) {
  Validator validator(what);
  section.describe(validator);
}

}  // namespace photo51::config
