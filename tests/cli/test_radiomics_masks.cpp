// Which region of a mask the command `radiomics` measures, and what it refuses.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// An image of 12 x 12 x 6 voxels of 1 mm; in the mask, label 1 has 32 of them, 2 has 16, 4 has 8.
class RadiomicsMasks : public ::testing::Test {
 protected:
  void SetUp() override {
    imaging::Geometry grid;
    grid.size = {12, 12, 6};
    const auto ramp = at::arange(12 * 12 * 6, at::kFloat).view({1, 6, 12, 12});
    auto labels = at::zeros({1, 6, 12, 12}, at::kByte);
    const auto draw = [&](int64_t z, int64_t depth, int label) {
      labels[0].narrow(0, z, depth).narrow(1, 2, 4).narrow(2, 2, 2).fill_(label);
    };
    draw(0, 4, 1);
    draw(4, 2, 2);
    labels[0][5].narrow(0, 8, 4).narrow(1, 8, 2).fill_(4);
    imaging::write_nifti(imaging::make_volume(ramp, grid), folder_ / "i.nii");
    imaging::write_nifti(imaging::make_volume(labels, grid), folder_ / "m.nii");
    imaging::write_nifti(imaging::make_volume(labels.eq(1).to(at::kFloat) * 0.7, grid), folder_ / "soft.nii");
    grid.origin[0] = 3;
    imaging::write_nifti(imaging::make_volume(labels.eq(1).flip({3}).to(at::kByte), grid),
                         folder_ / "out.nii");
  }
  Outcome run(std::vector<std::string> more) {
    more.insert(more.begin(), "radiomics");
    return run_program(more);
  }
  /// mm3, or -1.
  double volume(const std::string& mask, std::vector<std::string> more, const std::string& profile) {
    more.insert(more.begin(), {(folder_ / "i.nii").string(), (folder_ / mask).string(), "--profile", profile,
                               "--format", "json"});
    const Outcome outcome = run(more);
    said_ = outcome.err;
    code_ = outcome.exit_code;
    if (outcome.exit_code != 0) return -1;
    const auto said = nlohmann::json::parse(outcome.out);  // must outlive the loop
    for (const auto& f : said.at("features"))
      if (f.at("name") == "original_shape_VoxelVolume" || f.at("name") == "approximate_volume")
        return f.at("value");
    return -2;
  }
  double py(const std::string& mask, std::vector<std::string> more = {}) {
    more.emplace_back("pyradiomics.featureClass=shape");
    return volume(mask, std::move(more), "pyradiomics");
  }
  double ibsi(const std::string& mask, std::vector<std::string> more = {}) {
    more.emplace_back("families=morphology");
    return volume(mask, std::move(more), "ibsi");
  }
  core::Table batch(const std::string& rows, std::vector<std::string> more = {}) {
    std::ofstream(folder_ / "cases.csv") << rows;
    std::vector<std::string> all{
        "--cases",     (folder_ / "cases.csv").string(), "--out", (folder_ / "all.csv").string(), "--profile",
        "pyradiomics", "pyradiomics.featureClass=shape"};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run(all);
    said_ = outcome.err;
    code_ = outcome.exit_code;
    return code_ == 0 ? core::read_table(folder_ / "all.csv") : core::Table{};
  }

  TemporaryFolder folder_;
  std::string said_;
  int code_ = 0;
};

TEST_F(RadiomicsMasks, OneLabelIsThatLabelInEveryWayOfAsking) {
  EXPECT_EQ(py("m.nii"), 32);  // as PyRadiomics: 1
  EXPECT_THAT(said_, HasSubstr("of its labels 1, 2, 4, 1 is the region"));
  EXPECT_EQ(py("m.nii", {"pyradiomics.label=2"}), 16);
  EXPECT_EQ(py("m.nii", {"mask_label=2"}), 16);
  EXPECT_EQ(py("m.nii#2"), 16);
  EXPECT_EQ(py("m.nii#1"), 32);
  EXPECT_EQ(ibsi("m.nii#4"), 8);
  EXPECT_EQ(ibsi("m.nii", {"mask_label=4"}), 8);
  EXPECT_EQ(ibsi("m.nii"), 56);
  EXPECT_THAT(said_, HasSubstr("its labels 1, 2, 4 are united"));
  EXPECT_EQ(ibsi("m.nii#*"), 56);
  EXPECT_THAT(said_, Not(HasSubstr("united")));
  EXPECT_EQ(py("m.nii", {"pyradiomics.label=3"}), -1);
  EXPECT_THAT(said_, AllOf(HasSubstr("no voxel is 3"), HasSubstr("1, 2, 4")));
  EXPECT_EQ(code_, 3);
  EXPECT_EQ(py("m.nii#1", {"pyradiomics.label=2"}), -1);
  EXPECT_THAT(said_, HasSubstr("both choose"));
  EXPECT_EQ(py("m.nii", {"mask_label=1", "pyradiomics.label=2"}), -1);
  EXPECT_THAT(said_, HasSubstr("leave one of them out"));
  EXPECT_EQ(py("m.nii", {"mask_label=1", "--roi", "2"}), -1);
  EXPECT_THAT(said_, HasSubstr("a label and --roi both choose"));
  EXPECT_EQ(code_, 2);
}

TEST_F(RadiomicsMasks, ValuesThatAreNoLabelsNeedAThreshold) {
  EXPECT_EQ(py("soft.nii"), -1);
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(said_, HasSubstr("mask_threshold"));
  EXPECT_EQ(py("soft.nii", {"mask_threshold=0.5"}), 32);
  EXPECT_EQ(ibsi("soft.nii", {"--mask-threshold", "0.5"}), 32);
}

TEST_F(RadiomicsMasks, AMaskOutsideTheImageIsRefusedOrCropped) {
  EXPECT_EQ(py("out.nii"), -1);
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(said_, AllOf(HasSubstr("out.nii"), HasSubstr("of 32.0 mm3"), HasSubstr("outside")));
  EXPECT_EQ(py("out.nii", {"--mask-outside", "crop"}), 16);
  EXPECT_EQ(ibsi("out.nii", {"mask_outside=crop"}), 16);
  EXPECT_THAT(said_, HasSubstr("(50 %) of the mask lie outside"));
  EXPECT_EQ(ibsi("out.nii", {"mask_outside=cropp"}), -1);
  EXPECT_EQ(code_, 2);
}

TEST_F(RadiomicsMasks, AManifestNamesALabelARow) {
  const core::Table table = batch(
      "patient,image,mask,Label\nA,i.nii,m.nii,1\nB,i.nii,m.nii,4\nC,i.nii,m.nii,\nD,i.nii,m.nii,x\n"
      "E,i.nii,m.nii#1,2\n");
  ASSERT_EQ(code_, 0) << said_;
  ASSERT_EQ(table.rows.size(), 3U);
  const size_t column = table.require("original_shape_VoxelVolume");
  EXPECT_EQ(table.rows[0][column], "32");
  EXPECT_EQ(table.rows[1][column], "8");
  EXPECT_EQ(table.rows[2][column], "32");
  EXPECT_THAT(said_, AllOf(HasSubstr("column Label is `x`"), HasSubstr("both choose the region")));
  const core::Table named = batch("image,mask,Label,l\ni.nii,m.nii,T1,2\n", {"--label-column", "l"});
  ASSERT_EQ(named.rows.size(), 1U) << said_;
  EXPECT_EQ(named.rows[0][named.require("original_shape_VoxelVolume")], "16");
  batch("image,mask\ni.nii,m.nii\n", {"--label-column", "l"});
  EXPECT_EQ(code_, 3);
  batch("image,mask,Label\ni.nii,m.nii,1\n", {"--roi", "1"});
  EXPECT_EQ(code_, 2);
  EXPECT_THAT(said_, HasSubstr("column Label and --roi both choose"));
}

TEST_F(RadiomicsMasks, ARegionThatIsAbsentLeavesTheOthers) {
  const core::Table table = batch("patient,image,mask\nA,i.nii,m.nii\n", {"--roi", "1", "--roi", "9"});
  ASSERT_EQ(table.rows.size(), 1U) << said_;
  EXPECT_EQ(table.rows[0][table.require("roi")], "1");
  EXPECT_THAT(said_, AllOf(HasSubstr("region `9`"), HasSubstr("is left out"), HasSubstr("no voxel is 9")));
  const Outcome none =
      run({(folder_ / "i.nii").string(), (folder_ / "m.nii").string(), "--roi", "8", "--roi", "9"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.err, HasSubstr("no voxel is 8"));
}

}  // namespace
}  // namespace photo51::test
