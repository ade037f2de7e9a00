// With yaml_size.cpp the only file that sees yaml-cpp.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_set>

#include "config/yaml_size.hpp"
#include "photo51/config/node.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::config {
namespace {

namespace fs = std::filesystem;
using Source = std::shared_ptr<const std::string>;

/// Files that extend each other, and files that are taken in again.
constexpr size_t kDeepest = 100;
constexpr int kMostTaken = 500;

/// How nothing is written at `place`; yaml-cpp does not tell `~` from an empty value.
std::string written_nothing(std::string_view text, const YAML::Mark& place) {
  if (place.is_null() || place.pos < 0 || static_cast<size_t>(place.pos) >= text.size()) return "";
  const auto here = text.substr(static_cast<size_t>(place.pos));
  for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (!here.starts_with(word)) continue;
    const auto after = here.substr(word.size());
    const size_t end = after.find_first_not_of(" \t");
    if (end == std::string_view::npos ||
        std::string_view("\r\n,]}#").find(after[end]) != std::string_view::npos)
      return std::string(word);
  }
  return "";
}

Node convert(const YAML::Node& yaml, std::string_view text, const Source& source) {
  Node node;
  node.file = source;
  node.line = yaml.Mark().line + 1;
  node.at = yaml.Mark().pos;
  switch (yaml.Type()) {
    case YAML::NodeType::Undefined:
      break;
    case YAML::NodeType::Null:
      node.text = written_nothing(text, yaml.Mark());
      break;
    case YAML::NodeType::Scalar:
      node.kind = Node::Kind::scalar;
      node.text = yaml.Scalar();
      node.quoted = yaml.Tag() == "!";
      break;
    case YAML::NodeType::Sequence:
      node.kind = Node::Kind::sequence;
      for (const auto& item : yaml) node.items.push_back(convert(item, text, source));
      break;
    case YAML::NodeType::Map: {
      node.kind = Node::Kind::map;
      std::unordered_set<std::string> keys;
      for (const auto& entry : yaml) {
        const std::string key = entry.first.Scalar();
        if (!keys.insert(key).second)
          core::fail_usage(*source + ":" + std::to_string(entry.first.Mark().line + 1) + ": the key `" + key +
                           "` stands twice");
        node.entries.push_back({key, convert(entry.second, text, source)});
        // An entry's line is its key's: that is where a reader looks.
        node.entries.back().second.line = entry.first.Mark().line + 1;
        node.entries.back().second.key_at = entry.first.Mark().pos;
      }
      break;
    }
  }
  return node;
}

/// Error at a key without a value: its section would silently take all its defaults.
void refuse_empty_values(const Node& node) {
  for (const auto& item : node.items) refuse_empty_values(item);
  const Node* before = nullptr;
  for (const auto& [key, value] : node.entries) {
    const bool empty = value.kind == Node::Kind::null && value.text.empty() && !value.removed;
    if (empty && before != nullptr && before->kind == Node::Kind::scalar && core::parse_double(key) &&
        core::has_decimal_comma(before->text + "," + key))
      core::fail_usage(value.where() + ": `" + before->text + "," + key +
                       "`: a number has a decimal point, not a comma: write " + before->text + "." + key);
    if (empty)
      core::fail_usage(value.where() + ": `" + key + "` has no value; write one, or `" + key +
                       ": null` to take away what a file that this one extends says");
    refuse_empty_values(value);
    before = &value;
  }
}

/// One file as it is.
Node parse_file(const fs::path& path, EmptyValues empty) {
  std::string text;
  try {
    text = core::read_file(path, core::most_of_a_config);
  } catch (const core::Error& error) {
    core::fail_usage(std::string("config ") + error.what());
  }
  Node document = parse_yaml(text, path.string());
  if (document.kind == Node::Kind::null) document.kind = Node::Kind::map;
  // Without its text: the file may be one that nobody meant to show.
  if (document.kind != Node::Kind::map)
    core::fail_usage(document.where() + ": a config is a map of keys, not " +
                     (document.kind == Node::Kind::scalar ? "a text" : document.kind_name()));
  if (empty == EmptyValues::refuse) refuse_empty_values(document);
  return document;
}

/// Reads a file and what it extends, each file once.
class Loader {
 public:
  Loader(EmptyValues empty, const ChoiceKeys& keys) : empty_(empty), keys_(keys) {}

  const Node& load(const fs::path& path) {
    if (++taken_ > kMostTaken)
      core::fail_usage(path.string() + ": more than " + std::to_string(kMostTaken) +
                       " files are taken in by `extends`; merge some of them");
    const fs::path place = place_of(path);
    refuse_circle(path, place);
    if (const auto done = done_.find(place); done != done_.end()) return done->second;
    if (chain_.size() >= kDeepest)
      core::fail_usage(path.string() + ": `extends` runs over more than " + std::to_string(kDeepest) +
                       " files one after the other; merge some of them");
    chain_.push_back(place);
    files_.push_back(path);
    Node document = read(path);
    chain_.pop_back();
    return done_.emplace(place, std::move(document)).first->second;
  }
  const std::vector<fs::path>& files() const { return files_; }

 private:
  static fs::path place_of(const fs::path& path) {
    std::error_code code;
    const auto canonical = fs::weakly_canonical(path, code);
    return code ? path.lexically_normal() : canonical;
  }

  void refuse_circle(const fs::path& path, const fs::path& place) const {
    if (std::find(chain_.begin(), chain_.end(), place) == chain_.end()) return;
    std::vector<std::string> names;
    for (const auto& link : chain_) names.push_back(link.filename().string());
    names.push_back(place.filename().string());
    core::fail_usage(path.string() + ": `extends` runs in a circle: " + core::join(names, " -> "));
  }

  Node read(const fs::path& path) {
    Node document = parse_file(path, empty_);
    const Node* extends = document.find("extends");
    if (extends == nullptr) return document;
    const std::vector<Node> bases =
        extends->kind == Node::Kind::sequence ? extends->items : std::vector{*extends};
    document.erase("extends");
    Node merged = Node::map();
    for (const Node& base : bases) {
      if (base.kind != Node::Kind::scalar)
        core::fail_usage(base.where() + ": `extends` takes a path or a list of paths");
      merged =
          merge(merged,
                core::with_context(base.where() + ": extends",
                                   [&]() -> const Node& { return load(path.parent_path() / base.text); }),
                keys_);
    }
    return merge(merged, document, keys_);
  }

  EmptyValues empty_;
  const ChoiceKeys& keys_;
  int taken_ = 0;
  std::vector<fs::path> chain_, files_;
  std::map<fs::path, Node> done_;
};

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
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const auto line = core::line_of_bad_utf8(text))
    core::fail_usage(source + ":" + std::to_string(*line) + ": is not UTF-8; save the file as UTF-8");
  std::vector<YAML::Node> documents;
  try {
    check_yaml_size(std::string(text), source);
    documents = YAML::LoadAll(std::string(text));
    while (documents.size() > 1 && documents.back().IsNull()) documents.pop_back();  // `---` at the end
    if (documents.size() > 1)
      core::fail_usage(source + ":" + std::to_string(documents[1].Mark().line + 1) +
                       ": a second document begins here (`---`); a config is one");
    return convert(documents.empty() ? YAML::Node() : documents[0], text,
                   std::make_shared<const std::string>(source));
  } catch (const YAML::Exception& error) {
    core::fail_usage(source + ":" + std::to_string(error.mark.line + 1) + ": not valid YAML: " + error.msg);
  }
}

Node load_document(const fs::path& path, EmptyValues empty, const ChoiceKeys& keys) {
  return Loader(empty, keys).load(path);
}

Node load_lone_document(const fs::path& path) {
  Node document = parse_file(path, EmptyValues::refuse);
  if (const Node* extends = document.find("extends"))
    core::fail_usage(extends->where() +
                     ": extends: this file stands alone, and reads no other; write out what it would take");
  return document;
}

std::vector<fs::path> files_of(const fs::path& path) {
  const ChoiceKeys any;  // the files are the same
  Loader loader(EmptyValues::refuse, any);
  loader.load(path);
  return loader.files();
}

void apply_override(Node& document, const std::string& assignment, const ChoiceKeys& keys) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    core::fail_usage("`" + assignment + "`: an override is written key=value, for example train.epochs=5");
  const std::string path = assignment.substr(0, equals);
  Node value = parse_yaml(assignment.substr(equals + 1), "override " + path);
  if (value.kind == Node::Kind::null && core::trim(assignment.substr(equals + 1)).empty())
    core::fail_usage("`" + assignment + "`: there is no value; write " + path +
                     "=null to take the entry away, or " + path + "='\"\"' for an empty text");
  if (value.kind != Node::Kind::null) refuse_empty_values(value);
  const std::function<void(Node&)> forget_source = [&](Node& node) {
    node.file = nullptr;
    for (auto& item : node.items) forget_source(item);
    for (auto& entry : node.entries) forget_source(entry.second);
  };
  forget_source(value);
  Node* at = &document;
  const ChoiceKeys* keys_at = &keys;
  const auto names = core::split(path, '.');
  if (names.size() > kDeepest)
    core::fail_usage("override of " + std::to_string(names.size()) + " names one below the other, at most " +
                     std::to_string(kDeepest) + " are taken: `" + path.substr(0, 40) + "…`");
  for (size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    if (names[i].empty()) core::fail_usage("override `" + assignment + "`: an empty name in `" + path + "`");
    const ChoiceKeys& below = keys_at->of(names[i]);
    if (at->kind == Node::Kind::sequence) {
      const auto index = core::parse_int(names[i]);
      if (!index || *index < 0 || static_cast<size_t>(*index) >= at->items.size())
        core::fail_usage("override `" + assignment + "`: `" + names[i] + "` is not an item of a list of " +
                         std::to_string(at->items.size()));
      at = &at->items[static_cast<size_t>(*index)];
      if (last) *at = value;
      keys_at = &below;
      continue;
    }
    if (at->kind == Node::Kind::scalar) {  // `fusion: gated` and then fusion.width=32
      Node opened = Node::map();
      opened.file = at->file;
      opened.line = at->line;
      opened.set(keys_at->key, *at);
      *at = opened;
    }
    if (at->kind == Node::Kind::null) *at = Node::map();
    Node* next = at->find(names[i]);
    if (next == nullptr) {
      next = &at->set(names[i], Node::map());
      if (last) *next = value;
    } else if (last) {
      const bool removed = value.kind == Node::Kind::null;
      *next = merge(*next, value, below);
      next->removed = removed;
    }
    at = next;
    keys_at = &below;
  }
}

std::string to_yaml(const Node& node) {
  YAML::Emitter out;
  emit(out, node);
  return std::string(out.c_str()) + "\n";
}

}  // namespace photo51::config
