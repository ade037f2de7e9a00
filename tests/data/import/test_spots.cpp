#include "photo51/data/import/spatial_transcriptomics.hpp"

#include <cmath>

#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Two sections of two spots; the second lies the other way round and lacks a gene.
class Spots : public ::testing::Test {
 protected:
  void SetUp() override {
    write("sections.csv",
          "section,patient,image,spots,counts,mpp\nA,P,a.png,a.csv,a.tsv,2\nB,P,b.png,b.csv,b.tsv,\n");
    write("a.png", "x");
    write("b.png", "x");
    write("a.csv", "spot,pixel_x,pixel_y\n1x1,10.5,20\n1x2,11,21\n");
    write("b.csv", "spot,pixel_x,pixel_y\n1x1,5,6\n9x9,7,8\n");
    write("a.tsv", "\tG1\tG2\tG3\n1x1\t1\t3\t0\n1x2\t0\t0\t5\n");
    write("b.tsv", "\t1x1\nG3\t2\nG1\t6\n");
    options_.sections = folder_ / "sections.csv";
  }
  void write(const std::string& name, const std::string& text) {
    core::write_file_atomic(folder_ / name, text);
  }
  SpotSummary make() { return write_spots(options_, folder_ / "out"); }

  test::TemporaryFolder folder_;
  SpotOptions options_;
};

TEST_F(Spots, OneRowASpotWithTheGenesThatAllSectionsHave) {
  const auto summary = make();
  EXPECT_EQ(summary.sections, 2);
  EXPECT_EQ(summary.spots, 3);
  EXPECT_EQ(summary.genes, 2);
  EXPECT_EQ(summary.without_counts, 1);
  const auto cohort = core::read_table(folder_ / "out/cohort.csv");
  EXPECT_EQ(cohort.columns,
            (std::vector<std::string>{"spot", "patient", "section", "image", "x", "y", "image.mpp"}));
  ASSERT_EQ(cohort.rows.size(), 3U);
  EXPECT_EQ(cohort.rows[0],
            (std::vector<std::string>{"A_1x1", "P", "A", (folder_ / "a.png").string(), "10.5", "20", "2"}));
  EXPECT_EQ(cohort.rows[2][0], "B_1x1");
  EXPECT_EQ(cohort.rows[2][6], "");
  const auto expression = core::read_table(folder_ / "out/expression.tsv");
  EXPECT_EQ(expression.columns, (std::vector<std::string>{"spot", "G1", "G3"}));
  // The sum is over all genes of the section's own table.
  EXPECT_NEAR(*core::parse_double(expression.rows[0][1]), std::log1p(10000.0 * 1 / 4), 1e-5);
  EXPECT_EQ(expression.rows[0][2], "0");
  EXPECT_NEAR(*core::parse_double(expression.rows[2][1]), std::log1p(10000.0 * 6 / 8), 1e-5);
}

TEST_F(Spots, MayBePlacedBySpaceRanger) {
  const std::string places = "1x1,1,0,0,20,10\n1x2,0,0,1,21,11\n";
  for (const std::string header :
       {"", "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres\n"}) {
    write("a.csv", header + places);
    const auto summary = make();
    EXPECT_EQ(summary.off_tissue, 1);
    EXPECT_EQ(summary.spots, 2);
    const auto cohort = core::read_table(folder_ / "out/cohort.csv");
    EXPECT_EQ(cohort.rows[0][4], "10");  // columns run from the left
    EXPECT_EQ(cohort.rows[0][5], "20");
  }
  options_.off_tissue = true;
  EXPECT_EQ(make().spots, 3);
  write("b.csv", "id,pixel_x,pixel_y\n1x1,5,6\n");
  PHOTO51_EXPECT_ERROR(make(), data, HasSubstr("spot"));
}

TEST_F(Spots, OfTheCasesAreRead) {
  PHOTO51_NEEDS_SHARED_CASES("slides/visium");
  for (const char* sections : {"sections.csv", "sections_old.csv"}) {
    options_.sections = test::shared_cases() / "slides/visium" / sections;
    const auto summary = make();
    EXPECT_EQ(summary.spots, 72) << sections;
    EXPECT_EQ(summary.off_tissue, 18) << sections;
  }
}

TEST_F(Spots, CountsMayStayAsTheyAre) {
  options_.scale = 0;
  options_.log = false;
  make();
  EXPECT_EQ(core::read_table(folder_ / "out/expression.tsv").rows[2],
            (std::vector<std::string>{"B_1x1", "6", "2"}));
}

TEST_F(Spots, Errors) {
  options_.scale = -1;
  PHOTO51_EXPECT_ERROR(make(), usage, HasSubstr("scale"));
  options_.scale = 10000;
  options_.x = "px";
  PHOTO51_EXPECT_ERROR(make(), data, AllOf(HasSubstr("a.csv"), HasSubstr("px")));
  options_.x = "pixel_x";
  options_.image = "picture";
  PHOTO51_EXPECT_ERROR(make(), data, HasSubstr("picture"));
  options_.image = "image";
  write("a.csv", "spot,pixel_x,pixel_y\n1x1,left,20\n");
  PHOTO51_EXPECT_ERROR(make(), data, AllOf(HasSubstr("a.csv:2"), HasSubstr("`left`")));
  write("a.csv", "spot,pixel_x,pixel_y\n1x1,1,20\n1x1,2,20\n");
  PHOTO51_EXPECT_ERROR(make(), data, AllOf(HasSubstr("a.csv:3"), HasSubstr("twice")));
  write("a.csv", "spot,pixel_x,pixel_y\n1x1,1,20\n");
  write("a.tsv", "\tG1\tG2\n1x1\t1\t-3\n");
  PHOTO51_EXPECT_ERROR(make(), data, AllOf(HasSubstr("a.tsv"), HasSubstr("-3 is not a count")));
  write("a.tsv", "\tG1\tG2\n1x1\t0\t0\n");
  EXPECT_EQ(make().without_counts, 2);  // all 0 here, and the one that the other table lacks
  write("a.tsv", "\tG7\tG8\n1x1\t1\t0\n");
  PHOTO51_EXPECT_ERROR(make(), data, HasSubstr("no gene in common"));
  write("sections.csv", "section,patient,image,spots,counts\nA,P,a.png,absent.csv,a.tsv\n");
  PHOTO51_EXPECT_ERROR(make(), data,
                       AllOf(HasSubstr("sections.csv:2"), HasSubstr("absent.csv: no such file")));
  write("sections.csv", "section,patient,image,spots,counts\nA,,a.png,a.csv,a.tsv\n");
  PHOTO51_EXPECT_ERROR(make(), data, HasSubstr("`patient` is blank"));
  write("sections.csv", "section,patient,image,spots,counts\n");
  PHOTO51_EXPECT_ERROR(make(), data, HasSubstr("no section"));
}

TEST_F(Spots, FilesOfOthersAreNotReplaced) {
  make();
  make();  // its own files are
  write("out/cohort.csv", "patient,image\nP,a.png\n");
  PHOTO51_EXPECT_ERROR(
      make(), usage,
      HasSubstr("cohort.csv: is there already and was not made by `photo51 spots`; choose another folder"));
  EXPECT_EQ(core::read_file(folder_ / "out/cohort.csv"), "patient,image\nP,a.png\n");
  std::filesystem::remove(folder_ / "out/cohort.csv");
  write("out/expression.tsv", "gene\tP\n");
  PHOTO51_EXPECT_ERROR(make(), usage, HasSubstr("expression.tsv"));
}

TEST(SpotsOfATumour, TheSectionsOfOnePatient) {
  PHOTO51_NEEDS_SHARED_DATA("her2st");
  const test::TemporaryFolder out;
  SpotOptions options;
  options.sections = test::shared_data() / "her2st" / "cohort.csv";
  options.mpp = "mpp_estimated";
  const auto summary = write_spots(options, out.path());
  EXPECT_EQ(summary.sections, 4);
  EXPECT_EQ(summary.spots, 187 + 180 + 184 + 181 - 1);
  EXPECT_EQ(summary.genes, 248);
  EXPECT_EQ(summary.without_counts, 1);
}

}  // namespace
}  // namespace photo51::data
