#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/report/report.hpp"
#include "report/format_text.hpp"
#include "sample.hpp"

namespace photo51::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Why markup is not well-formed, or an empty string: every tag closes in order, `&` begins an entity, no
/// bare `<`.
std::string malformed(const std::string& page) {
  std::vector<std::string> open;
  size_t at = page.find("<html");
  while ((at = page.find_first_of("<&", at)) != std::string::npos) {
    if (page[at] == '&') {
      const size_t end = page.find(';', at);
      if (end == std::string::npos || end - at > 8) return "bare & at " + page.substr(at, 30);
      at = end;
      continue;
    }
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "open tag at " + page.substr(at, 30);
    const std::string tag = page.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) return "bare < at " + tag.substr(0, 40);
    const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" \n/", 1) - (tag[0] == '/'));
    at = end;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1))
        return "</" + tag.substr(1) + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
      if (name == "style") at = page.find("</style", at) - 1;
    }
  }
  return open.empty() ? "" : open.back() + " is never closed";
}

int64_t count(const std::string& page, const std::string& what) {
  int64_t found = 0;
  for (size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++found;
  return found;
}

/// Points of the `nth` shape of a class.
int64_t points_of(const std::string& page, const std::string& shape, int nth = 0) {
  size_t at = page.find(shape);
  for (; nth > 0; --nth) at = page.find(shape, at + 1);
  const size_t begin = page.find("points=\"", at) + 8;
  return count(page.substr(begin, page.find('"', begin) - begin), ",");
}

data::TaskSpec task_spec_of(const std::string& head, const std::string& kind) {
  data::TaskSpec spec;
  spec.head = head;
  spec.task = kind;
  spec.column = head;
  return spec;
}

ReportInput small_binary() {
  ReportInput input;
  input.title = "small";
  input.truth.specs = {task_spec_of("idh", "binary")};
  const double p[] = {0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4, 0.65, 0.2, 0.55};
  const int y[] = {0, 0, 1, 1, 1, 1, 0, 0, 0, 1};
  for (int i = 0; i < 10; ++i) {
    const auto id = "P" + std::to_string(i);
    input.cases.push_back({id, i < 5 ? "A" : "B", "", {{"mri", i != 0}}});
    input.predictions.push_back({id, "idh", "0", 1 - p[i], 1 - p[i], 1 - p[i]});
    input.predictions.push_back({id, "idh", "1", p[i], p[i], p[i]});
    input.truth.labels["idh"][id] = {true, static_cast<double>(y[i]), false, {}};
  }
  input.metrics = {{"idh", "auroc", "all", 0.76, 0.4, 0.98, 10}};
  return input;
}

TEST(Report, SampleIsWellFormedAndSelfContained) {
  const auto page = render_report(sample_input());
  if (const char* path = std::getenv("PHOTO51_SAMPLE_REPORT")) core::write_file_atomic(path, page);
  EXPECT_EQ(malformed(page), "");
  for (const char* outside : {"http:", "https:", "src=\"/", "@import", "url(", "<script", "<link", "{{"})
    EXPECT_THAT(page, Not(HasSubstr(outside))) << outside;
  EXPECT_EQ(count(page, "<img "), 4);
  EXPECT_EQ(count(page, "src=\"data:image/png;base64,iVBORw0KGgo"), 4);
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(Report, BinaryPlotsHaveTheKnownPoints) {
  const auto page = render_report(small_binary());
  EXPECT_EQ(malformed(page), "");
  // 8 distinct scores and (0, 0); the band goes there and back over 51 rates.
  EXPECT_EQ(points_of(page, "<polyline class=\"roc\""), 9);
  EXPECT_EQ(points_of(page, "<polygon class=\"band\""), 102);
  EXPECT_EQ(count(page, "<polyline class=\"roc part\""), 2);  // sites A and B
  EXPECT_EQ(count(page, "<polyline class=\"rug\""), 10);
  EXPECT_EQ(count(page, "<circle class=\"patient\""), 7);
  EXPECT_EQ(count(page, "<circle class=\"patient wrong\""), 3);  // P2, P4, P7
  EXPECT_EQ(count(page, "<circle class=\"bin\""), 3);
  EXPECT_THAT(page, HasSubstr(">all · 0.76<"));
}

TEST(Report, SaysHowGoodAndWhereItFails) {
  const auto page = render_report(small_binary());
  EXPECT_THAT(page, HasSubstr("76 times in 100 (95 % interval 40 to 98)"));
  EXPECT_THAT(page, HasSubstr("The interval includes a guess (50)"));
  EXPECT_THAT(page, HasSubstr("idh positive, 3 of 5 (60 %; interval 23–88) were found."));
  EXPECT_THAT(page, HasSubstr("idh negative, 4 of 5 (80 %; interval 38–96) were recognised."));
  EXPECT_THAT(page, HasSubstr("The model is wrong for 3 of 10 (30 %) of the patients."));
  EXPECT_THAT(page, HasSubstr("Wrong with all inputs: 3 of 9 (33 %); with an input missing: 0 of 1 (0 %)."));
  // The worst mistake comes first: P2 and P7, cases 3 and 8, are off by 0.65, P4 by 0.6.
  const size_t worst = page.find("Most confident mistakes");
  const size_t p2 = page.find("\"id\">3<", worst), p7 = page.find("\"id\">8<", worst),
               p4 = page.find("\"id\">5<", worst);
  ASSERT_NE(p2, std::string::npos);
  ASSERT_NE(p7, std::string::npos);
  ASSERT_NE(p4, std::string::npos);
  EXPECT_LT(p2, p4);
  EXPECT_LT(p7, p4);
  EXPECT_THAT(page, HasSubstr("Only 5 patients of the rarer class"));
  EXPECT_THAT(page, HasSubstr("<p class=\"ids\">10</p>"));  // |0.55 - 0.5| < 0.1; 0.4 is not
}

/// Of a metric whose interval is 0.1 below to 0.1 above `value`.
std::string verdict_text(const std::string& task, const std::string& metric, double value) {
  data::TaskSpec spec;
  spec.head = "h";
  spec.task = task;
  return verdict_of({"h", metric, "all", value, value - 0.1, value + 0.1, 40}, spec, 0.95).text;
}

TEST(Report, AVerdictSaysWhatAGuessGetsByItsMetric) {
  EXPECT_THAT(verdict_text("binary", "auroc", 0.7), HasSubstr("whole interval is above a guess (50)"));
  EXPECT_THAT(verdict_text("survival", "c_index", 0.3), HasSubstr("whole interval is below a guess (50)"));
  EXPECT_THAT(verdict_text("regression", "r2", 0.05), HasSubstr("includes always predicting the mean"));
  EXPECT_THAT(verdict_text("expression", "pearson_median", 0.05), HasSubstr("includes no correlation (0)"));
  EXPECT_THAT(verdict_text("expression", "pearson_median", 0.5), HasSubstr("is above no correlation (0)"));
}

TEST(Report, GradesFollowTheInterval) {
  auto input = small_binary();
  EXPECT_THAT(render_report(input), HasSubstr("class=\"card doubt\""));
  input.metrics[0].low = 0.6;
  EXPECT_THAT(render_report(input), HasSubstr("class=\"card good\""));
  input.metrics[0].low = 0.1;
  input.metrics[0].high = 0.3;
  EXPECT_THAT(render_report(input), HasSubstr("the model misleads on these patients"));
  input.metrics[0].low = input.metrics[0].high = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(render_report(input), HasSubstr("There is no interval"));
  input.metrics.clear();
  EXPECT_THAT(render_report(input), HasSubstr("There is no metric of this head."));
}

TEST(Report, CohortTableCountsSitesInputsAndLabels) {
  const auto page = render_report(small_binary());
  EXPECT_THAT(page, HasSubstr("<tr><td>A</td><td>5</td><td class=\"incomplete\">4 of 5 (80 %)</td>"
                              "<td>3 of 5 (60 %)</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<tr class=\"total\"><td>all</td><td>10</td>"));
  const auto sample = render_report(sample_input());
  EXPECT_THAT(sample, HasSubstr("<th>held-out test</th>"));
  EXPECT_THAT(sample, HasSubstr("<td>CS</td><td>60</td><td>0</td><td>60</td>"));
}

TEST(Report, HeldOutCasesAreShownAloneAndGapsAreTold) {
  const auto page = render_report(sample_input());
  EXPECT_THAT(page, HasSubstr("Held-out test, all"));
  EXPECT_THAT(page, HasSubstr("Cross-validation, all"));
  EXPECT_THAT(page, HasSubstr("site DU (cross-validation)"));
  // Of one split, not of folds.
  auto one_split = sample_input();
  for (auto& metric : one_split.metrics)
    if (metric.group.starts_with("cross_validation")) metric.group.erase(0, std::string("cross_").size());
  const auto split_page = render_report(one_split);
  EXPECT_THAT(split_page,
              testing::AllOf(HasSubstr("Validation, all"), HasSubstr("site DU (validation)"),
                             HasSubstr("<th>validation</th>"), Not(HasSubstr("ross-validation"))));
  // 150 patients, 60 of them test, those with a known label drawn once as a strip and once as a rug.
  int64_t labelled = 0;
  for (const auto& row : sample_input().cases)
    labelled += row.part == "test" && sample_input().truth.labels.at("codel").at(row.id).known;
  EXPECT_EQ(count(page, "<polyline class=\"rug\""), labelled);
  auto input = small_binary();
  input.truth.groups["site"];
  input.metrics.push_back({"idh", "auroc", "site=A", 0.5, 0.3, 0.6, 5});
  input.metrics.push_back({"idh", "auroc", "site=B", 0.9, 0.7, 1.0, 5});
  EXPECT_THAT(
      render_report(input),
      HasSubstr("AUROC by site: lowest A 0.50 (0.30–0.60), highest B 0.90 (0.70–1.00). The intervals do "
                "not overlap"));
  input.metrics[2].low = 0.55;
  EXPECT_THAT(render_report(input), HasSubstr("chance can explain the gap"));
  EXPECT_EQ(count(render_report(input), "<circle class=\"estimate\""), 3);
}

TEST(Report, SurvivalPlotHasTheKnownSteps) {
  ReportInput input;
  input.truth.specs = {task_spec_of("os", "survival")};
  const double time[] = {100, 200, 300, 400, 500, 600};
  const bool event[] = {true, true, false, true, true, false};
  for (int i = 0; i < 6; ++i) {
    const auto id = "P" + std::to_string(i);
    input.cases.push_back({id, "", "", {}});
    input.predictions.push_back({id, "os", "", 6.0 - i, 6.0 - i, 6.0 - i});
    input.truth.labels["os"][id] = {true, time[i], event[i], {}};
  }
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  // Three patients a half: (0, 1) and two points a time.
  EXPECT_EQ(points_of(page, "<polyline class=\"survival\"", 0), 7);
  EXPECT_EQ(points_of(page, "<polyline class=\"survival\"", 1), 7);
  EXPECT_EQ(count(page, "<polyline class=\"censored\""), 2);
  EXPECT_THAT(page, HasSubstr("higher predicted risk · 2 events in 3"));
  EXPECT_THAT(page, HasSubstr("log-rank p = "));
  EXPECT_THAT(page, HasSubstr("time, months"));
  // Times that are not in days stay as they are.
  for (const std::string unit : {"months", "years"}) {
    input.truth.specs[0].time_unit = unit;
    const auto other = render_report(input);
    EXPECT_THAT(other, HasSubstr("time, " + unit));
    EXPECT_THAT(other, HasSubstr(" " + unit + "<"));
  }
  EXPECT_THAT(page, HasSubstr("risk rank 1 of 6 (1 = highest)"));
}

TEST(Report, TrainingCurvesSkipWhatWasNotMeasured) {
  auto input = small_binary();
  const double none = std::numeric_limits<double>::quiet_NaN();
  input.curves = {{"fold 0", {0.9, 0.7, 0.6}, {none, 0.8, none}}, {"fold 1", {1, 0.8}, {}}};
  const auto page = render_report(input);
  EXPECT_EQ(count(page, "<polyline class=\"loss\""), 2);
  EXPECT_EQ(points_of(page, "<polyline class=\"loss\""), 3);
  EXPECT_EQ(points_of(page, "<polyline class=\"loss validation\""), 1);
  EXPECT_THAT(page, HasSubstr("one line for each of 2 trained models"));
}

TEST(Report, EscapesWhatPeopleWrite) {
  const std::string nasty = "<b>&\"'</b>{{title}}";
  auto input = small_binary();
  input.title = input.made_by = nasty;
  input.question = {nasty};
  input.warnings = {nasty};
  input.file_warnings = {{nasty, nasty, nasty, nasty}};
  input.model = {{nasty, nasty}};
  input.pictures = {{nasty, tiny_png(), nasty, nasty, nasty, false}};
  input.truth.specs[0].positive = {nasty};
  input.cases[0].site = nasty;
  input.cases[0].inputs = {{nasty, false}};
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;&amp;"));
}

TEST(Report, ShowsWhereAModelLooked) {
  auto input = small_binary();
  input.pictures = {{"P1", tiny_png(), "idh, he slide", "1 0.35", "1", true}};
  const auto plain = render_report(input);
  EXPECT_THAT(plain, Not(HasSubstr("percentile of its attention")));
  input.pictures[0].heat_map = tiny_png();
  input.pictures[0].tiles = {tiny_png(), tiny_png()};
  input.pictures.push_back({"P2", "", "idh, f", "1 0.35", "0", false, tiny_png(), {}});
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  EXPECT_THAT(page, HasSubstr("percentile of its attention"));
  EXPECT_EQ(count(page, "src=\"data:image/png"), 5) << "each picture is in the page";
  EXPECT_EQ(count(page, ": attention\""), 2);
  EXPECT_EQ(count(page, ": a tile of much attention\""), 2);
}

TEST(Report, CountsWhatWasOddAboutFiles) {
  auto input = small_binary();
  EXPECT_THAT(render_report(input), Not(HasSubstr("What was odd about files")));
  for (int i = 0; i < 12; ++i)
    input.file_warnings.push_back({"P" + std::to_string(i), "mri", "f.nii",
                                   "sform and qform put a corner 0." + std::to_string(i) + " mm apart"});
  input.file_warnings.push_back({"", "", "cohort.csv", "is not UTF-8"});
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  EXPECT_THAT(page, HasSubstr("<td>12</td><td>mri</td><td>sform and qform put a corner 0.0 mm apart</td>"));
  EXPECT_THAT(page, HasSubstr("9, 10, …"));
  EXPECT_THAT(page, Not(HasSubstr("left out 1,")));
  EXPECT_THAT(page, HasSubstr("<td>is not UTF-8</td><td class=\"id\">the cohort</td>"));
}

/// Everything that can name a case, in every place of the page.
ReportInput telling() {
  auto input = small_binary();
  const std::string id = "Franklin_R";
  for (auto* rows : {&input.cases}) (*rows)[2].id = id;  // off by most: listed, drawn and ringed
  for (auto& prediction : input.predictions)
    if (prediction.case_id == "P2") prediction.case_id = id;
  auto& labels = input.truth.labels["idh"];
  labels[id] = labels["P2"];
  labels.erase("P2");
  input.pictures = {{id, tiny_png(), "flair", "1 0.35", "1", false}};
  input.metrics.push_back({"idh", "auroc", "patient=" + id, 0.5, 0.3, 0.6, 5});
  input.warnings = {"no picture of case Franklin_R: /clinic/Franklin R/flair.nii: is cut off",
                    "cohort.csv: what it says of 2 case(s), the first Franklin_R, has changed",
                    "../data/Franklin/t1.nii was left, Franklin_R2 and 3 mm/s stay"};
  input.file_warnings = {{id, "mri", "/clinic/Franklin R/flair.nii",
                          "/clinic/Franklin R/flair.nii of Franklin_R is odd, see scans/mrn4711/a.nii"},
                         {"Watson", "mri", "w.nii", "case Watson cannot be read"},
                         {"Crick", "mri", "c.nii", "case Crick cannot be read"}};
  return input;
}

TEST(Report, NamesNobodyUnlessAsked) {
  auto input = telling();
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  for (const char* name : {"Franklin R", "Franklin/", "Franklin_R<", "Franklin_R:", "Franklin_R ",
                           "Franklin_R,", "Watson", "Crick", "mrn4711", "/clinic", ">P4<", "P9"})
    EXPECT_THAT(page, Not(HasSubstr(name))) << name;
  EXPECT_THAT(page, HasSubstr("Patients are numbered in the order of predictions.csv"));
  EXPECT_THAT(page, HasSubstr("<title>3: 0.35</title>"));
  EXPECT_THAT(page, HasSubstr("<strong class=\"id\">3</strong>"));
  EXPECT_THAT(page, HasSubstr("alt=\"3: flair\""));
  EXPECT_THAT(page, HasSubstr("no picture of case 3: "));
  EXPECT_THAT(page, HasSubstr("2 case(s), the first case 3, has changed"));
  EXPECT_THAT(page, HasSubstr("a file was left, Franklin_R2 and 3 mm/s stay"));
  EXPECT_THAT(page, HasSubstr("the file of case 3 is odd, see a file"));
  EXPECT_THAT(page, HasSubstr("left out 1"));

  input.with_ids = true;
  const auto named = render_report(input);
  for (const char* name : {"\"id\">Franklin_R<", "Watson", "mrn4711", "<p class=\"ids\">P9</p>",
                           "<title>Franklin_R: 0.35</title>"})
    EXPECT_THAT(named, HasSubstr(name)) << name;
  EXPECT_THAT(named, Not(HasSubstr("Patients are numbered")));
}

TEST(Report, CasesOfDigitsAreNotTakenForOtherNumbers) {
  auto input = small_binary();
  for (auto& row : input.cases) row.id = row.id.substr(1);
  for (auto& prediction : input.predictions) prediction.case_id = prediction.case_id.substr(1);
  std::map<std::string, data::Case::Label> labels;
  for (const auto& [id, label] : input.truth.labels["idh"]) labels[id.substr(1)] = label;
  input.truth.labels["idh"] = labels;
  input.warnings = {"7 of the 9 cases were used, case 7 and patient 0 too"};
  EXPECT_THAT(render_report(input), HasSubstr("7 of the 9 cases were used, case 8 and patient 1 too"));
}

TEST(Report, HeadWithoutLabelsSaysSo) {
  auto input = small_binary();
  for (auto& [id, label] : input.truth.labels["idh"]) label.known = false;
  input.metrics.clear();
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  EXPECT_THAT(page, HasSubstr("No predicted patient has a known label"));
}

TEST(Report, OneClassHasNoCurve) {
  auto input = small_binary();
  for (auto& [id, label] : input.truth.labels["idh"]) label.value = 1;
  input.metrics.clear();
  const auto page = render_report(input);
  EXPECT_EQ(malformed(page), "");
  EXPECT_EQ(count(page, "<polyline class=\"roc\""), 0);
  EXPECT_EQ(count(page, "<polyline class=\"rug\""), 10);
}

TEST(Report, BrokenPredictionsAreErrors) {
  auto input = small_binary();
  input.predictions.push_back(input.predictions[0]);
  try {
    render_report(input);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    EXPECT_THAT(error.what(), HasSubstr("case P0: head idh: predicted twice"));
  }
}

}  // namespace
}  // namespace photo51::report
