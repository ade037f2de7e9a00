#pragma once
/// Configs of earlier versions: names that have changed since are errors, and a file can be given today's.
/// docs/migrating.md lists them.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/config/node.hpp"

namespace photo51::config {

/// Error (usage) at the first name of an earlier version in a whole config: where it stands, what it is
/// called today, and the command that changes it. `keys` as the document's description has them.
void refuse_renamed(const Node& document, const ChoiceKeys& keys = {});

/// Today's name of an estimator, which what an earlier version fitted is stored under its old one.
std::string current_estimator(const std::string& name);

/// What a config becomes, and what changes in it: "f.yaml:3: PLACE.OLD -> NEW".
struct Migration {
  std::string text;
  std::vector<std::string> changes;
};
/// Comments, order and layout of `text` stay. `merged` is the document with what it extends. Error (usage)
/// with file:line where a name stands in a way that cannot be changed alone, such as behind an alias.
Migration migrate(std::string_view text, const std::string& source, const Node& merged,
                  const ChoiceKeys& keys = {});

/// Changes a file, and keeps it as it was in FILE.bak; returns the changes. Where there are none nothing is
/// written. Errors: usage (no config, as of `migrate`, FILE.bak exists and is something else), run (disk).
std::vector<std::string> migrate_file(const std::filesystem::path& file, const Node& merged,
                                      const ChoiceKeys& keys = {});

}  // namespace photo51::config
