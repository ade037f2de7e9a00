#include <algorithm>
#include <map>
#include <set>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/split/split.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SplitTest : public CohortFolder {
 protected:
  /// 40 patients: sites A, B, C, D; idh 1 for every fourth; P39 unknown; time and event.
  static std::vector<std::string> rows() {
    std::vector<std::string> made;
    for (int i = 0; i < 40; ++i)
      made.push_back("P" + std::to_string(i) + "," + "ABCD"[i % 4] + std::string(",") +
                     (i == 39            ? ""
                      : (i / 4) % 4 == 0 ? "1"
                                         : "0") +
                     "," + std::to_string(i + 1) + "," + (i % 3 == 0 ? "1" : "0") + "\n");
    return made;
  }
  Cohort cohort(const std::vector<std::string>& of = rows()) const {
    std::string text = "patient,site,idh,time,event\n";
    for (const auto& row : of) text += row;
    return read(text, {}, {label_spec("idh", "binary")});
  }
  static std::map<std::string, int> part_of(const Cohort& cohort, const Split& split) {
    std::map<std::string, int> parts;
    for (const int64_t row : split.test) parts[cohort.id(row)] = -1;
    for (size_t fold = 0; fold < split.folds.size(); ++fold)
      for (const int64_t row : split.folds[fold].validation) parts[cohort.id(row)] = static_cast<int>(fold);
    return parts;
  }
  static int positives(const Cohort& cohort, const std::vector<int64_t>& rows) {
    return static_cast<int>(std::count_if(rows.begin(), rows.end(), [&](int64_t row) {
      return cohort.label(row, "idh").known && cohort.label(row, "idh").value == 1;
    }));
  }
};

TEST_F(SplitTest, HoldsOutSites) {
  const auto all = cohort();
  SplitOptions options;
  options.hold_out = {"B", "D"};
  const auto split = split_cohort(all, options);
  EXPECT_EQ(split.test.size(), 20U);
  for (const int64_t row : split.test) EXPECT_TRUE(all.site(row) == "B" || all.site(row) == "D");
  ASSERT_EQ(split.folds.size(), 1U);
  EXPECT_EQ(split.folds[0].validation.size(), 4U);
  EXPECT_EQ(split.folds[0].train.size(), 16U);
  for (const int64_t row : split.folds[0].train) EXPECT_TRUE(all.site(row) == "A" || all.site(row) == "C");
  check_leakage(all, split);
}

TEST_F(SplitTest, LeavesEachSiteOutByTurns) {
  const auto all = cohort();
  SplitOptions options;
  options.fold_by = "site";
  options.hold_out = {"D"};
  options.folds = 5;  // a config's number of random folds is of no account then
  const auto split = split_cohort(all, options);
  EXPECT_EQ(split.test.size(), 10U);
  ASSERT_EQ(split.folds.size(), 3U);
  for (size_t fold = 0; fold < 3; ++fold) {
    EXPECT_EQ(split.folds[fold].validation.size(), 10U);
    EXPECT_EQ(split.folds[fold].train.size(), 20U);
    for (const int64_t row : split.folds[fold].validation)
      EXPECT_EQ(all.site(row), std::string(1, "ABC"[fold]));
  }
  check_leakage(all, split);
}

TEST_F(SplitTest, RefusesToLeaveOutWhatItCannot) {
  SplitOptions options;
  options.fold_by = "sit";
  PHOTO51_EXPECT_ERROR(split_cohort(cohort(), options), data,
                       HasSubstr("cohort.split.fold_by needs the column `sit` (did you mean `site`?)"));
  options.fold_by = "site";
  options.hold_out = {"A", "B", "C"};
  PHOTO51_EXPECT_ERROR(split_cohort(cohort(), options), data, HasSubstr("holds one value only, `D`"));
  options.hold_out = {};
  auto made = rows();
  made[2] = "P2,,1,3,1\n";
  PHOTO51_EXPECT_ERROR(split_cohort(cohort(made), options), data,
                       ::testing::AllOf(HasSubstr(":4: column `site` is blank"), HasSubstr("fold_by")));
}

TEST_F(SplitTest, HoldsOutByAnotherColumn) {
  SplitOptions options;
  options.by = "event";
  options.hold_out = {"1"};
  EXPECT_EQ(split_cohort(cohort(), options).test.size(), 14U);
}

TEST_F(SplitTest, FoldsAreDisjointCompleteAndStratified) {
  const auto all = cohort();
  SplitOptions options;
  options.folds = 4;
  const auto split = split_cohort(all, options);
  ASSERT_EQ(split.folds.size(), 4U);
  std::set<int64_t> seen;
  for (const auto& fold : split.folds) {
    EXPECT_EQ(fold.validation.size(), 10U);
    EXPECT_EQ(fold.train.size(), 30U);
    EXPECT_EQ(positives(all, fold.validation), 3);  // 12 of 39
    seen.insert(fold.validation.begin(), fold.validation.end());
    std::set<int64_t> both(fold.train.begin(), fold.train.end());
    both.insert(fold.validation.begin(), fold.validation.end());
    EXPECT_EQ(both.size(), 40U);
  }
  EXPECT_EQ(seen.size(), 40U);
}

TEST_F(SplitTest, TestFractionIsStratified) {
  const auto all = cohort();
  SplitOptions options;
  options.test_fraction = 0.25;
  options.validation_fraction = 0;
  const auto split = split_cohort(all, options);
  EXPECT_EQ(split.test.size(), 10U);
  EXPECT_EQ(positives(all, split.test), 3);
  EXPECT_TRUE(split.folds[0].validation.empty());
  EXPECT_EQ(split.folds[0].train.size(), 30U);
}

TEST_F(SplitTest, DependsOnSeedAndIdsOnly) {
  const auto all = cohort();
  SplitOptions options;
  options.folds = 5;
  options.test_fraction = 0.2;
  const auto parts = part_of(all, split_cohort(all, options));
  EXPECT_EQ(parts, part_of(all, split_cohort(all, options)));
  auto turned = rows();
  std::reverse(turned.begin(), turned.end());
  const auto other = cohort(turned);
  EXPECT_EQ(parts, part_of(other, split_cohort(other, options)));
  options.seed = 1;
  EXPECT_NE(parts, part_of(all, split_cohort(all, options)));
}

TEST_F(SplitTest, StratifiesByTheNamedHead) {
  std::string text = "patient,site,idh,time,event\n";
  for (const auto& row : rows()) text += row;
  const auto all =
      read(text, {}, {label_spec("idh", "binary"), label_spec("os", "survival", "time", "event")});
  SplitOptions options;
  options.folds = 2;
  options.stratify = "os";
  for (const auto& fold : split_cohort(all, options).folds)
    EXPECT_EQ(std::count_if(fold.validation.begin(), fold.validation.end(),
                            [&](int64_t row) { return all.label(row, "os").event; }),
              7);
}

TEST_F(SplitTest, Errors) {
  const auto all = cohort();
  const auto refused = [&](SplitOptions options, core::Fault fault = core::Fault::data) {
    return failure(fault, [&] { split_cohort(all, options); });
  };
  SplitOptions options;
  options.hold_out = {"E"};
  EXPECT_THAT(refused(options), HasSubstr("no patient has `E` in column `site`; it holds A, B, C, D"));
  options.hold_out = {"A", "B", "C", "D"};
  EXPECT_THAT(refused(options), HasSubstr("every patient is held out"));
  options.by = "hospital";
  EXPECT_THAT(refused(options), HasSubstr("needs the column `hospital`"));
  options = {};
  options.folds = 50;
  EXPECT_THAT(refused(options), HasSubstr("50 folds need at least as many patients; 40"));
  options = {};
  options.stratify = "idn";
  EXPECT_THAT(refused(options, core::Fault::usage), HasSubstr("did you mean `idh`?"));

  const auto ages = read("patient,age\nP1,3\nP2,4\n", {}, {label_spec("age", "regression")});
  options.stratify = "age";
  EXPECT_THAT(failure(core::Fault::usage, [&] { split_cohort(ages, options); }),
              HasSubstr("head `age` has no classes"));
}

TEST_F(SplitTest, RefusesWhatCannotBeLearned) {
  const auto refused = [&](const std::string& manifest, TaskSpec spec, SplitOptions options = {}) {
    const auto made = read(manifest, {}, {std::move(spec)});
    return failure(core::Fault::data, [&] { split_cohort(made, options); });
  };
  EXPECT_THAT(refused("patient,idh\nP1,1\nP2,1\nP3,\n", label_spec("idh", "binary")),
              HasSubstr("head idh: the cohort: all 2 known labels (column `idh`) are of one class, 1"));
  EXPECT_THAT(refused("patient,c\nP1,R1\nP2,R1\n", label_spec("c", "multiclass")),
              HasSubstr("are of one class, R1"));
  EXPECT_THAT(refused("patient,idh\nP1,\nP2,NA\n", label_spec("idh", "binary")),
              HasSubstr("no patient has a known label in column `idh`"));
  EXPECT_THAT(refused("patient,t,e\nP1,3,0\nP2,4,0\n", label_spec("os", "survival", "t", "e")),
              HasSubstr("head os: the cohort: all 2 patients are censored (column `e`)"));
  SplitOptions options;
  options.hold_out = {"B"};
  EXPECT_THAT(refused("patient,site,idh\nP1,A,1\nP2,A,1\nP3,B,0\n", label_spec("idh", "binary"), options),
              HasSubstr("the patients left for training: all 2 known labels"));
  options = {};
  options.folds = 2;
  EXPECT_THAT(refused("patient,idh\nP1,1\nP2,0\nP3,0\nP4,0\n", label_spec("idh", "binary"), options),
              HasSubstr("head idh: training part of fold"));
}

TEST_F(SplitTest, RefusesLeakage) {
  write("a.nii", "same");
  write("b.nii", "same");
  write("c.nii", "diff");
  const auto all =
      read("patient,flair\nP1,a.nii\nP2,c.nii\nP3,b.nii\n", {{"mri", data::input(image_input({"flair"}))}});
  check_leakage(all, {{{{0, 2}, {}}}, {1}});
  const auto image = failure(core::Fault::data, [&] { check_leakage(all, {{{{0, 1}, {2}}}, {}}); });
  EXPECT_THAT(image, HasSubstr("a.nii (patient `P1`, training)"));
  EXPECT_THAT(image, HasSubstr("b.nii (patient `P3`, validation)"));
  EXPECT_THAT(failure(core::Fault::data, [&] { check_leakage(all, {{{{0}, {}}}, {2}}); }), HasSubstr("test"));
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(all, {{{{0, 1}, {1}}}, {}});
                      }),
              HasSubstr("patient `P2` stands in the training and in the validation part"));
}

TEST_F(SplitTest, LeakageTellsSeriesOfAFolderApart) {
  write("x/1.dcm", "one");
  const auto all =
      read("patient,ct\nP1,x#1.2\nP2,x#1.3\nP3,x#1.2\n", {{"ct", data::input(image_input({"ct"}))}});
  check_leakage(all, {{{{0}, {}}}, {1}});
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(all, {{{{0}, {}}}, {2}});
                      }),
              HasSubstr("the same image stands in two parts"));
}

TEST_F(SplitTest, LeakageLooksIntoSeriesFolders) {
  write("x/1.dcm", "one");
  write("x/2.dcm", "two");
  write("y/1.dcm", "one");
  write("y/2.dcm", "two");
  const auto all = read("patient,ct\nP1,x\nP2,y\n", {{"ct", data::input(image_input({"ct"}))}});
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(all, {{{{0}, {}}}, {1}});
                      }),
              HasSubstr("the same image stands in two parts"));
}

}  // namespace
}  // namespace photo51::data
