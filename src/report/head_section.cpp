#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "photo51/core/text.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/expression.hpp"
#include "photo51/evaluation/survival.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/sections.hpp"

namespace photo51::report {

namespace {

using evaluation::ScoredPredictions;

page::data figure(const std::string& svg, const std::string& caption, bool wide = false) {
  page::data entry;
  entry.set("svg", svg);
  entry.set("caption", caption);
  entry.set("wide", flag(wide));
  return entry;
}

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
    parts.emplace_back(development_group(input) == "validation" ? "validation" : "cross-val.",
                       *cases.development);
  return parts;
}

page::data figures(const ReportInput& input, const HeadCases& cases) {
  page::data list(page::data::type::list);
  const auto& shown = *cases.shown;
  const bool scorable = std::set<int>(shown.label.begin(), shown.label.end()).size() > 1;
  if (cases.spec.kind == Kind::binary) {
    if (scorable)
      list.push_back(figure(roc_plot(shown, parts_of(input, cases), input.level),
                            "Trade-off between patients found and false alarms, with the area under each "
                            "curve. Shaded: bootstrap interval. Dashed: a guess."));
    list.push_back(
        figure(calibration_plot(shown),
               "Of patients given a probability, how many are positive? On the dashed line, "
               "probabilities can be taken at their word. Ticks: single patients, positives above."));
    list.push_back(
        figure(strip_plot(shown),
               "Every patient's probability, apart by truth. Ringed patients are on the wrong side "
               "of 0.5."));
  } else if (cases.spec.kind == Kind::multiclass) {
    if (scorable)
      list.push_back(figure(one_vs_rest_plot(shown),
                            "Each class against the rest, with the area under its "
                            "curve. Dashed: a guess."));
  } else if (cases.spec.kind == Kind::survival) {
    list.push_back(figure(survival_plot(shown),
                          "Observed course of the half with the lower and the half with the higher predicted "
                          "risk. Shaded: 95 % interval. Small upright marks: patients last seen then.",
                          true));
  } else if (cases.spec.kind == Kind::expression) {
    list.push_back(figure(ranked_plot(evaluation::gene_pearson(shown), shown.classes),
                          "Correlation of predicted with measured values, a dot a gene, best first.", true));
  } else {
    list.push_back(figure(scatter_plot(shown), "A dot a patient. On the dashed line, prediction is truth."));
  }
  return list;
}

std::string group_words(std::string group, bool held_out, const std::string& development) {
  if (group == "all") return held_out ? "Held-out test, all" : "All patients";
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
  const auto headline = headline_of(cases.spec.kind);
  const std::string group = development_group(input);
  std::vector<ForestRow> rows;
  for (const bool development : {false, true})
    for (const auto& m : input.metrics) {
      if (m.head != cases.spec.head || m.metric != headline.metric) continue;
      if (m.group.starts_with(group) != development) continue;
      const bool whole = m.group == "all" || m.group == group;
      const auto* everybody = find_metric(input, m.head, m.metric, development ? group : "all");
      if (!whole && everybody && everybody->n == m.n) continue;  // the only group says the same again
      rows.push_back(
          {group_words(m.group, cases.held_out, group), m.value, m.low, m.high, m.n, whole, development});
    }
  if (rows.size() < 2) return "";
  return forest_plot(rows, metric_words(headline.metric).name, headline.chance);
}

page::data metric_rows(const ReportInput& input, const HeadCases& cases, bool with_development) {
  const std::string development = development_group(input);
  page::data list(page::data::type::list);
  for (const auto& m : input.metrics) {
    if (m.head != cases.spec.head || m.group != "all" || m.metric.starts_with("pearson:")) continue;
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

std::string percent_range(int64_t part, int64_t whole) {
  if (whole == 0) return "0 of 0";
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  const auto range = evaluation::wilson_interval(share, whole);
  auto text = share_words(part, whole);
  text.pop_back();
  return text + "; interval " + core::format_fixed(100 * range.low, 0) + "–" +
         core::format_fixed(100 * range.high, 0) + ")";
}

/// What a threshold of 0.5 would have done to these patients.
std::vector<std::string> decisions(const ScoredPredictions& shown) {
  int64_t table[2][2] = {{0, 0}, {0, 0}};
  for (size_t i = 0; i < shown.cases.size(); ++i) ++table[shown.label[i] == 1][shown.predicted[i] >= 0.5];
  const auto positive = class_words(shown.spec, 1), negative = class_words(shown.spec, 0);
  return {"Of the patients who are " + positive + ", " +
              percent_range(table[1][1], table[1][0] + table[1][1]) + " were found.",
          "Of the patients who are " + negative + ", " +
              percent_range(table[0][0], table[0][0] + table[0][1]) + " were recognised.",
          "When the model said " + positive + ", it was right in " +
              percent_range(table[1][1], table[0][1] + table[1][1]) + "; when it said " + negative + ", in " +
              percent_range(table[0][0], table[0][0] + table[1][0]) + "."};
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

/// How far the probabilities and the members of the ensemble can be trusted.
std::vector<std::string> certainty(const ReportInput& input, const HeadCases& cases) {
  const auto& shown = *cases.shown;
  std::vector<std::string> lines;
  double width = 0, predicted = 0, observed = 0;
  for (size_t i = 0; i < shown.predicted.size(); ++i) width += shown.high[i] - shown.low[i];
  width /= static_cast<double>(shown.predicted.size());
  if (cases.spec.kind == Kind::binary) {
    for (size_t i = 0; i < shown.predicted.size(); ++i) {
      predicted += 100 * shown.predicted[i] / static_cast<double>(shown.size());
      observed += 100.0 * shown.label[i] / static_cast<double>(shown.size());
    }
    lines.push_back("On average the model predicts " + core::format_fixed(predicted, 0) + " % " +
                    class_words(cases.spec, 1) + "; observed are " + core::format_fixed(observed, 0) + " %.");
    if (const auto* ece = find_metric(input, cases.spec.head, "ece", "all"))
      lines.push_back(
          "Its probabilities are off by " + core::format_fixed(100 * ece->value, 0) + " points on average" +
          (ece->n < 100
               ? "; with " + std::to_string(ece->n) + " patients, chance alone makes several of these."
               : "."));
  }
  if (width > 0 && cases.spec.kind != Kind::survival)  // a risk has no unit
    lines.push_back("The ensemble's members agree to within " + core::format_fixed(width, 2) +
                    (cases.spec.kind == Kind::regression || cases.spec.kind == Kind::expression
                         ? " on average (width of a patient's interval)."
                         : " of probability on average (width of a patient's interval)."));
  int64_t rare = 0;
  std::string what;
  if (cases.spec.kind == Kind::binary) {
    const auto ones = std::count(shown.label.begin(), shown.label.end(), 1);
    rare = std::min<int64_t>(ones, shown.size() - ones);
    what = "patients of the rarer class";
  } else if (cases.spec.kind == Kind::survival) {
    rare = std::count(shown.event.begin(), shown.event.end(), 1);
    what = "observed events";
  } else {
    rare = shown.size();
    what = "labelled patients";
  }
  if (rare < 20)
    lines.push_back("Only " + std::to_string(rare) + " " + what +
                    " are among those shown: every number here can move a lot with a few more patients.");
  return lines;
}

}  // namespace

page::data head_section(const ReportInput& input, const HeadCases& cases) {
  const auto& spec = cases.spec;
  page::data section;
  section.set("head", spec.head);
  section.set("scored", flag(cases.shown.has_value()));
  const auto headline = headline_of(spec.kind);
  const auto* metric = find_metric(input, spec.head, headline.metric, "all");
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
  section.set("decisions",
              texts(spec.kind == Kind::binary ? decisions(*cases.shown) : std::vector<std::string>{}));
  section.set("has_decisions", flag(spec.kind == Kind::binary));
  section.set("has_confusion", flag(spec.kind == Kind::multiclass));
  if (spec.kind == Kind::multiclass) section.set("confusion", confusion(*cases.shown));
  const auto lines = certainty(input, cases);
  section.set("certainty", texts(lines));
  section.set("has_words", flag(spec.kind == Kind::binary || !lines.empty()));
  section.set("has_certainty", flag(!lines.empty()));
  return section;
}

}  // namespace photo51::report
