#include "preprocess/intensity/n4.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A ball of two tissues under a field that doubles from one side to the other.
struct Phantom {
  at::Tensor truth, seen;
};

Phantom phantom(int64_t depth = 24, int64_t side = 32) {
  const auto axis = [](int64_t n) { return n > 1 ? at::linspace(-1, 1, n) : at::zeros({1}); };
  const auto z = 0.6 * axis(depth).reshape({-1, 1, 1}), y = axis(side).reshape({1, -1, 1}),
             x = axis(side).reshape({1, 1, -1});
  const auto inside = (x * x + y * y + z * z < 0.8).to(at::kFloat);
  const auto tissue = ((9 * x).sin() * (7 * y).sin() > 0).to(at::kFloat) * 0.5 + 0.5;
  Phantom made;
  made.truth = 100 * inside * tissue.expand_as(inside);
  made.seen = made.truth * (0.35 * x + 0.1 * z).exp();
  return made;
}

/// Deviation of log(values / truth) over the ball: 0 when the field is gone but for a factor.
double field_left(const at::Tensor& values, const Phantom& phantom) {
  const auto head = phantom.truth > 0;
  return (values.masked_select(head) / phantom.truth.masked_select(head)).log().std().item<double>();
}

BiasCorrectionOptions n4() {
  BiasCorrectionOptions options;
  options.method = BiasMethod::n4;
  options.shrink = 2;
  return options;
}

TEST(N4, DividesTheFieldOut) {
  const auto scan = phantom();
  auto image = test::volume(scan.seen);
  const auto before = image.data.clone();
  const auto corrected = correct_bias_field(image, n4());
  EXPECT_GT(field_left(scan.seen, scan), 0.12);
  EXPECT_LT(field_left(corrected.data[0], scan), 0.05);
  EXPECT_TRUE(at::equal(image.data, before));  // the volume itself stays
  EXPECT_TRUE(at::equal(corrected.data.eq(0), before.eq(0)));
  // The same again, to the bit.
  EXPECT_TRUE(at::equal(corrected.data, correct_bias_field(image, n4()).data));
}

TEST(N4, OneSliceAndFewSlices) {
  for (const int64_t depth : {1, 2, 3, 7}) {
    const auto scan = phantom(depth);
    const auto corrected = correct_bias_field(test::volume(scan.seen), n4());
    EXPECT_LT(field_left(corrected.data[0], scan), 0.1) << depth;
  }
}

TEST(N4, StoredIntegersAndNegativeVoxels) {
  const auto scan = phantom();
  auto options = n4();
  options.region = BiasRegion::all;
  const auto corrected = correct_bias_field(test::volume((scan.seen - 20).to(at::kShort)), options);
  EXPECT_EQ(corrected.data.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::isfinite(corrected.data).all().item<bool>());
}

TEST(N4, ARegionWithoutSpreadStaysAndAnEmptyOneIsAnError) {
  const auto flat = test::volume(at::full({8, 8, 8}, 7.F));
  auto options = n4();
  options.region = BiasRegion::all;
  EXPECT_TRUE(at::equal(correct_bias_field(flat, options).data, flat.data));
  options.region = BiasRegion::foreground;
  options.foreground_threshold = 100;
  PHOTO51_EXPECT_ERROR(correct_bias_field(flat, options), data,
                       HasSubstr("no voxel of the region is positive"));
}

/// Options from a config always name a level; ITK is what refuses them without one.
TEST(N4, SaysWhatItkRefuses) {
  auto options = n4();
  options.iterations.clear();
  PHOTO51_EXPECT_ERROR(correct_bias_field(test::volume(phantom().seen), options), data,
                       AllOf(HasSubstr("bias_field_correction: "), HasSubstr("Number of iteration levels")));
}

TEST(N4, PrepareCorrectsEachChannelBeforeAnythingElse) {
  const auto scan = phantom();
  PreprocessOptions options;
  options.orientation = "none";
  options.bias_field_correction = n4();
  const auto prepared = prepare({test::volume(scan.seen), std::nullopt}, {}, false, options);
  EXPECT_TRUE(at::equal(prepared.values[0], correct_bias_field(test::volume(scan.seen), n4()).data[0]));
  options.bias_field_correction.region = BiasRegion::foreground;
  options.bias_field_correction.foreground_threshold = 1e9;
  PHOTO51_EXPECT_ERROR(prepare({test::volume(scan.seen)}, {}, false, options, nullptr, {"t1"}), data,
                       HasSubstr("channel t1: bias_field_correction"));
}

}  // namespace
}  // namespace photo51::preprocess
