#include <ATen/ATen.h>

#include <cmath>

#include "imaging/dicom/b_value.hpp"
#include "photo51/imaging/dicom/diffusion.hpp"
#include "support/dicom_objects.hpp"
#include "support/errors.hpp"

namespace photo51::imaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Volume dwi(const std::vector<double>& b_values, const std::vector<double>& signals) {
  Geometry g;
  g.size = {1, 1, 1};
  Volume v = make_volume(
      at::tensor(signals, at::kDouble).view({static_cast<int64_t>(signals.size()), 1, 1, 1}).to(at::kFloat),
      g);
  v.b_values = b_values;
  v.source = "dwi";
  return v;
}
double adc(const Volume& v) {
  return adc_map(v).data.item<double>();
}

TEST(Diffusion, FitsTheDecayOfTheSignal) {
  const auto s = [](double b) { return 900 * std::exp(-b * 850e-6); };
  EXPECT_NEAR(adc(dwi({0, 1000}, {s(0), s(1000)})), 850, 1e-2);
  const Volume map = adc_map(dwi({0, 50, 400, 800}, {s(0), s(50), s(400), s(800)}));
  EXPECT_NEAR(map.data.item<double>(), 850, 1e-2);
  EXPECT_THAT(map.channels, ElementsAre("adc"));
  // By hand: ln S = 2, 1, 0.9 at b = 0, 1, 2 has the least-squares slope -0.55.
  EXPECT_NEAR(adc(dwi({0, 1, 2}, {std::exp(2), std::exp(1), std::exp(0.9)})), 0.55e6, 1);
  // Signals that are not positive are left out.
  EXPECT_NEAR(adc(dwi({0, 500, 1000}, {s(0), 0, s(1000)})), 850, 1e-2);
  EXPECT_EQ(adc(dwi({0, 1000}, {5, 0})), 0);
  EXPECT_EQ(adc(dwi({0, 1000}, {5, 9})), 0);
  // Without the perfusion part at small b.
  EXPECT_NEAR(adc_map(dwi({0, 200, 800}, {9999, s(200), s(800)}), 100).data.item<double>(), 850, 1e-2);
  PHOTO51_EXPECT_ERROR(adc_map(dwi({0, 800}, {2, 1}), 100), data,
                       HasSubstr("an ADC needs two b-values from 100"));
  PHOTO51_EXPECT_ERROR(adc_map(dwi({}, {2, 1})), usage, HasSubstr("has no b-value"));
}

TEST(Diffusion, UnitesDirections) {
  const Volume v = by_b_value(dwi({1000, 0, 1000, 1000.2}, {2, 10, 4, 8}));
  EXPECT_THAT(v.channels, ElementsAre("b0", "b1000"));
  EXPECT_THAT(v.b_values, ElementsAre(0, 1000));
  EXPECT_NEAR(v.data[0].item<float>(), 10, 1e-5);
  EXPECT_NEAR(v.data[1].item<float>(), 4, 1e-5);
  EXPECT_THAT(v.warnings, ElementsAre(HasSubstr("geometric mean of 3 directions")));
  PHOTO51_EXPECT_ERROR(by_b_value(dwi({1}, {2, 1})), usage, HasSubstr("has no b-value for each channel"));
}

TEST(Diffusion, FindsBValuesOfEveryMaker) {
  DcmDataset standard, nested, siemens, philips, ge, none;
  test::put(standard, DCM_DiffusionBValue, "800");
  EXPECT_EQ(b_value_of(standard), 800);
  test::put(test::add_item(nested, DCM_MRDiffusionSequence), DCM_DiffusionBValue, "50");
  EXPECT_EQ(b_value_of(nested), 50);
  test::put_private(siemens, 0x0019, 0x0C, "SIEMENS MR HEADER", EVR_IS, "1000");
  EXPECT_EQ(b_value_of(siemens), 1000);
  test::put_private(ge, 0x0043, 0x39, "GEMS_PARM_01", EVR_IS, "1000000700\\8\\0\\0");
  EXPECT_EQ(b_value_of(ge), 700);
  test::put_private(philips, 0x2001, 0x03, "Philips Imaging DD 001", EVR_FL, "600");
  EXPECT_EQ(b_value_of(philips), 600);
  // The same after a system that did not know the element: four bytes of unknown representation.
  DcmDataset unknown;
  test::put_private(unknown, 0x2001, 0x04, "Philips Imaging DD 001", EVR_LO, "x");
  const Uint8 bytes[] = {0x00, 0x00, 0x16, 0x44};  // 600 as a little-endian float
  auto* raw = new DcmOtherByteOtherWord(DcmTag(0x2001, 0x1003, EVR_UN));
  ASSERT_TRUE(raw->putUint8Array(bytes, 4).good());
  ASSERT_TRUE(unknown.insert(raw).good());
  EXPECT_EQ(b_value_of(unknown), 600);
  // Another maker's block says nothing.
  test::put_private(none, 0x0019, 0x0C, "SOMEONE ELSE", EVR_IS, "1000");
  EXPECT_FALSE(b_value_of(none));
}

}  // namespace
}  // namespace photo51::imaging
