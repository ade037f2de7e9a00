#pragma once
/// The report's parts as data for the page's template.

#include <kainjow/mustache.hpp>
#include <optional>
#include <string>
#include <vector>

#include "photo51/evaluation/scored.hpp"
#include "photo51/report/report.hpp"

namespace photo51::report {

namespace page = kainjow::mustache;

/// One head's patients with known labels: those that are shown, and the development cases when the shown
/// ones are held out.
struct HeadCases {
  data::TaskSpec spec;
  std::optional<evaluation::ScoredPredictions> shown, development;
  bool held_out = false;  ///< the shown ones are the test cases
};
HeadCases cases_of(const ReportInput& input, const data::TaskSpec& spec);

/// The group of the metrics that is the development cases: `cross_validation`, or `validation` of one split.
std::string development_group(const ReportInput& input);

/// The metric of a group, when there is one.
const evaluation::Metric* find_metric(const ReportInput& input, const std::string& head,
                                      const std::string& metric, const std::string& group);

/// {columns: [{text}], rows: [{cells: [{text, low}], total}]}: a row a site, and all.
page::data cohort_section(const ReportInput& input);
/// At a glance, how good and how sure.
page::data head_section(const ReportInput& input, const HeadCases& cases);
/// Where it fails: worst cases, unsure cases, gaps between subgroups.
page::data failure_section(const ReportInput& input, const HeadCases& cases);

page::data texts(const std::vector<std::string>& lines);
page::data flag(bool on);

}  // namespace photo51::report
