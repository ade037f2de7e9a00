#pragma once
/// Documentation made from descriptions: JSON schema, terminal help, Markdown.

#include <string>

#include "photo51/config/fields.hpp"

namespace photo51::config {

/// A JSON schema (2020-12) of the section, as text. It fits a file that extends others, or that others
/// extend: no key is required.
std::string json_schema(const Section& section, const std::string& title);
/// One line a field: `lr  number >= 0  [0.001]  learning rate`. Nested sections are indented when `deep`.
std::string field_lines(const Section& section, bool deep = true);
/// A Markdown table of the fields, nested ones with dotted names.
std::string field_table(const Section& section);

}  // namespace photo51::config
