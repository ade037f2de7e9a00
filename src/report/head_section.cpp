#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/expression.hpp"
#include "photo51/evaluation/survival.hpp"
#include "photo51/evaluation/task_metrics.hpp"
#include "photo51/report/task_wording.hpp"
#include "photo51/run/layout.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/sections.hpp"

namespace photo51::report {

namespace {

using evaluation::ScoredPredictions;

Parts parts_of(const ReportInput& input, const HeadCases& cases) {
  std::map<std::string, std::string> site_of;
  for (const auto& row : input.cases) site_of[row.id] = row.site;
  std::map<std::string, std::vector<int64_t>> members;
  for (int64_t i = 0; i < cases.shown->size(); ++i)
    members[site_of[cases.shown->cases[static_cast<size_t>(i)]]].push_back(i);
  Parts parts;
  if (members.size() > 1)
    for (const auto& [site, patients] : members)
      if (!site.empty()) parts.emplace_back(site, cases.shown->pick(patients));
  if (cases.development)
    parts.emplace_back(development_group(input) == run::group::validation ? "validation" : "cross-val.",
                       *cases.development);
  return parts;
}

page::data figures(const ReportInput& input, const HeadCases& cases) {
  page::data list(page::data::type::list);
  const auto parts = [&] { return parts_of(input, cases); };
  for (const auto& figure : wording_of(cases.spec.task).figures(*cases.shown, parts, input.level)) {
    page::data entry;
    entry.set("svg", figure.svg);
    entry.set("caption", figure.caption);
    entry.set("wide", flag(figure.wide));
    list.push_back(entry);
  }
  return list;
}

std::string group_words(std::string group, bool held_out, const std::string& development) {
  if (group == run::group::all) return held_out ? "Held-out test, all" : "All patients";
  std::string words = development_words(development);
  if (group == development) {
    words.front() = static_cast<char>(std::toupper(words.front()));
    return words + ", all";
  }
  const bool inside = group.starts_with(development + "/");
  if (inside) group = group.substr(development.size() + 1);
  std::replace(group.begin(), group.end(), '=', ' ');
  return group + (inside ? " (" + words + ")" : "");
}

std::string forest(const ReportInput& input, const HeadCases& cases) {
  const auto headline = headline_of(cases.spec);
  const std::string group = development_group(input);
  std::vector<ForestRow> rows;
  for (const bool development : {false, true})
    for (const auto& m : input.metrics) {
      if (m.head != cases.spec.head || m.metric != headline.metric) continue;
      if (m.group.starts_with(group) != development) continue;
      const bool whole = m.group == run::group::all || m.group == group;
      const auto* everybody = find_metric(input, m.head, m.metric, development ? group : run::group::all);
      if (!whole && everybody && everybody->n == m.n) continue;  // the only group says the same again
      rows.push_back(
          {group_words(m.group, cases.held_out, group), m.value, m.low, m.high, m.n, whole, development});
    }
  if (rows.size() < 2) return "";
  return forest_plot(rows, metric_words(headline.metric).name, headline.chance);
}

/// There may be thousands of them.
bool is_of_one_output(const evaluation::Metric& metric, const data::TaskSpec& spec) {
  // Of a lone class its own statistics say the same again.
  if (spec.classes.size() == 1 && metric.metric.ends_with(":" + spec.classes.front())) return true;
  const auto& by_output = evaluation::metrics_of(spec.task).by_output;
  return !by_output.empty() && metric.metric.starts_with(by_output + ":");
}

page::data metric_rows(const ReportInput& input, const HeadCases& cases, bool with_development) {
  const std::string development = development_group(input);
  page::data list(page::data::type::list);
  for (const auto& m : input.metrics) {
    if (m.head != cases.spec.head || m.group != run::group::all || is_of_one_output(m, cases.spec)) continue;
    page::data row;
    row.set("name", metric_words(m.metric).name);
    row.set("meaning", metric_words(m.metric).meaning);
    row.set("value", with_interval(m.value, m.low, m.high));
    const auto* crossed = find_metric(input, m.head, m.metric, development);
    row.set("crossed", crossed ? with_interval(crossed->value, crossed->low, crossed->high) : "–");
    row.set("has_crossed", flag(with_development));
    list.push_back(row);
  }
  return list;
}

page::data confusion(const ScoredPredictions& shown) {
  const auto width = static_cast<int64_t>(shown.classes.size());
  const auto said = evaluation::argmax(shown.predicted, width);
  page::data table, rows(page::data::type::list);
  std::vector<std::string> columns{"true class"};
  for (const auto& name : shown.classes) columns.push_back("said " + name);
  for (int c = 0; c < width; ++c) {
    const auto all = std::count(shown.label.begin(), shown.label.end(), c);
    if (all == 0) continue;
    page::data row, cells(page::data::type::list);
    for (int k = 0; k < width; ++k) {
      int64_t here = 0;
      for (size_t i = 0; i < said.size(); ++i) here += shown.label[i] == c && said[i] == k;
      page::data cell;
      cell.set("text", std::to_string(here));
      cell.set("shade", core::format_fixed(0.45 * static_cast<double>(here) / static_cast<double>(all), 2));
      cell.set("diagonal", flag(k == c));
      cells.push_back(cell);
    }
    row.set("class_name", shown.classes[static_cast<size_t>(c)]);
    row.set("cells", cells);
    rows.push_back(row);
  }
  table.set("columns", texts(columns));
  table.set("rows", rows);
  return table;
}

/// How far the predictions and the members of the ensemble can be trusted.
std::vector<std::string> certainty(const ReportInput& input, const HeadCases& cases) {
  const auto& shown = *cases.shown;
  const auto& wording = wording_of(cases.spec.task);
  std::vector<std::string> lines;
  if (wording.calibration != nullptr)
    lines = wording.calibration(shown, [&](const std::string& metric) {
      return find_metric(input, cases.spec.head, metric, run::group::all);
    });
  double width = 0;
  for (size_t i = 0; i < shown.predicted.size(); ++i) width += shown.high[i] - shown.low[i];
  width /= static_cast<double>(shown.predicted.size());
  const data::Task& task = data::task_of(cases.spec);
  if (width > 0 && !task.is_risk())  // a risk has no unit
    lines.push_back("The ensemble's members agree to within " + core::format_fixed(width, 2) +
                    (task.output == data::Output::values
                         ? " on average (width of a patient's interval)."
                         : " of probability on average (width of a patient's interval)."));
  const Rarest rare =
      wording.rarest == nullptr ? Rarest{shown.size(), "labelled patients"} : wording.rarest(shown);
  if (rare.count < 20)
    lines.push_back("Only " + std::to_string(rare.count) + " " + rare.what +
                    " are among those shown: every number here can move a lot with a few more patients.");
  return lines;
}

}  // namespace

page::data head_section(const ReportInput& input, const HeadCases& cases) {
  const auto& spec = cases.spec;
  page::data section;
  section.set("head", spec.head);
  section.set("scored", flag(cases.shown.has_value()));
  const auto headline = headline_of(spec);
  const auto* metric = find_metric(input, spec.head, headline.metric, run::group::all);
  const auto verdict = metric ? verdict_of(*metric, spec, input.level)
                              : Verdict{"none", "not scored", "There is no metric of this head."};
  section.set("metric_name", metric_words(headline.metric).name);
  section.set("headline", metric ? core::format_fixed(metric->value, 2) : "–");
  section.set("interval",
              metric && !std::isnan(metric->low) ? range_words(metric->low, metric->high) : "no interval");
  section.set("patients", metric ? std::to_string(metric->n) : "0");
  section.set("whose", cases.held_out ? "held-out test patients" : "patients");
  section.set("grade", verdict.grade);
  section.set("verdict_short", verdict.short_text);
  section.set("verdict", verdict.text);
  if (!cases.shown) return section;

  const std::string development = development_group(input);
  const bool with_development = std::any_of(input.metrics.begin(), input.metrics.end(), [&](const auto& m) {
    return m.head == spec.head && m.group == development;
  });
  section.set("figures", figures(input, cases));
  const auto groups = forest(input, cases);
  section.set("has_forest", flag(!groups.empty()));
  section.set("forest", groups);
  section.set("metric_rows", metric_rows(input, cases, with_development));
  section.set("with_development", flag(with_development));
  section.set("first_column", cases.held_out ? "held-out test" : "all patients");
  const auto& wording = wording_of(spec.task);
  const bool decides = wording.decisions != nullptr;
  section.set("decisions", texts(decides ? wording.decisions(*cases.shown) : std::vector<std::string>{}));
  section.set("has_decisions", flag(decides));
  section.set("has_confusion", flag(wording.has_confusion));
  if (wording.has_confusion) section.set("confusion", confusion(*cases.shown));
  const auto lines = certainty(input, cases);
  section.set("certainty", texts(lines));
  section.set("has_words", flag(decides || !lines.empty()));
  section.set("has_certainty", flag(!lines.empty()));
  return section;
}

}  // namespace photo51::report
