#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "photo51/core/text.hpp"
#include "photo51/evaluation/classification.hpp"
#include "report/format_text.hpp"
#include "report/sections.hpp"

namespace photo51::report {

namespace {

using evaluation::ScoredPredictions;

constexpr size_t listed = 6;

/// One patient's prediction, judged.
struct Judged {
  size_t index = 0;
  double badness = 0;
  bool wrong = false, unsure = false;
  std::string truth, said;
};

std::string duration(double time, const std::string& unit) {
  const auto shown = time_scale(unit, 0);
  return core::format_fixed(time / shown.divisor, 1) + " " + shown.unit;
}

/// Share of the pairs with other patients that the risks put in the wrong order; NaN without pairs.
double discordance(const ScoredPredictions& shown, size_t i) {
  double lost = 0, pairs = 0;
  for (size_t j = 0; j < shown.cases.size(); ++j) {
    const auto first = [&](size_t a, size_t b) {
      return shown.event[a] &&
             (shown.value[a] < shown.value[b] || (shown.value[a] == shown.value[b] && !shown.event[b]));
    };
    if (i == j || (!first(i, j) && !first(j, i))) continue;
    const double lead = shown.predicted[i] - shown.predicted[j];
    pairs += 1;
    if (lead == 0)
      lost += 0.5;
    else if ((lead > 0) != first(i, j))
      lost += 1;
  }
  return pairs == 0 ? std::numeric_limits<double>::quiet_NaN() : lost / pairs;
}

Judged judge(const ScoredPredictions& shown, size_t i) {
  Judged judged;
  judged.index = i;
  const auto& spec = shown.spec;
  if (spec.kind == Kind::binary) {
    const double p = shown.predicted[i];
    const int said = p >= 0.5;
    judged.wrong = said != shown.label[i];
    judged.badness = std::abs(p - shown.label[i]);
    const bool spread = shown.high[i] > shown.low[i];
    judged.unsure = std::abs(p - 0.5) < 0.1 - 1e-9 || (spread && shown.low[i] < 0.5 && shown.high[i] >= 0.5);
    judged.truth = class_words(spec, shown.label[i]);
    judged.said = class_words(spec, said) + ", probability " +
                  (said ? with_interval(p, shown.low[i], shown.high[i])
                        : with_interval(1 - p, 1 - shown.high[i], 1 - shown.low[i]));
  } else if (spec.kind == Kind::multiclass) {
    const size_t width = shown.classes.size(), row = i * width;
    const auto first = shown.predicted.begin() + static_cast<std::ptrdiff_t>(row);
    const auto top =
        static_cast<size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(width)) - first);
    const auto truth = static_cast<size_t>(shown.label[i]);
    judged.wrong = top != truth;
    judged.badness = shown.predicted[row + top];
    judged.unsure = shown.predicted[row + top] < 0.5;
    judged.truth = truth < width ? shown.classes[truth] : std::to_string(truth);
    judged.said = shown.classes[top] + ", probability " +
                  with_interval(shown.predicted[row + top], shown.low[row + top], shown.high[row + top]);
  } else if (spec.kind == Kind::survival) {
    judged.badness = discordance(shown, i);
    judged.truth =
        (shown.event[i] ? "event after " : "event-free at ") + duration(shown.value[i], spec.time_unit);
    const auto riskier = std::count_if(shown.predicted.begin(), shown.predicted.end(),
                                       [&](double risk) { return risk > shown.predicted[i]; });
    judged.said =
        "risk rank " + std::to_string(riskier + 1) + " of " + std::to_string(shown.size()) + " (1 = highest)";
  } else if (spec.kind == Kind::expression) {
    const size_t genes = shown.classes.size();
    double squares = 0;
    for (size_t gene = i * genes; gene < (i + 1) * genes; ++gene)
      squares += std::pow(shown.predicted[gene] - shown.value[gene], 2);
    judged.badness = std::sqrt(squares / static_cast<double>(genes));
    judged.truth = std::to_string(genes) + " genes";
    judged.said = "off by " + core::format_fixed(judged.badness, 2) + " (root mean square)";
  } else {
    judged.badness = std::abs(shown.predicted[i] - shown.value[i]);
    judged.truth = core::format_fixed(shown.value[i], 2);
    judged.said = with_interval(shown.predicted[i], shown.low[i], shown.high[i]);
  }
  return judged;
}

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
std::string gap(const ReportInput& input, const data::LabelSpec& spec, const std::string& column) {
  const auto headline = headline_of(spec.kind);
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
  const bool classifies = spec.kind == Kind::binary || spec.kind == Kind::multiclass;
  std::vector<Judged> all, worst, unsure;
  for (size_t i = 0; i < shown.cases.size(); ++i) all.push_back(judge(shown, i));
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
  section.set("worst_title", spec.kind == Kind::survival ? "Ranked most against their course"
                             : classifies                ? "Most confident mistakes"
                                                         : "Farthest from the truth");
  section.set("worst", case_rows_of(input, shown, worst));
  section.set("has_unsure", flag(!names.empty()));
  section.set("unsure", core::join(names, ", "));
  section.set("unsure_rule", spec.kind == Kind::binary
                                 ? "probability within 0.1 of one half, or the ensemble's interval spans it"
                                 : "no class reaches probability one half");
  return section;
}

}  // namespace photo51::report
