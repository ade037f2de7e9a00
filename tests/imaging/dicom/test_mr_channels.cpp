#include <ATen/ATen.h>

#include "photo51/imaging/dicom/diffusion.hpp"
#include "photo51/imaging/read.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class MrChannels : public testing::Test {
 protected:
  void slice(const std::string& name, double z, int value, const test::DicomEdits& edits) {
    test::write_slice(folder_ / ("mr/" + name + ".dcm"), "MR", 4, z, value, edits);
  }
  Volume read(const std::string& choice = "") { return read_volume((folder_ / "mr").string() + choice); }
  static std::vector<int> corners(const Volume& v) {
    std::vector<int> values;
    for (int64_t c = 0; c < v.data.size(0); ++c)
      values.push_back(static_cast<int>(v.data[c][0][0][0].item<double>()));
    return values;
  }
  test::TemporaryFolder folder_;
};

TEST_F(MrChannels, SplitsByBValue) {
  for (int k = 0; k < 3; ++k) {
    const std::string z = std::to_string(k);
    slice("c" + z, 2.0 * k, 200, {{DCM_DiffusionBValue, "800"}, {DCM_InstanceNumber, "3"}});
    slice("a" + z, 2.0 * k, 1000, {{DCM_DiffusionBValue, "0"}, {DCM_InstanceNumber, "1"}});
    slice("b" + z, 2.0 * k, 50, {{DCM_DiffusionBValue, "800"}, {DCM_InstanceNumber, "2"}});
  }
  const Volume dwi = read();
  EXPECT_THAT(dwi.channels, ElementsAre("b0", "b800"));
  EXPECT_THAT(dwi.b_values, ElementsAre(0, 800));
  EXPECT_THAT(corners(dwi), ElementsAre(1000, 100));  // the geometric mean of two directions
  EXPECT_EQ(dwi.geometry.size, (std::array<int64_t, 3>{4, 4, 3}));
  EXPECT_NEAR(adc_map(dwi).data[0][0][0][0].item<double>(), std::log(10) / 800 * 1e6, 0.1);
  std::filesystem::remove(folder_ / "mr/b1.dcm");
  PHOTO51_EXPECT_ERROR(read(), data, HasSubstr("b-value of 800 s/mm² do not stand at every place"));
}

TEST_F(MrChannels, OrdersTimePoints) {
  for (int k = 0; k < 2; ++k)
    for (int t = 0; t < 3; ++t)
      slice(std::to_string(2 - t) + std::to_string(k), 2.0 * k, 10 * (t + 1),
            {{DCM_TemporalPositionIdentifier, std::to_string(t + 1)},
             {DCM_AcquisitionDate, "20200101"},
             {DCM_AcquisitionTime, "1000" + std::to_string(10 + 15 * t + k)}});
  const Volume dynamic = read();
  EXPECT_THAT(corners(dynamic), ElementsAre(10, 20, 30));
  EXPECT_THAT(dynamic.seconds, ElementsAre(0, 15, 30));
  EXPECT_THAT(dynamic.channels, ElementsAre("t0", "t1", "t2"));
}

TEST_F(MrChannels, OrdersByTimeAlone) {
  for (int k = 0; k < 2; ++k)
    for (int t = 0; t < 2; ++t)
      slice(std::to_string(1 - t) + std::to_string(k), 2.0 * k, 10 * (t + 1),
            {{DCM_AcquisitionTime, t == 0 ? "235950" : "235955.5"}});
  const Volume dynamic = read();
  EXPECT_THAT(corners(dynamic), ElementsAre(10, 20));
  EXPECT_THAT(dynamic.seconds, ElementsAre(0, 5.5));
}

TEST_F(MrChannels, RefusesTimePointsOnDifferentGrids) {
  for (int k = 0; k < 2; ++k)
    for (int t = 0; t < 2; ++t)  // the second lies 5 mm to the side, in the same planes
      slice(std::to_string(t) + std::to_string(k), 2.0 * k, 10,
            {{DCM_TemporalPositionIdentifier, std::to_string(t + 1)},
             {DCM_ImagePositionPatient, std::to_string(5 * t) + "\\0\\" + std::to_string(2 * k)}});
  PHOTO51_EXPECT_ERROR(
      read(), data,
      HasSubstr("its diffusion weightings or time points lie on different grids; copy the series again"));
}

TEST_F(MrChannels, LeavesEchoesAndStacksAlone) {
  for (int k = 0; k < 2; ++k) slice(std::to_string(k), 2.0 * k, 10, {{DCM_DiffusionBValue, "800"}});
  EXPECT_EQ(read().data.size(0), 1);
  for (int k = 0; k < 2; ++k)
    for (int e = 0; e < 2; ++e)
      slice(std::to_string(e) + std::to_string(k), 2.0 * k, 10,
            {{DCM_EchoTime, std::to_string(10 + e)}, {DCM_AcquisitionTime, e == 0 ? "10" : "11"}});
  std::filesystem::remove(folder_ / "mr/0.dcm");
  std::filesystem::remove(folder_ / "mr/1.dcm");
  PHOTO51_EXPECT_ERROR(read(), data, HasSubstr("images at one place"));
}

TEST_F(MrChannels, ChoosesASeriesByItsDescription) {
  for (int k = 0; k < 2; ++k) {
    const std::string z = std::to_string(k);
    slice("a" + z, 2.0 * k, 1, {{DCM_SeriesDescription, "T1 post"}, {DCM_SeriesInstanceUID, "1.1"}});
    slice("b" + z, 2.0 * k, 2, {{DCM_SeriesDescription, "T1 pre #2"}, {DCM_SeriesInstanceUID, "1.2"}});
    slice("c" + z, 2.0 * k, 3, {{DCM_SeriesDescription, "FLAIR"}, {DCM_SeriesInstanceUID, "1.3"}});
  }
  EXPECT_THAT(corners(read("#desc:flair")), ElementsAre(3));
  EXPECT_THAT(corners(read("#desc:*post")), ElementsAre(1));
  EXPECT_THAT(corners(read("#desc:T1 pre #2")), ElementsAre(2));
  EXPECT_THAT(corners(read("#1.3")), ElementsAre(3));
  PHOTO51_EXPECT_ERROR(
      read("#desc:T1*"), data,
      AllOf(HasSubstr("has 2 series described as `T1*`"), HasSubstr("T1 post"), HasSubstr("T1 pre #2")));
  PHOTO51_EXPECT_ERROR(read("#desc:T2*"), data,
                       AllOf(HasSubstr("has no series described as `T2*`; it has"), HasSubstr("FLAIR")));
}

}  // namespace
}  // namespace photo51::imaging
