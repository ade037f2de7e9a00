#include "photo51/config/migrate.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "config/renamed_keys.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"

namespace photo51::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view blank = " \t";

/// A piece of the text and what takes its place.
struct Edit {
  size_t begin, length;
  std::string by;
};

/// Where `word` begins, quotes left out, if it is written at `at` as it reads: neither an alias nor behind a
/// tag or an anchor, nor with escapes.
std::optional<size_t> find_word(std::string_view text, int64_t at, const std::string& word) {
  if (at < 0 || static_cast<size_t>(at) >= text.size()) return std::nullopt;
  auto begin = static_cast<size_t>(at);
  if (text[begin] == '"' || text[begin] == '\'') ++begin;
  return text.substr(begin).starts_with(word) ? std::optional(begin) : std::nullopt;
}

std::optional<Edit> replacement_of(std::string_view text, int64_t at, const Renamed& renamed) {
  const auto begin = find_word(text, at, renamed.was);
  return begin ? std::optional(Edit{*begin, renamed.was.size(), renamed.is}) : std::nullopt;
}

/// `key: value` with the comma that parts it from the others in braces, or the whole of its line.
std::optional<Edit> removal_of(std::string_view text, const Renamed& renamed) {
  const Node& value = *renamed.node;
  const auto key = find_word(text, value.key_at, renamed.was);
  const auto scalar = find_word(text, value.at, value.text);
  if (!key || !scalar || *scalar != static_cast<size_t>(value.at) || *scalar < *key) return std::nullopt;
  auto begin = static_cast<size_t>(value.key_at);
  size_t end = *scalar + value.text.size();
  const size_t colon = text.find(':', *key + renamed.was.size());
  if (text.find_first_not_of(blank, colon + 1) != *scalar)
    return std::nullopt;  // an alias, or over two lines
  const size_t after = std::min(text.find_first_not_of(blank, end), text.size());
  if (after < text.size() && text[after] == ',') {
    end = std::min(text.find_first_not_of(blank, after + 1), text.size());
  } else if (after < text.size() && text[after] == '}') {
    const size_t before = text.find_last_not_of(" \t\r\n", begin - 1);
    if (before != std::string_view::npos && text[before] == ',') begin = before;
  } else {
    const size_t line = text.rfind('\n', begin) + 1;  // 0 in the first line
    if (text.find_first_not_of(blank, line) != begin) return std::nullopt;
    const bool ends =
        after == text.size() || text[after] == '\n' || text[after] == '\r' || text[after] == '#';
    if (!ends) return std::nullopt;
    begin = line;
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  return Edit{begin, end - begin, ""};
}

std::optional<Edit> edit_of(std::string_view text, const Renamed& renamed) {
  switch (renamed.part) {
    case Renamed::Part::key:
      return replacement_of(text, renamed.node->key_at, renamed);
    case Renamed::Part::value:
      return replacement_of(text, renamed.node->at, renamed);
    case Renamed::Part::entry:
      return removal_of(text, renamed);
  }
  return std::nullopt;
}

std::string change_of(const Renamed& renamed) {
  const std::string place = renamed.node->where() + ": " + renamed.path;
  switch (renamed.part) {
    case Renamed::Part::key:
      return place + " -> " + renamed.is;
    case Renamed::Part::value:
      return place + ": " + renamed.was + " -> " + renamed.is;
    case Renamed::Part::entry:
      return place + " left out";
  }
  return place;
}

/// Error unless it is a config of an experiment, or the part of one that a model keeps.
void require_config(const fs::path& file, const Node& merged) {
  constexpr std::array sections{"cohort", "inputs", "model", "train", "evaluate"};
  const bool any = std::any_of(sections.begin(), sections.end(),
                               [&](const char* name) { return merged.find(name) != nullptr; });
  if (!any)
    core::fail_usage(file.string() +
                     ": is not a config of photo51: it has none of the sections cohort, inputs, model, train "
                     "and evaluate");
}

/// An attempt that was cut off may have kept it already.
void keep_original(const fs::path& file, const std::string& text) {
  fs::path kept = file;
  kept += ".bak";
  std::error_code code;
  const auto kind = fs::symlink_status(kept, code).type();
  if (kind == fs::file_type::not_found) return core::write_file_atomic(kept, text);
  if (kind != fs::file_type::regular || core::read_file(kept) != text)
    core::fail_usage(kept.string() +
                     ": exists already, and the original would be kept there; move it away first");
}

}  // namespace

Migration migrate(std::string_view text, const std::string& source, const Node& merged,
                  const ChoiceKeys& keys) {
  const Node document = parse_yaml(text, source);
  const size_t skipped = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  const std::string_view body = text.substr(skipped);
  std::map<size_t, Edit> edits;  // by place: what aliases name is found as often as they name it
  Migration done;
  for (const Renamed& renamed : renamed_in(document, merged, keys)) {
    const auto edit = edit_of(body, renamed);
    const std::string change = change_of(renamed);
    if (!edit)
      core::fail_usage(change + ": cannot be changed where it stands; write it by hand (docs/migrating.md)");
    const auto [at, is_new] = edits.emplace(edit->begin, *edit);
    if (is_new)
      done.changes.push_back(change);
    else if (at->second.by != edit->by || at->second.length != edit->length)
      core::fail_usage(change +
                       ": an alias names it elsewhere, where it means something else; write it twice");
  }
  done.text = text;
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
    done.text.replace(skipped + edit->second.begin, edit->second.length, edit->second.by);
  // Not where old and new names of one thing stand beside each other.
  if (!edits.empty()) core::with_context("with today's names", [&] { parse_yaml(done.text, source); });
  return done;
}

std::vector<std::string> migrate_file(const fs::path& file, const Node& merged, const ChoiceKeys& keys) {
  require_config(file, merged);
  const std::string text = core::read_file(file, core::most_of_a_config);
  const Migration done = migrate(text, file.string(), merged, keys);
  if (done.changes.empty()) return {};
  keep_original(file, text);
  core::write_file_atomic(file, done.text);
  return done.changes;
}

}  // namespace photo51::config
