#pragma once
/// How large a YAML document is, before it is built.

#include <string>

namespace photo51::config {

/// Error (usage) with its place in `source` when the document, with every alias in place of what it names,
/// has more than 100,000 values, more than 16 MiB of text, or stands more than 100 deep; also at an alias
/// inside what it names. Throws YAML::Exception when it is no YAML.
void check_yaml_size(const std::string& text, const std::string& source);

}  // namespace photo51::config
