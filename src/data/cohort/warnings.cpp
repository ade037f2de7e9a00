#include "photo51/data/cohort/warnings.hpp"

#include <algorithm>
#include <cctype>

#include "data/cohort/file_warnings.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

constexpr size_t logged_cases = 3;  ///< of one kind

/// The text with every number as `#`: what warnings of one kind have in common.
std::string without_numbers(const std::string& text) {
  std::string kind;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) {
      kind += text[i];
      continue;
    }
    const auto in_number = [&](size_t at) {
      return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    while (in_number(i + 1) || (i + 1 < text.size() && text[i + 1] == '.' && in_number(i + 2))) ++i;
    kind += '#';
  }
  return kind;
}

/// Readers of several files name the file themselves.
std::string without_file(const std::string& text, const std::string& file) {
  const std::string start = file + ": ";
  return !file.empty() && text.starts_with(start) ? text.substr(start.size()) : text;
}

std::string sentence(const Warning& warning) {
  std::string text;
  if (!warning.case_id.empty()) text += "case " + warning.case_id + ": ";
  if (!warning.input.empty()) text += "input " + warning.input + ": ";
  if (!warning.file.empty()) text += warning.file + ": ";
  return text + warning.text;
}

}  // namespace

void log_once(const Warning& warning) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::string text = sentence(warning);
  const std::scoped_lock lock(mutex);
  if (said.insert(text).second) core::log_warning(text);
}

void Warnings::add(Warning warning) {
  warning.text = without_file(warning.text, warning.file);
  {
    const std::scoped_lock lock(mutex_);
    if (all_.insert(warning).second && !strict_) {
      Kind& kind = kinds_[{warning.input, without_numbers(warning.text)}];
      kind.text = warning.text;
      if (warning.case_id.empty())
        log_once(warning);
      else if (kind.logged < logged_cases)
        ++kind.logged, core::log_warning(sentence(warning));
      else
        ++kind.silent;
    }
  }
  if (strict_)
    core::fail_data((warning.file.empty() ? "" : warning.file + ": ") + warning.text +
                    "; cohort.strict: true makes this warning an error");
}

void Warnings::recall(const std::vector<Warning>& warnings) {
  const std::scoped_lock lock(mutex_);
  all_.insert(warnings.begin(), warnings.end());
}

void Warnings::summarise() {
  const std::scoped_lock lock(mutex_);
  for (auto& [key, kind] : kinds_) {
    if (kind.silent == 0) continue;
    core::log_warning((key.first.empty() ? "" : "input " + key.first + ": ") + std::to_string(kind.silent) +
                      " more file(s) with: " + kind.text);
    kind.silent = 0;
  }
}

std::vector<Warning> Warnings::all() const {
  const std::scoped_lock lock(mutex_);
  return {all_.begin(), all_.end()};
}

std::vector<WarningKind> kinds_of(const std::vector<Warning>& warnings) {
  std::vector<WarningKind> kinds;
  std::map<std::pair<std::string, std::string>, size_t> at;
  for (const auto& warning : warnings) {
    const auto [found, is_new] =
        at.emplace(std::pair{warning.input, without_numbers(warning.text)}, kinds.size());
    if (is_new) kinds.push_back({warning.input, warning.text, {}});
    auto& cases = kinds[found->second].cases;
    if (std::find(cases.begin(), cases.end(), warning.case_id) == cases.end())
      cases.push_back(warning.case_id);
  }
  std::stable_sort(kinds.begin(), kinds.end(), [](const WarningKind& a, const WarningKind& b) {
    return a.cases.size() > b.cases.size();
  });
  return kinds;
}

std::string to_csv(const std::vector<Warning>& warnings) {
  std::string text = core::csv_row({"case", "input", "file", "warning"});
  for (const auto& warning : warnings)
    text += core::csv_row({warning.case_id, warning.input, warning.file, warning.text});
  return text;
}

std::vector<Warning> read_warnings(const std::filesystem::path& path) {
  const core::Table table = core::read_table(path);
  const size_t case_id = table.require("case"), input = table.require("input"), file = table.require("file"),
               text = table.require("warning");
  std::vector<Warning> warnings;
  for (const auto& row : table.rows) warnings.push_back({row[case_id], row[input], row[file], row[text]});
  return warnings;
}

std::string in_words(const WarningKind& kind, size_t shown) {
  std::vector<std::string> some;
  for (const auto& name : kind.cases)
    if (!name.empty() && some.size() < shown) some.push_back(name);
  std::string text = (kind.input.empty() ? "" : kind.input + ": ") + kind.text;
  if (some.empty()) return text;
  text += " (" + std::to_string(kind.cases.size()) + (kind.cases.size() == 1 ? " case: " : " cases: ");
  return text + core::join(some, ", ") + (some.size() < kind.cases.size() ? ", …)" : ")");
}

}  // namespace photo51::data
