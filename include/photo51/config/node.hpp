#pragma once
/// A configuration document: what YAML said, with the file and line of every value. Made by `load_document`,
/// read through `Fields` only.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "photo51/config/choice_keys.hpp"

namespace photo51::config {

struct Node {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string text;     ///< of a scalar; of nothing as it was written: "~", "null", or "" when left empty
  bool quoted = false;  ///< the scalar stood in quotes: a string whatever it looks like
  std::vector<Node> items;
  struct Entry;
  std::vector<Entry> entries;               ///< of a map, in file order
  std::shared_ptr<const std::string> file;  ///< null for values made by the program
  int line = 0;
  /// Where the text of its file has it, and its key if it has one: bytes from the beginning, without a byte
  /// order mark; -1 = nowhere. Of an alias it is the place of what the alias names.
  int64_t at = -1, key_at = -1;

  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  Node& set(std::string_view key, Node value);  ///< adds or replaces an entry
  void erase(std::string_view key);
  /// "fusion.yaml:12", or "command line" for an override.
  std::string where() const;
  /// Nothing that took away an entry of a base.
  bool removed = false;
  /// "a map", "a list", "the text `abc`", "nothing", for messages.
  std::string kind_name() const;

  static Node scalar(std::string text, bool quoted = false);
  static Node map();
  static Node sequence();
};

struct Node::Entry {
  std::string first;
  Node second;
};

/// Parses YAML text; `source` is its name in messages. Error (usage) with file:line: syntax, a key that
/// stands twice in a map, a second document, text that is not UTF-8, more than 100,000 values or 16 MiB of
/// text, or nested more than 100 deep. Anchors are resolved, and count as often as they are named.
Node parse_yaml(std::string_view text, const std::string& source);
/// What to do with a key without a value: PyRadiomics's parameter files mean something by it, configs do not.
enum class EmptyValues { refuse, keep };
/// Reads a file and what it `extends:` (one path or a list, relative to the file; later ones win, the file
/// itself wins over all). Maps merge key by key; a list, a scalar, and a map whose key of `keys` differs
/// (`name` everywhere else: it chooses another component) replace; `~` or `null` takes an entry away, so that
/// its default holds. Each file is read once. Error (usage): missing file or no file of text, more than 16
/// MiB of it, cycle, a key without a value (`train:`).
Node load_document(const std::filesystem::path& path, EmptyValues empty = EmptyValues::refuse,
                   const ChoiceKeys& keys = {});
/// The same of a file that a program wrote, or a stranger: `extends` is an error, too.
Node load_lone_document(const std::filesystem::path& path);
/// The file and all that it extends. Errors as of `load_document`.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& path);
/// Applies `a.b.c=value` (the value is YAML; list items by number; `null` takes the entry away). A component
/// that is named alone becomes a map by its key of `keys` where the path goes on into it. Error (usage) on
/// bad syntax and on an empty value.
void apply_override(Node& document, const std::string& assignment, const ChoiceKeys& keys = {});
/// `over` merged onto `base` by the rules of `extends:`. What was taken away stays as nothing, so that its
/// key is still checked.
Node merge(const Node& base, const Node& over, const ChoiceKeys& keys = {});
/// The document as YAML text.
std::string to_yaml(const Node& node);

}  // namespace photo51::config
