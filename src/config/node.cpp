#include "photo51/config/node.hpp"

#include <algorithm>
#include <unordered_map>

namespace photo51::config {

const Node* Node::find(std::string_view key) const {
  for (const auto& entry : entries)
    if (entry.first == key) return &entry.second;
  return nullptr;
}

Node* Node::find(std::string_view key) {
  for (auto& entry : entries)
    if (entry.first == key) return &entry.second;
  return nullptr;
}

Node& Node::set(std::string_view key, Node value) {
  if (Node* old = find(key)) return *old = std::move(value);
  entries.push_back({std::string(key), std::move(value)});
  return entries.back().second;
}

void Node::erase(std::string_view key) {
  std::erase_if(entries, [&](const auto& entry) { return entry.first == key; });
}

std::string Node::where() const {
  if (!file) return "command line";
  return line > 0 ? *file + ":" + std::to_string(line) : *file;
}

std::string Node::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "`" + text + "`";
    case Kind::sequence:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "";
}

Node Node::scalar(std::string text, bool quoted) {
  Node node;
  node.kind = Kind::scalar;
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}

Node Node::map() {
  Node node;
  node.kind = Kind::map;
  return node;
}

Node Node::sequence() {
  Node node;
  node.kind = Kind::sequence;
  return node;
}

Node merge(const Node& base, const Node& over, const ChoiceKeys& keys) {
  if (base.kind != Node::Kind::map || over.kind != Node::Kind::map) return over;
  const Node* old_name = base.find(keys.key);
  const Node* new_name = over.find(keys.key);
  if (old_name != nullptr && new_name != nullptr && old_name->text != new_name->text) return over;
  std::unordered_map<std::string_view, size_t> place_of;
  for (size_t i = 0; i < base.entries.size(); ++i) place_of.emplace(base.entries[i].first, i);
  Node merged = base;
  merged.file = over.file;
  merged.line = over.line;
  for (const auto& [key, value] : over.entries) {
    const auto place = place_of.find(key);
    if (place == place_of.end()) {
      merged.entries.push_back({key, value});
      continue;
    }
    Node& now = merged.entries[place->second].second;
    now = merge(base.entries[place->second].second, value, keys.of(key));
    if (now.kind == Node::Kind::null) now.removed = true;
  }
  return merged;
}

}  // namespace photo51::config
