#include <algorithm>
#include <cmath>
#include <map>

#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/report/task_wording.hpp"
#include "report/format_text.hpp"
#include "report/sections.hpp"

namespace photo51::report {

namespace {

using evaluation::ScoredPredictions;

constexpr size_t listed = 6;

page::data case_rows_of(const ReportInput& input, const ScoredPredictions& shown,
                        const std::vector<Judged>& some) {
  std::map<std::string, const CaseRow*> row_of;
  for (const auto& row : input.cases) row_of[row.id] = &row;
  page::data list(page::data::type::list);
  for (const auto& judged : some) {
    const auto& id = shown.cases[judged.index];
    std::vector<std::string> missing;
    const auto* row = row_of[id];
    if (row)
      for (const auto& [name, present] : row->inputs)
        if (!present) missing.push_back(name);
    page::data entry;
    entry.set("case_id", id);
    entry.set("site", row && !row->site.empty() ? row->site : "–");
    entry.set("truth", judged.truth);
    entry.set("said", judged.said);
    entry.set("missing", missing.empty() ? "–" : core::join(missing, ", "));
    list.push_back(entry);
  }
  return list;
}

/// The widest difference between the values of one column, in words.
std::string gap(const ReportInput& input, const data::TaskSpec& spec, const std::string& column) {
  const auto headline = headline_of(spec);
  const evaluation::Metric *low = nullptr, *high = nullptr;
  for (const auto& m : input.metrics) {
    if (m.head != spec.head || m.metric != headline.metric || !m.group.starts_with(column + "=")) continue;
    if (!low || m.value < low->value) low = &m;
    if (!high || m.value > high->value) high = &m;
  }
  if (!low || low == high) return "";
  const auto told = [&](const evaluation::Metric& m) {
    return m.group.substr(column.size() + 1) + " " + with_interval(m.value, m.low, m.high);
  };
  std::string text = metric_words(headline.metric).name + " by " + column + ": lowest " + told(*low) +
                     ", highest " + told(*high) + ". ";
  if (std::isnan(low->high) || std::isnan(high->low))
    return text + "One of them is too small for an interval.";
  return text + (low->high < high->low ? "The intervals do not overlap: the gap is likely real."
                                       : "The intervals overlap: chance can explain the gap.");
}

/// Do missing inputs cost?
std::string completeness(const ReportInput& input, const ScoredPredictions& shown,
                         const std::vector<Judged>& all) {
  std::map<std::string, bool> complete;
  for (const auto& row : input.cases)
    complete[row.id] =
        std::all_of(row.inputs.begin(), row.inputs.end(), [](const auto& i) { return i.second; });
  int64_t count[2] = {0, 0}, wrong[2] = {0, 0};
  for (const auto& judged : all) {
    const bool whole = complete[shown.cases[judged.index]];
    ++count[whole];
    wrong[whole] += judged.wrong;
  }
  if (count[0] == 0 || count[1] == 0) return "";
  return "Wrong with all inputs: " + share_words(wrong[1], count[1]) +
         "; with an input missing: " + share_words(wrong[0], count[0]) + ".";
}

}  // namespace

page::data failure_section(const ReportInput& input, const HeadCases& cases) {
  const auto& shown = *cases.shown;
  const auto& spec = cases.spec;
  const bool classifies = data::task_of(spec).has_classes();
  const auto& wording = wording_of(spec.task);
  std::vector<Judged> all, worst, unsure;
  for (size_t i = 0; i < shown.cases.size(); ++i) all.push_back(wording.judge(shown, i));
  for (const auto& judged : all) {
    if (classifies ? judged.wrong : !std::isnan(judged.badness)) worst.push_back(judged);
    if (judged.unsure) unsure.push_back(judged);
  }
  const auto mistakes = static_cast<int64_t>(worst.size());
  std::stable_sort(worst.begin(), worst.end(),
                   [](const Judged& a, const Judged& b) { return a.badness > b.badness; });
  worst.resize(std::min(worst.size(), listed));

  std::vector<std::string> notes;
  if (classifies) {
    notes.push_back("The model is wrong for " + share_words(mistakes, shown.size()) + " of the patients.");
    int64_t unsure_wrong = 0;
    for (const auto& judged : unsure) unsure_wrong += judged.wrong;
    const auto doubtful = static_cast<int64_t>(unsure.size());
    if (doubtful > 0)
      notes.push_back("It is unsure about " + share_words(doubtful, shown.size()) +
                      "; of these it is wrong in " + share_words(unsure_wrong, doubtful) +
                      ", of the others in " + share_words(mistakes - unsure_wrong, shown.size() - doubtful) +
                      ".");
    if (const auto text = completeness(input, shown, all); !text.empty()) notes.push_back(text);
  }
  for (const auto& [column, values] : input.truth.groups)
    if (const auto text = gap(input, spec, column); !text.empty()) notes.push_back(text);

  std::vector<std::string> names;
  for (const auto& judged : unsure) names.push_back(shown.cases[judged.index]);
  page::data section;
  section.set("head", spec.head);
  section.set("notes", texts(notes));
  section.set("has_worst", flag(!worst.empty()));
  section.set("worst_title", wording.worst_title);
  section.set("worst", case_rows_of(input, shown, worst));
  section.set("has_unsure", flag(!names.empty()));
  section.set("unsure", core::join(names, ", "));
  section.set("unsure_rule", wording.unsure_rule);
  return section;
}

}  // namespace photo51::report
