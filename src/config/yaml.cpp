// The only file that sees yaml-cpp.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>

#include "photo51/config/node.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {
namespace {

using Source = std::shared_ptr<const std::string>;

/// Aliases may stand inside what they name, and multiply: neither may fill the memory.
constexpr int kDeepest = 100;
constexpr int kMostValues = 100'000;

Node convert(const YAML::Node& yaml, const Source& source, int depth, int& values) {
  Node node;
  node.file = source;
  node.line = yaml.Mark().line + 1;
  if (depth > kDeepest)
    core::fail_usage(node.where() + ": is nested more than " + std::to_string(kDeepest) +
                     " deep; does an anchor stand inside itself?");
  if (++values > kMostValues)
    core::fail_usage(node.where() + ": the document has more than " + std::to_string(kMostValues) +
                     " values; do its aliases multiply?");
  switch (yaml.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      break;
    case YAML::NodeType::Scalar:
      node.kind = Node::Kind::scalar;
      node.text = yaml.Scalar();
      node.quoted = yaml.Tag() == "!";
      break;
    case YAML::NodeType::Sequence:
      node.kind = Node::Kind::sequence;
      for (const auto& item : yaml) node.items.push_back(convert(item, source, depth + 1, values));
      break;
    case YAML::NodeType::Map:
      node.kind = Node::Kind::map;
      for (const auto& entry : yaml) {
        const std::string key = entry.first.Scalar();
        if (node.find(key) != nullptr)
          core::fail_usage(*source + ":" + std::to_string(entry.first.Mark().line + 1) + ": the key `" + key +
                           "` stands twice");
        // An entry's line is its key's: that is where a reader looks.
        node.set(key, convert(entry.second, source, depth + 1, values)).line = entry.first.Mark().line + 1;
      }
      break;
  }
  return node;
}

Node load(const std::filesystem::path& path, std::vector<std::filesystem::path>& chain,
          std::vector<std::filesystem::path>* read = nullptr) {
  if (read != nullptr) read->push_back(path);
  std::error_code code;
  const auto canonical = std::filesystem::weakly_canonical(path, code);
  chain.push_back(canonical);
  if (std::find(chain.begin(), chain.end() - 1, canonical) != chain.end() - 1) {
    std::vector<std::string> names;
    for (const auto& link : chain) names.push_back(link.filename().string());
    core::fail_usage(path.string() + ": `extends` runs in a circle: " + core::join(names, " -> "));
  }
  std::string text;
  try {
    text = core::read_file(path);
  } catch (const core::Error& error) {
    core::fail_usage(std::string("config ") + error.what());
  }
  Node document = parse_yaml(text, path.string());
  if (document.kind == Node::Kind::null) document.kind = Node::Kind::map;
  if (document.kind != Node::Kind::map)
    core::fail_usage(document.where() + ": a config is a map of keys, not " + document.kind_name());
  if (const Node* extends = document.find("extends")) {
    std::vector<Node> bases = extends->kind == Node::Kind::sequence ? extends->items : std::vector{*extends};
    document.erase("extends");
    Node merged = Node::map();
    for (const Node& base : bases) {
      if (base.kind != Node::Kind::scalar)
        core::fail_usage(base.where() + ": `extends` takes a path or a list of paths");
      merged = merge(merged, core::with_context(base.where() + ": extends", [&] {
                       return load(path.parent_path() / base.text, chain, read);
                     }));
    }
    document = merge(merged, document);
  }
  chain.pop_back();
  return document;
}

void emit(YAML::Emitter& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      out << YAML::Null;
      break;
    case Node::Kind::scalar:
      if (node.quoted) {
        out << YAML::DoubleQuoted << node.text;
      } else {
        out << node.text;
      }
      break;
    case Node::Kind::sequence: {
      const bool flat = std::all_of(node.items.begin(), node.items.end(),
                                    [](const Node& item) { return item.kind == Node::Kind::scalar; });
      if (flat) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    }
    case Node::Kind::map:
      out << YAML::BeginMap;
      for (const auto& [key, value] : node.entries) {
        out << YAML::Key << key << YAML::Value;
        emit(out, value);
      }
      out << YAML::EndMap;
      break;
  }
}

}  // namespace

Node parse_yaml(std::string_view text, const std::string& source) {
  try {
    int values = 0;
    return convert(YAML::Load(std::string(text)), std::make_shared<const std::string>(source), 0, values);
  } catch (const YAML::Exception& error) {
    core::fail_usage(source + ":" + std::to_string(error.mark.line + 1) + ": not valid YAML: " + error.msg);
  }
}

Node load_document(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> chain;
  return load(path, chain);
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> chain, read;
  load(path, chain, &read);
  return read;
}

void apply_override(Node& document, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    core::fail_usage("`" + assignment + "`: an override is written key=value, for example train.epochs=5");
  const std::string path = assignment.substr(0, equals);
  Node value = parse_yaml(assignment.substr(equals + 1), "override " + path);
  const std::function<void(Node&)> forget_source = [&](Node& node) {
    node.file = nullptr;
    for (auto& item : node.items) forget_source(item);
    for (auto& entry : node.entries) forget_source(entry.second);
  };
  forget_source(value);
  Node* at = &document;
  const auto keys = core::split(path, '.');
  for (size_t i = 0; i < keys.size(); ++i) {
    const bool last = i + 1 == keys.size();
    if (keys[i].empty()) core::fail_usage("override `" + assignment + "`: an empty name in `" + path + "`");
    if (at->kind == Node::Kind::sequence) {
      const auto index = core::parse_int(keys[i]);
      if (!index || *index < 0 || static_cast<size_t>(*index) >= at->items.size())
        core::fail_usage("override `" + assignment + "`: `" + keys[i] + "` is not an item of a list of " +
                         std::to_string(at->items.size()));
      at = &at->items[static_cast<size_t>(*index)];
      if (last) *at = value;
      continue;
    }
    if (at->kind == Node::Kind::scalar) {  // `fusion: gated` and then fusion.width=32
      Node opened = Node::map();
      opened.file = at->file;
      opened.line = at->line;
      opened.set("name", *at);
      *at = opened;
    }
    if (at->kind == Node::Kind::null) *at = Node::map();
    Node* next = at->find(keys[i]);
    if (last && value.kind == Node::Kind::null) {
      at->erase(keys[i]);
      return;
    }
    if (next == nullptr) {
      next = &at->set(keys[i], Node::map());
      if (last) *next = value;
    } else if (last) {
      *next = merge(*next, value);
    }
    at = next;
  }
}

std::string to_yaml(const Node& node) {
  YAML::Emitter out;
  emit(out, node);
  return std::string(out.c_str()) + "\n";
}

}  // namespace photo51::config
