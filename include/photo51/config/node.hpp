#pragma once
/// A configuration document: what YAML said, with the file and line of every value. Made by `load_document`,
/// read through `Fields` only.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace photo51::config {

struct Node {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string text;     ///< of a scalar
  bool quoted = false;  ///< the scalar stood in quotes: a string whatever it looks like
  std::vector<Node> items;
  struct Entry;
  std::vector<Entry> entries;               ///< of a map, in file order
  std::shared_ptr<const std::string> file;  ///< null for values made by the program
  int line = 0;

  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  Node& set(std::string_view key, Node value);  ///< adds or replaces an entry
  void erase(std::string_view key);
  /// "fusion.yaml:12", or "command line" for an override.
  std::string where() const;
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

/// Parses YAML text; `source` is its name in messages. Error (usage) with file:line. Anchors are resolved; a
/// key that stands twice in a map is an error.
Node parse_yaml(std::string_view text, const std::string& source);
/// Reads a file and what it `extends:` (one path or a list, relative to the file; later ones win, the file
/// itself wins over all). Maps merge key by key; a list, a scalar, and a component whose `name` differs
/// replace; `~` removes. Error (usage): missing file, cycle.
Node load_document(const std::filesystem::path& path);
/// The file and all that it extends. Errors as of `load_document`.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& path);
/// Applies `a.b.c=value` (the value is YAML; list items by number). Error (usage) on bad syntax.
void apply_override(Node& document, const std::string& assignment);
/// `over` merged onto `base` by the rules of `extends:`.
Node merge(const Node& base, const Node& over);
/// The document as YAML text.
std::string to_yaml(const Node& node);

}  // namespace photo51::config
