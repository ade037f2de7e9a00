#include "photo51/data/plan/fingerprint.hpp"

#include <ATen/ATen.h>

#include "data/fixture.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::data {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FingerprintTest : public CohortFolder {
 protected:
  /// 12 x 10 x 8 voxels that are 0 but for a box at x 2 to 6, y 3 to 8, z 1 to 4.
  std::filesystem::path image(const std::string& name, double level, std::array<double, 9> direction) const {
    imaging::Volume volume;
    volume.data = at::zeros({1, 8, 10, 12}, at::kFloat);
    volume.data.narrow(1, 1, 3).narrow(2, 3, 5).narrow(3, 2, 4).fill_(level);
    volume.geometry.size = {12, 10, 8};
    volume.geometry.spacing = {0.5, 0.75, 3};
    volume.geometry.direction = direction;
    imaging::write_nifti(volume, folder_ / name);
    return folder_ / name;
  }
  static constexpr std::array<double, 9> axial{1, 0, 0, 0, 1, 0, 0, 0, 1};
  /// x runs to the back, y to the head, z to the left.
  static constexpr std::array<double, 9> sagittal{0, 0, 1, 1, 0, 0, 0, 1, 0};
};

TEST_F(FingerprintTest, MeasuresWhatTheFileHolds) {
  const FileFacts facts = measure_file(image("a.nii.gz", 2.5, axial), 3);
  EXPECT_EQ(facts.row, 3U);
  EXPECT_EQ(facts.kind, "volume");
  EXPECT_EQ(facts.error, "");
  EXPECT_THAT(facts.size, ElementsAre(12, 10, 8));
  EXPECT_THAT(*facts.spacing,
              ElementsAre(DoubleNear(0.5, 1e-6), DoubleNear(0.75, 1e-6), DoubleNear(3, 1e-6)));
  ASSERT_TRUE(facts.nonzero.has_value());
  EXPECT_THAT(facts.nonzero->begin, ElementsAre(2, 3, 1));
  EXPECT_THAT(facts.nonzero->end, ElementsAre(6, 8, 4));
  EXPECT_EQ(facts.sample.size(), 60U);
  EXPECT_THAT(facts.values, IsEmpty()) << "2.5 is no label";
  EXPECT_EQ(facts.max, 2.5);
}

TEST_F(FingerprintTest, AxesAreThePatients) {
  const FileFacts facts = measure_file(image("s.nii.gz", 1, sagittal));
  EXPECT_THAT(facts.size, ElementsAre(8, 12, 10));
  EXPECT_THAT(*facts.spacing,
              ElementsAre(DoubleNear(3, 1e-6), DoubleNear(0.5, 1e-6), DoubleNear(0.75, 1e-6)));
  EXPECT_EQ(facts.nonzero->length(0), 3);
  EXPECT_EQ(facts.nonzero->length(1), 4);
  EXPECT_EQ(facts.nonzero->length(2), 5);
  EXPECT_THAT(facts.values, ElementsAre(0, 1));
}

TEST_F(FingerprintTest, ManyValuesAreNoLabels) {
  imaging::Volume volume;
  volume.data = at::arange(6 * 6 * 6).view({1, 6, 6, 6}).to(at::kShort);
  volume.geometry.size = {6, 6, 6};
  imaging::write_nifti(volume, folder_ / "n.nii");
  EXPECT_THAT(measure_file(folder_ / "n.nii").values, IsEmpty());
  imaging::Volume empty = volume;
  empty.data = at::zeros({1, 6, 6, 6}, at::kShort);
  imaging::write_nifti(empty, folder_ / "z.nii");
  EXPECT_FALSE(measure_file(folder_ / "z.nii").nonzero.has_value());
}

TEST_F(FingerprintTest, IntensitiesWithinAMask) {
  const FileFacts one = measure_file(image("a.nii.gz", 40, axial)),
                  mask = measure_file(image("m.nii.gz", 1, axial));
  const auto inside = sample_within(one, mask);
  EXPECT_EQ(inside.size(), 60U);
  EXPECT_THAT(inside, ::testing::Each(40));
  EXPECT_THAT(sample_within(one, measure_file(image("s.nii.gz", 1, sagittal))), IsEmpty()) << "another grid";
  std::filesystem::remove(folder_ / "m.nii.gz");
  EXPECT_THAT(sample_within(one, mask), IsEmpty()) << "it is gone since";
}

TEST_F(FingerprintTest, AFileThatCannotBeReadSaysWhy) {
  write("broken.nii", "words");
  const FileColumn column{
      .name = "t1",
      .files = {{0, image("a.nii.gz", 1, axial)}, {1, folder_ / "broken.nii"}, {2, folder_ / "a.nii.gz"}},
      .bag = false};
  const auto facts = measure_column(column);
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_THAT(facts[1].error, HasSubstr("broken.nii"));
  const auto fewer = measure_column(column, 2);
  ASSERT_EQ(fewer.size(), 2U);
  EXPECT_EQ(fewer[0].row, 0U);
  EXPECT_EQ(fewer[1].row, 1U);
}

}  // namespace
}  // namespace photo51::data
