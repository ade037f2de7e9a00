#include "photo51/run/cases.hpp"

#include "run/run_files.hpp"

namespace photo51::run {
namespace {

TEST(Cases, RoundTrip) {
  const test::TemporaryFolder folder;
  test::put(folder / name::cases, to_csv({{"A", "n", part::development, "1"}, {"=B", "", part::test, ""}}));
  const auto cases = read_cases(folder / "");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].id, "A");
  EXPECT_EQ(cases[0].site, "n");
  EXPECT_EQ(cases[0].part, "development");
  EXPECT_EQ(cases[0].fold, "1");
  EXPECT_EQ(cases[1].id, "=B");
  EXPECT_EQ(cases[1].part, "test");
  EXPECT_EQ(cases[1].fold, "");
}

TEST(Cases, ABrokenTableIsNamed) {
  const test::TemporaryFolder folder;
  test::put(folder / name::cases, "case,site,fold\nA,n,0\n");
  PHOTO51_EXPECT_ERROR(read_cases(folder / ""), data, ::testing::HasSubstr("cases.csv"));
}

}  // namespace
}  // namespace photo51::run
