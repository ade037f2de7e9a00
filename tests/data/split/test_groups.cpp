#include <algorithm>
#include <set>

#include "data/fixture.hpp"
#include "data/split/groups.hpp"
#include "photo51/data/split/split.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GroupTest : public CohortFolder {
 protected:
  /// 60 pictures: groups of 6, 5, 4, 3, 2 and singles; every third is positive, within groups too.
  Cohort sixty(bool reversed = false) const {
    std::vector<std::string> rows;
    for (int i = 0; i < 60; ++i) {
      const std::string group = i < 6 ? "a" : i < 11 ? "b" : i < 15 ? "c" : i < 18 ? "d" : i < 20 ? "e" : "";
      rows.push_back("P" + std::to_string(i) + "," + group + "," + (i % 3 == 0 ? "1" : "0") + "," +
                     (i < 6 ? "A" : "B") + "\n");
    }
    if (reversed) std::reverse(rows.begin(), rows.end());
    std::string text = "patient,cluster,idh,site\n";
    for (const auto& row : rows) text += row;
    return read(text, {}, {label_spec("idh", "binary")});
  }
  static void expect_whole_groups(const Cohort& cohort, const Split& split) {
    for (const auto& fold : split.folds) {
      std::map<std::string, std::set<char>> parts;
      const auto note = [&](const std::vector<int64_t>& rows, char part) {
        for (const int64_t row : rows)
          if (const auto group = cohort.cell(row, "cluster"); !group.empty()) parts[group].insert(part);
      };
      note(fold.train, 't');
      note(fold.validation, 'v');
      note(split.test, 'x');
      for (const auto& [group, where] : parts) EXPECT_EQ(where.size(), 1U) << group;
    }
    check_leakage(cohort, split, "cluster");
  }
  static int64_t positives(const Cohort& cohort, const std::vector<int64_t>& rows) {
    return std::count_if(rows.begin(), rows.end(),
                         [&](int64_t row) { return cohort.label(row, "idh").value == 1; });
  }
};

TEST_F(GroupTest, FoldsKeepGroupsAndSpreadClasses) {
  const auto cohort = sixty();
  for (int64_t seed = 0; seed < 5; ++seed) {
    SplitOptions options;
    options.folds = 5;
    options.group = "cluster";
    options.seed = seed;
    const auto split = split_cohort(cohort, options);
    expect_whole_groups(cohort, split);
    std::set<int64_t> seen;
    for (const auto& fold : split.folds) {
      EXPECT_NEAR(static_cast<double>(fold.validation.size()), 12, 1);
      EXPECT_NEAR(static_cast<double>(positives(cohort, fold.validation)), 4, 1);
      seen.insert(fold.validation.begin(), fold.validation.end());
    }
    EXPECT_EQ(seen.size(), 60U);
  }
}

TEST_F(GroupTest, TestAndValidationPartsKeepGroups) {
  const auto cohort = sixty();
  SplitOptions options;
  options.test_fraction = 0.2;
  options.validation_fraction = 0.25;
  options.group = "cluster";
  const auto split = split_cohort(cohort, options);
  expect_whole_groups(cohort, split);
  EXPECT_NEAR(static_cast<double>(split.test.size()), 12, 1);
  EXPECT_NEAR(static_cast<double>(split.folds[0].validation.size()), 12, 1);
  EXPECT_NEAR(static_cast<double>(positives(cohort, split.test)), 4, 1);
  options.validation_fraction = 0;
  EXPECT_TRUE(split_cohort(cohort, options).folds[0].validation.empty());
}

TEST_F(GroupTest, TheOrderOfRowsDoesNotMatter) {
  SplitOptions options;
  options.folds = 4;
  options.group = "cluster";
  const auto names = [&](const Cohort& cohort) {
    std::vector<std::set<std::string>> parts;
    for (const auto& fold : split_cohort(cohort, options).folds) {
      parts.emplace_back();
      for (const int64_t row : fold.validation) parts.back().insert(cohort.id(row));
    }
    return parts;
  };
  EXPECT_EQ(names(sixty()), names(sixty(true)));
}

TEST_F(GroupTest, Errors) {
  const auto cohort = sixty();
  SplitOptions options;
  options.group = "clutser";
  EXPECT_THAT(failure(core::Fault::data, [&] { split_cohort(cohort, options); }),
              HasSubstr("cohort.split.group needs the column `clutser` (did you mean `cluster`?)"));
  options.group = "site";
  options.folds = 3;
  EXPECT_THAT(failure(core::Fault::data, [&] { split_cohort(cohort, options); }),
              HasSubstr("3 folds need at least as many groups; 2 are left"));
  // P0 and P1 share a group.
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(cohort, {{{{0}, {1}}}, {}}, "cluster");
                      }),
              HasSubstr("patients `P0` (training) and `P1` (validation) share `a` in column `cluster`"));
  check_leakage(cohort, {{{{0}, {1}}}, {}});
}

TEST(Groups, SpreadBySharesOfEveryClass) {
  // Two groups of two positives, four single negatives: each half takes one group and two negatives.
  const std::vector<std::vector<int64_t>> groups{{0, 1}, {2, 3}, {4}, {5}, {6}, {7}};
  const std::map<int64_t, double> classes{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 0}, {5, 0}, {6, 0}, {7, 0}};
  const auto parts = spread_groups(groups, classes, {0.5, 0.5});
  EXPECT_THAT(parts[0], ElementsAre(0, 1, 4, 6));
  EXPECT_THAT(parts[1], ElementsAre(2, 3, 5, 7));
  const auto uneven = spread_groups(groups, classes, {0.75, 0.25});
  EXPECT_EQ(uneven[1].size(), 1U);
}

}  // namespace
}  // namespace photo51::data
