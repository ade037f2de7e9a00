#include "data/split/label_leakage.hpp"

#include <cmath>
#include <functional>

#include "data/fixture.hpp"
#include "photo51/data/modality/clinical.hpp"
#include "photo51/data/modality/omics.hpp"
#include "photo51/data/split/split.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Values = std::vector<double>;

TEST(LabelLeakage, ChanceIsThatOfARandomOrder) {
  // 2 of 4 in front: C(4, 2) orders, two of which are as alike.
  const auto exact = ordered_likeness(Values{1, 1, 9, 9}, Values{0, 0, 1, 1});
  EXPECT_EQ(exact.copy, Copy::exact);
  EXPECT_NEAR(exact.log_chance, std::log(2.0 / 6), 1e-12);
  // All different: 4! orders.
  EXPECT_NEAR(ordered_likeness(Values{4, 3, 2, 1}, Values{1, 2, 3, 4}).log_chance, std::log(2.0 / 24), 1e-12);
  // Three classes of 2, one to one in any of 3! ways: 6!/(2! 2! 2!) orders.
  EXPECT_NEAR(category_likeness(Values{5, 5, 0, 0, 7, 7}, Values{0, 0, 1, 1, 2, 2}).log_chance,
              std::log(6.0 / 90), 1e-12);
}

TEST(LabelLeakage, ExactOrderedOrNeither) {
  EXPECT_EQ(ordered_likeness(Values{1, 2, 3, 4}, Values{0, 0, 1, 1}).copy, Copy::ordered);
  EXPECT_EQ(ordered_likeness(Values{4, 4, 3, 1}, Values{0, 1, 1, 1}).copy, Copy::ordered);
  EXPECT_EQ(ordered_likeness(Values{1, 3, 2, 4}, Values{0, 0, 1, 1}).copy, Copy::none);
  EXPECT_EQ(ordered_likeness(Values{1, 1, 1}, Values{0, 0, 1}).copy, Copy::none);
  EXPECT_EQ(ordered_likeness(Values{1, 2, 3}, Values{1, 1, 1}).copy, Copy::none);
  EXPECT_EQ(ordered_likeness(Values{NAN, 2, 1, 2}, Values{0, 1, 0, NAN}).copy, Copy::exact);
  EXPECT_EQ(ordered_likeness(Values{}, Values{}).copy, Copy::none);
  EXPECT_EQ(category_likeness(Values{2, 1, 0}, Values{0, 1, 0}).copy, Copy::none);
  EXPECT_EQ(category_likeness(Values{1, 1, 1}, Values{0, 1, 0}).copy, Copy::none);
}

class LabelLeakageTest : public CohortFolder {
 protected:
  /// 24 patients; every second one is positive, and has its event.
  template <class Cells>
  std::string manifest(const std::string& header, Cells&& cells) const {
    std::string text = "patient,idh,grade,time,event," + header + "\n";
    for (int i = 0; i < 24; ++i)
      text += "P" + std::to_string(i) + "," + std::to_string(i % 2) + "," + "abc"[i % 3] + "," +
              std::to_string(10 + 37 * (i * 7 % 24)) + "," + std::to_string(i % 2) + "," + cells(i) + "\n";
    return text;
  }
  static ClinicalOptions clinical(std::vector<std::string> columns) {
    ClinicalOptions options;
    options.columns = std::move(columns);
    return options;
  }
  Cohort cohort(const std::string& text, TaskSpec spec,
                config::Choice options = data::input(clinical({"x"}))) const {
    return read(text, {{"clin", std::move(options)}}, {std::move(spec)});
  }
  std::string refused(const std::string& text, TaskSpec spec,
                      config::Choice options = data::input(clinical({"x"}))) const {
    const Cohort made = cohort(text, std::move(spec), std::move(options));
    return failure(core::Fault::data, [&] { check_leakage(made, {}); });
  }
  /// What the check of a cohort that it lets pass logs.
  std::string told(const std::string& text, TaskSpec spec) const {
    const Cohort made = cohort(text, std::move(spec));
    testing::internal::CaptureStderr();
    check_leakage(made, {});
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LabelLeakageTest, ACopyInOtherWordsIsRefused) {
  const auto idh = label_spec("idh", "binary"), grade = label_spec("grade", "multiclass");
  const auto os = label_spec("os", "survival", "time", "event");
  for (const auto& cell : std::vector<std::function<std::string(int)>>{
           [](int i) { return std::to_string(7 - 3 * (i % 2)); },
           [](int i) { return std::string(i % 2 ? "mutant" : "wildtype"); },
           [](int i) { return i == 3 ? std::string("NA") : std::to_string(i % 2); },
           [](int i) { return i % 2 ? std::to_string(100 + i) : std::string(); }})  // blank or not
    EXPECT_THAT(refused(manifest("x", cell), idh),
                AllOf(HasSubstr("leakage: input clin: "), HasSubstr("column `x`"),
                      HasSubstr("tells the label of head idh")));
  EXPECT_THAT(refused(manifest("x", [](int i) { return std::to_string((i + 1) % 3); }), grade),
              HasSubstr("column `x` tells the label of head grade"));
  EXPECT_THAT(refused(manifest("x", [](int i) { return i % 2 ? "dead" : "alive"; }), os),
              HasSubstr("column `x` tells the events of head os"));
}

TEST_F(LabelLeakageTest, WhatPutsALabelInOrderIsTold) {
  const auto idh = label_spec("idh", "binary"), os = label_spec("os", "survival", "time", "event");
  EXPECT_THAT(told(manifest("x", [](int i) { return std::to_string(i % 2 * 50 + i); }), idh),
              HasSubstr("leakage? input clin: column `x`: each puts the label of head idh in order"));
  EXPECT_THAT(told(manifest("x", [](int i) { return std::to_string(-2 * (10 + 37 * (i * 7 % 24))); }), os),
              HasSubstr("column `x`: each puts the times of head os in order"))
      << "backwards";
  EXPECT_THAT(told(manifest("x", [](int i) { return std::to_string((10 + 37 * (i * 7 % 24)) / 30); }), os),
              HasSubstr("column `x`: each puts the times of head os in order"))
      << "months of days";
}

TEST_F(LabelLeakageTest, ChanceAndHeadsThatDoNotSeeTheInputPass) {
  auto idh = label_spec("idh", "binary");
  const auto copy = manifest("x", [](int i) { return std::to_string(i % 2); });
  idh.inputs = {"mri"};
  check_leakage(cohort(copy, idh), {});
  idh.inputs = {};
  EXPECT_THAT(told(manifest("x", [](int i) { return std::to_string(i * 5 % 7); }), idh),
              Not(HasSubstr("leakage")));
  check_leakage(cohort("patient,idh,x\nP1,0,3\nP2,0,3\nP3,1,5\nP4,1,5\n", idh), {});
}

TEST_F(LabelLeakageTest, GenesAreLookedAt) {
  std::string table = "gene";
  for (int i = 0; i < 24; ++i) table += "\tP" + std::to_string(i);
  for (const char* gene : {"NOISE", "IDH1"}) {
    table += std::string("\n") + gene;
    for (int i = 0; i < 24; ++i) table += "\t" + std::to_string(gene[0] == 'I' ? 2 - i % 2 : i * 5 % 11);
  }
  write("e.tsv", table + "\n");
  OmicsOptions omics;
  omics.table = "e.tsv";
  const auto plain = manifest("x", [](int) { return "1"; });
  EXPECT_THAT(refused(plain, label_spec("idh", "binary"), data::input(omics)),
              HasSubstr("leakage: input clin: gene `IDH1` tells the label of head idh without exception"));
}

}  // namespace
}  // namespace photo51::data
