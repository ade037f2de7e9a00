#include "data/task/label_words.hpp"

#include <algorithm>
#include <array>

#include "photo51/core/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

using core::is_blank;
using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Words that say no and yes in one way of writing.
struct Usual {
  std::string_view family;
  std::vector<std::string_view> no, yes;
  bool events_only;
};

const std::vector<Usual>& usual_words() {
  static const std::vector<Usual> all{
      {"0 or 1", {"0"}, {"1"}, false},
      {"false or true", {"false"}, {"true"}, false},
      {"no or yes", {"no"}, {"yes"}, false},
      {"alive or dead", {"alive", "living"}, {"dead", "deceased"}, true},
      {"censored or event", {"censored"}, {"event"}, true},
  };
  return all;
}

/// The family and the meaning of a word; cBioPortal writes `1:DECEASED`.
std::optional<std::pair<std::string_view, bool>> usual(const std::string& word, bool event) {
  const std::string text = core::spelling(word);
  if (event && text.size() > 1 && text[1] == ':' && (text[0] == '0' || text[0] == '1'))
    return std::pair{std::string_view("0:… or 1:…"), text[0] == '1'};
  for (const auto& one : usual_words()) {
    if (one.events_only && !event) continue;
    if (std::find(one.no.begin(), one.no.end(), text) != one.no.end()) return std::pair{one.family, false};
    if (std::find(one.yes.begin(), one.yes.end(), text) != one.yes.end()) return std::pair{one.family, true};
  }
  return std::nullopt;
}

}  // namespace

bool is_unknown(const std::string& cell, const Names& named) {
  return is_blank(cell) && !contains(named, cell);
}

WordCounts words_of(const LabelSource& source, size_t column, const Names& named) {
  WordCounts words;
  for (const auto& row : source.table.rows)
    if (!is_unknown(row[column], named)) ++words[row[column]];
  return words;
}

std::string told(const WordCounts& words) {
  std::vector<std::pair<std::string, int64_t>> order(words.begin(), words.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr size_t most = 12;
  Names parts;
  for (size_t i = 0; i < std::min(order.size(), most); ++i)
    parts.push_back("`" + order[i].first + "` (" + std::to_string(order[i].second) + ")");
  if (order.size() > most) parts.push_back(std::to_string(order.size() - most) + " more");
  return core::join(parts, ", ");
}

std::optional<std::string> alike(const WordCounts& words, const Names& named) {
  std::map<std::string, std::string> first;
  for (const auto& [word, count] : words) {
    const auto [other, is_new] = first.emplace(core::spelling(word), word);
    if (!is_new && !(contains(named, word) && contains(named, other->second)))
      return "`" + other->second + "` and `" + word + "`";
  }
  return std::nullopt;
}

std::string binary_name(const TaskSpec& spec, bool positive) {
  if (spec.positive.empty()) return positive ? "1" : "0";
  if (!positive && spec.negative.empty()) return "not " + core::join(spec.positive, " or ");
  return core::join(positive ? spec.positive : spec.negative, " or ");
}

std::string column_named(const LabelSource& source, size_t column) {
  return source.table.source + ": column `" + source.table.columns[column] + "`";
}

TwoWords::TwoWords(const LabelSource& source, TaskSpec& spec, size_t column, Of of)
    : source_(source), column_(column) {
  Names named = spec.positive;
  named.insert(named.end(), spec.negative.begin(), spec.negative.end());
  const WordCounts words = words_of(source, column, named);
  if (spec.positive.empty())
    read_usual(spec, words, of == Of::event);
  else
    read_named(spec, words);
}

std::optional<bool> TwoWords::meaning(const std::string& word) const {
  const auto found = meanings_.find(word);
  if (found == meanings_.end()) return std::nullopt;
  return found->second;
}

size_t TwoWords::first_row(const std::string& word) const {
  const auto& rows = source_.table.rows;
  return static_cast<size_t>(
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row[column_] == word; }) -
      rows.begin());
}

void TwoWords::fail(const TaskSpec& spec, const WordCounts& words, const std::string& why) const {
  core::fail_data(column_named(source_, column_) + ": " + why + " (head " + spec.head +
                  "); the column holds " + told(words));
}

void TwoWords::read_named(TaskSpec& spec, const WordCounts& words) {
  const bool require = source_.require;
  WordCounts others;
  bool any = false;
  for (const auto& [word, count] : words) {
    const bool yes = contains(spec.positive, word);
    any = any || yes;
    if (yes || contains(spec.negative, word))
      meanings_[word] = yes;
    else
      others.emplace(word, count);
  }
  if (require && !any && !words.empty()) {
    Names there;
    for (const auto& [word, count] : words) there.push_back(word);
    fail(spec, words,
         "no patient has `" + core::join(spec.positive, "` or `") + "`" +
             core::suggest(spec.positive.front(), there));
  }
  if (others.empty()) return;
  if (!require) {  // what the words meant in training is known, or nobody asks
    if (spec.negative.empty() && others.size() == 1) meanings_[others.begin()->first] = false;
    return;
  }
  const std::string remedy =
      "; leave cells blank where it is unknown, or name every word that counts as 0 with `negative`, and as "
      "1 with `positive`";
  Names named = spec.positive;
  named.insert(named.end(), spec.negative.begin(), spec.negative.end());
  if (const auto pair = alike(words, named))
    fail(spec, words,
         *pair + " differ only in how they are written; write one of them, or name both" + remedy);
  if (!spec.negative.empty()) {
    const auto& [word, count] = *others.begin();
    fail(spec, words,
         "`" + word + "` (first in line " + std::to_string(source_.table.lines[first_row(word)]) +
             ") is neither `positive` nor `negative`" + remedy);
  }
  if (others.size() > 1)
    fail(spec, words,
         "beside `" + core::join(spec.positive, "` and `") + "` there are " + std::to_string(others.size()) +
             " words, and which of them mean 0 is not said" + remedy);
  spec.negative = {others.begin()->first};
  meanings_[others.begin()->first] = false;
}

void TwoWords::read_usual(const TaskSpec& spec, const WordCounts& words, bool event) {
  const std::string expected = event ? "1 (event) or 0 (censored)" : "0 or 1";
  // The way of writing that most cells have; a word of another way is a mistake.
  std::map<std::string_view, int64_t> cells;
  for (const auto& [word, count] : words)
    if (const auto found = usual(word, event)) cells[found->first] += count;
  const auto most = std::max_element(cells.begin(), cells.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [word, count] : words) {
    const auto found = usual(word, event);
    if (found && found->first == most->first) {
      meanings_[word] = found->second;
      continue;
    }
    if (!source_.require) continue;
    core::fail_data(
        source_.where(first_row(word), column_) + ": `" + word + "` is not " + expected + " (head " +
        spec.head + "); the column holds " + told(words) + "; name the words that mean 1 with `positive`" +
        (event ? "" : ", the others with `negative`") + ", or leave the cell blank when it is unknown");
  }
}

}  // namespace photo51::data
