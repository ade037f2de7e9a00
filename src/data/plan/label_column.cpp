#include "data/plan/label_column.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>

#include "data/task/label_words.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

using Counts = std::map<std::string, int64_t>;

constexpr size_t most_classes = 10;

Counts counts_of(const core::Table& table, size_t column) {
  Counts counts;
  for (const auto& row : table.rows)
    if (!core::is_blank(row[column])) ++counts[row[column]];
  return counts;
}

bool all_numbers(const Counts& words) {
  return std::all_of(words.begin(), words.end(),
                     [](const auto& word) { return core::parse_double(word.first).has_value(); });
}

/// Words that say no and yes by themselves (data/task reads them without being told).
bool is_no_or_yes(const Counts& words) {
  static const std::array<std::set<std::string>, 3> families{{{"0", "1"}, {"false", "true"}, {"no", "yes"}}};
  std::set<std::string> spelled;
  for (const auto& [word, count] : words) spelled.insert(core::spelling(word));
  return std::find(families.begin(), families.end(), spelled) != families.end();
}

/// Of two words the one that is 1, with why.
std::pair<std::string, std::string> positive_of(const Counts& words) {
  static const std::set<std::string> ones{"malignant", "mutant",   "mutated", "mut",     "positive",
                                          "pos",       "abnormal", "high",    "present", "responder"};
  const auto& first = words.begin()->first;
  const auto& second = std::next(words.begin())->first;
  const bool one = ones.contains(core::spelling(first)), two = ones.contains(core::spelling(second));
  if (one != two) return {one ? first : second, "by its meaning"};
  if (all_numbers(words))
    return {*core::parse_double(first) > *core::parse_double(second) ? first : second, "the larger number"};
  return {words.at(first) <= words.at(second) ? first : second, "the rarer word"};
}

std::string remedy_for(const std::string& column, const std::string& tasks) {
  return "; --label " + column + "=" + tasks + " makes it a head";
}

PlannedLabel planned(const std::string& column, const std::string& task, std::string why) {
  PlannedLabel label;
  label.spec.head = plain_name(column);
  label.spec.task = task;
  label.spec.column = column;
  label.why = std::move(why);
  return label;
}

PlannedLabel binary(const std::string& column, const Counts& words) {
  PlannedLabel label = planned(column, "binary", "two words: " + told(words));
  if (!is_no_or_yes(words)) {
    const auto [positive, why] = positive_of(words);
    label.spec.positive = {positive};
    label.why += "; `" + positive + "` is 1, " + why;
  }
  for (const auto& [word, count] : words) label.counts.push_back(count);
  return label;
}

PlannedLabel multiclass(const std::string& column, const Counts& words) {
  PlannedLabel label = planned(column, "multiclass", std::to_string(words.size()) + " words: " + told(words));
  for (const auto& [word, count] : words) {
    label.spec.classes.push_back(word);
    label.counts.push_back(count);
  }
  return label;
}

PlannedLabel regression(const std::string& column, const Counts& words, int64_t known) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& [word, count] : words) {
    low = std::min(low, *core::parse_double(word));
    high = std::max(high, *core::parse_double(word));
  }
  return planned(column, "regression",
                 std::to_string(words.size()) + " different numbers of " + std::to_string(known) +
                     " patients, from " + core::format_number(low) + " to " + core::format_number(high));
}

/// Why classes cannot be learned; empty when they can.
std::string too_rare(const Counts& words) {
  for (const auto& [word, count] : words)
    if (count < fewest_of_class)
      return "`" + word + "` has " + std::to_string(count) + " patient(s), and a class needs at least " +
             std::to_string(fewest_of_class) + " (" + told(words) +
             "); merge rare classes or leave them blank";
  return "";
}

std::variant<PlannedLabel, std::string> by_words(const std::string& column, const Counts& words,
                                                 int64_t known) {
  const auto pair = alike(words, {});
  if (pair) return *pair + " differ only in how they are written; write one of them";
  const bool numeric = all_numbers(words);
  if (words.size() == 2) {
    const std::string rare = too_rare(words);
    if (!rare.empty()) return rare;
    return binary(column, words);
  }
  if (numeric && words.size() <= most_classes)
    return "holds " + std::to_string(words.size()) + " different numbers (" + told(words) +
           "), which may be classes or amounts" + remedy_for(column, "multiclass (or regression)");
  if (numeric) {
    if (static_cast<int64_t>(words.size()) < 20 && known >= 100)
      return "holds only " + std::to_string(words.size()) + " different numbers of " + std::to_string(known) +
             " patients, which may be codes or amounts" + remedy_for(column, "regression (or multiclass)");
    return regression(column, words, known);
  }
  if (words.size() > most_classes)
    return "holds " + std::to_string(words.size()) + " different words, such as `" + words.begin()->first +
           "`, which are too many for classes";
  const std::string rare = too_rare(words);
  if (!rare.empty()) return rare;
  return multiclass(column, words);
}

}  // namespace

std::vector<std::string> name_parts(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      parts.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!parts.back().empty())
      parts.emplace_back();
  }
  if (parts.back().empty()) parts.pop_back();
  return parts;
}

std::string plain_name(const std::string& column) {
  std::string name;
  for (const char c : column) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    name += plain ? c : '_';
  }
  return name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) == 0 ? "x" + name : name;
}

bool is_numbers(const core::Table& table, size_t column, double least) {
  bool any = false;
  for (const auto& row : table.rows) {
    if (core::is_blank(row[column])) continue;
    const auto number = core::parse_double(row[column]);
    if (!number || !core::fits_float(*number) || *number < least) return false;
    any = true;
  }
  return any;
}

std::optional<std::vector<int64_t>> events_of(const core::Table& table, size_t column) {
  static const std::set<std::string> no{"0", "false", "no", "alive", "living", "censored"};
  static const std::set<std::string> yes{"1", "true", "yes", "dead", "deceased", "event"};
  std::vector<int64_t> counts{0, 0};
  for (const auto& [word, count] : counts_of(table, column)) {
    std::string text = core::spelling(word);
    if (text.size() > 2 && text[1] == ':') text = text.substr(0, 1);  // cBioPortal: 1:DECEASED
    if (!no.contains(text) && !yes.contains(text)) return std::nullopt;
    counts[yes.contains(text) ? 1 : 0] += count;
  }
  if (counts[0] + counts[1] == 0) return std::nullopt;
  return counts;
}

std::variant<PlannedLabel, std::string> label_of(const core::Table& table, size_t column,
                                                 const std::string& task) {
  const std::string& name = table.columns[column];
  const Counts words = counts_of(table, column);
  int64_t known = 0;
  for (const auto& [word, count] : words) known += count;
  if (words.empty()) return "is blank in every row";
  if (words.size() == 1) return "is `" + words.begin()->first + "` wherever it is not blank";
  if (task == "multiclass") return multiclass(name, words);
  if (task == "binary") {
    if (words.size() != 2) return "holds " + std::to_string(words.size()) + " words, and binary takes two";
    return binary(name, words);
  }
  if (task == "regression") {
    if (!all_numbers(words)) return "holds words that are no numbers (" + told(words) + ")";
    return regression(name, words, known);
  }
  if (core::is_date(words.begin()->first)) return "holds dates; a time to an event is a number";
  const bool numeric = all_numbers(words);
  if (!numeric && words.size() > most_classes && static_cast<int64_t>(words.size()) == known)
    return "is different in every row, as names and remarks are";
  return by_words(name, words, known);
}

}  // namespace photo51::data
