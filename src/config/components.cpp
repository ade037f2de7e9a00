#include "photo51/config/components.hpp"

#include <algorithm>

#include "photo51/core/error.hpp"

namespace photo51::config {
namespace {

bool is_identifier(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !is_digit(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace

void check_new_name(const Components& table, const std::string& name) {
  if (!is_identifier(name))
    core::fail_usage("a component cannot be called `" + name +
                     "`; take letters, digits and `_`, and begin with no digit");
  if (std::ranges::find(table, name, &Component::name) != table.end())
    core::fail_usage("there is a component `" + name + "` in this table already; take another name");
}

std::vector<std::string> names_of(const Components& components) {
  std::vector<std::string> names;
  for (const Component& component : components) names.push_back(component.name);
  return names;
}

Components joined(const Components& first, const Components& second) {
  Components all = first;
  for (const Component& component : second) {
    check_new_name(all, component.name);
    all.push_back(component);
  }
  return all;
}

}  // namespace photo51::config
