#include "config/limits.hpp"

#include <algorithm>

#include "photo51/core/text.hpp"

namespace photo51::config {

std::string dotted(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

std::string range_problem(const Limits& limits, double value) {
  const std::string unit = limits.unit.empty() ? "" : " " + limits.unit;
  if (limits.min && !(value >= *limits.min))
    return "must be at least " + core::format_number(*limits.min) + unit + ", not " +
           core::format_number(value);
  if (limits.max && !(value <= *limits.max))
    return "must be at most " + core::format_number(*limits.max) + unit + ", not " +
           core::format_number(value);
  return "";
}

std::string word_problem(const Limits& limits, const std::string& text) {
  const auto& words = limits.one_of;
  if (words.empty() || std::ranges::find(words, text) != words.end()) return "";
  return "`" + text + "` is not a valid value" + core::suggest(text, words) + "; it takes " +
         core::join(words, ", ");
}

std::string component_problem(const Components& components, const std::string& name) {
  std::vector<std::string> names;
  for (const Component& component : components) {
    if (component.name == name) return "";
    names.push_back(component.name);
  }
  return "there is no `" + name + "`" + core::suggest(name, names);
}

std::string word_of(std::span<const std::string_view> names, size_t value) {
  return value < names.size() ? std::string(names[value]) : "";
}

}  // namespace photo51::config
