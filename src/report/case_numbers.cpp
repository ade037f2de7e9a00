#include "report/case_numbers.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <string_view>

#include "photo51/core/text.hpp"

namespace photo51::report {
namespace {

using Numbers = std::map<std::string, std::string>;

constexpr char kLeftOut[] = "left out ";
/// A shorter id of digits alone may be any number of a sentence.
constexpr size_t kTellingDigits = 6;

Numbers number(const ReportInput& input) {
  Numbers numbers;
  const auto add = [&](const std::string& id) {
    numbers.try_emplace(id, std::to_string(numbers.size() + 1));
  };
  for (const auto& prediction : input.predictions) add(prediction.case_id);
  for (const auto& row : input.cases) add(row.id);
  size_t left_out = 0;
  for (const auto& warning : input.file_warnings)
    if (!warning.case_id.empty() && !numbers.contains(warning.case_id))
      numbers[warning.case_id] = kLeftOut + std::to_string(++left_out);
  return numbers;
}

std::string renamed(const Numbers& numbers, const std::string& id) {
  const auto found = numbers.find(id);  // none: of the whole cohort
  return found == numbers.end() ? "" : found->second;
}

template <class Value>
void rename_keys(const Numbers& numbers, std::map<std::string, Value>& of_case) {
  std::map<std::string, Value> named;
  for (auto& [id, value] : of_case) named.emplace(renamed(numbers, id), std::move(value));
  of_case = std::move(named);
}

bool is_part_of_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool is_telling(const std::string& id) {
  const bool only_digits = std::ranges::all_of(id, [](unsigned char c) { return std::isdigit(c) != 0; });
  return !only_digits || id.size() >= kTellingDigits;
}

/// The longest id that stands alone at `at`; the end when there is none.
Numbers::const_iterator id_at(const std::string& text, size_t at, const Numbers& numbers,
                              const std::set<size_t, std::greater<>>& lengths) {
  if (at > 0 && is_part_of_a_name(text[at - 1])) return numbers.end();
  for (const size_t length : lengths) {
    const size_t end = at + length;
    if (length == 0 || end > text.size() || (end < text.size() && is_part_of_a_name(text[end]))) continue;
    const auto found = numbers.find(text.substr(at, length));
    if (found != numbers.end()) return found;
  }
  return numbers.end();
}

/// `text` with every id that stands alone as its number, after a word for a case, or as `case number`. In one
/// pass: a number may be another case's id.
std::string without(const std::string& text, const Numbers& numbers) {
  std::set<size_t, std::greater<>> lengths;
  for (const auto& [id, number] : numbers) lengths.insert(id.size());
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto found = id_at(text, at, numbers, lengths);
    const std::string_view before = std::string_view(text).substr(0, at);
    const bool announced = before.ends_with("case ") || before.ends_with("patient ");
    const bool listed = before.ends_with("the first ");
    if (found == numbers.end() || (!is_telling(found->first) && !announced && !listed)) {
      out += text[at++];
      continue;
    }
    out += announced ? found->second : "case " + found->second;
    at += found->first.size();
  }
  return out;
}

/// Paths lead through folders that are often named after patients.
bool is_path(const std::string& word) {
  const size_t slash = word.rfind('/');
  if (slash == std::string::npos) return false;
  return word.starts_with('/') || word.starts_with("./") || word.starts_with("../") ||
         std::ranges::count(word, '/') > 1 || word.find('.', slash) != std::string::npos;
}

std::string without_paths(const std::string& text) {
  constexpr char kEnds[] = " \t\n`'\"()[],;";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(kEnds, at), text.size());
    std::string word = text.substr(at, end - at);
    std::string colon;
    if (word.ends_with(':')) {
      colon = ":";
      word.pop_back();
    }
    out += (is_path(word) ? "a file" : word) + colon;
    if (end < text.size()) out += text[end];
    at = end + 1;
  }
  return out;
}

std::string without_file(std::string text, const std::string& file) {
  constexpr char kStead[] = "the file";
  if (file.empty()) return text;
  for (size_t at = text.find(file); at != std::string::npos; at = text.find(file, at + sizeof kStead - 1))
    text.replace(at, file.size(), kStead);
  return text;
}

}  // namespace

ReportInput with_case_numbers(ReportInput input) {
  const Numbers numbers = number(input);
  const auto told = [&](const std::string& text) { return without(without_paths(text), numbers); };
  for (std::string& warning : input.warnings) warning = told(warning);
  for (auto& warning : input.file_warnings) {
    const std::string id = renamed(numbers, warning.case_id);
    warning.text = without(without_paths(without_file(warning.text, warning.file)), {{warning.case_id, id}});
    warning.case_id = id;
    warning.file.clear();
  }
  for (auto& row : input.cases) row.id = renamed(numbers, row.id);
  for (auto& prediction : input.predictions) prediction.case_id = renamed(numbers, prediction.case_id);
  for (auto& picture : input.pictures) picture.case_id = renamed(numbers, picture.case_id);
  for (auto& [head, labels] : input.truth.labels) rename_keys(numbers, labels);
  for (auto& [head, cases] : input.truth.maps) rename_keys(numbers, cases);
  for (auto& [column, values] : input.truth.groups) rename_keys(numbers, values);
  for (auto& metric : input.metrics)  // a group may be a case: one told apart by its own id
    if (const size_t sign = metric.group.find('='); sign != std::string::npos)
      if (const auto found = numbers.find(metric.group.substr(sign + 1)); found != numbers.end())
        metric.group.replace(sign + 1, std::string::npos, found->second);
  return input;
}

}  // namespace photo51::report
