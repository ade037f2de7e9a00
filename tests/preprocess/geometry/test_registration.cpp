#include "photo51/preprocess/geometry/registration.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/files.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

AffineMap read(const std::string& text) {
  const test::TemporaryFolder folder;
  core::write_file_atomic(folder / "map.tfm", text);
  return read_registration(folder / "map.tfm");
}

std::string itk(const std::string& type, const std::string& parameters, const std::string& fixed) {
  return "#Transform 0\nTransform: " + type + "_double_3_3\nParameters: " + parameters +
         "\nFixedParameters: " + fixed + "\n";
}
const std::string head = "#Insight Transform File V1.0\n";

void expect_point(const AffineMap& map, std::array<double, 3> from, std::array<double, 3> to) {
  const auto found = transform(map, from);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(found[i], to[i], 1e-9) << i;
}

TEST(Registration, ReadsMatricesWithAndWithoutTheLastRow) {
  expect_point(read("# made by hand\n0 -1 0 5\n1 0 0 -2\n0 0 2 1\n"), {3, 4, 5}, {1, 1, 11});
  expect_point(read("1 0 0 1.5\r\n0 1 0 0\r\n0 0 1 0\r\n0 0 0 1\r\n"), {3, 4, 5}, {4.5, 4, 5});
}

TEST(Registration, ReadsItksTransformsAboutTheirCentre) {
  expect_point(read(head + itk("AffineTransform", "2 0 0 0 1 0 0 0 1 1 2 3", "10 0 0")), {11, 5, 6},
               {13, 7, 9});
  expect_point(read(head + itk("TranslationTransform", "1 2 3", "")), {0, 0, 0}, {1, 2, 3});
  // A quarter turn about z takes x to y; as angles and as a versor (0, 0, sin 45).
  for (const auto& text : {itk("Euler3DTransform", "0 0 1.5707963267948966 0 0 1", "1 1 0 0"),
                           itk("VersorRigid3DTransform", "0 0 0.7071067811865476 0 0 1", "1 1 0")})
    expect_point(read(head + text), {3, 1, 7}, {1, 3, 8});
  expect_point(read(head + itk("Similarity3DTransform", "0 0 0.7071067811865476 0 0 1 2", "1 1 0")),
               {3, 1, 7}, {1, 5, 15});
  // ITK turns about y, then x, then z; with the flag about x, then y, then z.
  expect_point(
      read(head + itk("Euler3DTransform", "1.5707963267948966 1.5707963267948966 0 0 0 0", "0 0 0 0")),
      {0, 0, 1}, {1, 0, 0});
  expect_point(
      read(head + itk("Euler3DTransform", "1.5707963267948966 1.5707963267948966 0 0 0 0", "0 0 0 1")),
      {0, 0, 1}, {0, -1, 0});
  // Of a composite the last is applied first.
  expect_point(read(head + "#Transform 0\nTransform: CompositeTransform_double_3_3\n" +
                    itk("AffineTransform", "2 0 0 0 2 0 0 0 2 0 0 0", "0 0 0") +
                    itk("TranslationTransform", "1 0 0", "")),
               {3, 0, 0}, {8, 0, 0});
}

/// The second channel was scanned in another position of the patient: the field there lies elsewhere.
TEST(Registration, BringsAChannelIntoTheFrameInTheOneResampling) {
  imaging::Geometry geometry;
  geometry.size = {16, 16, 16};
  const auto frame = test::world_field(geometry);
  const AffineMap to_other = read("0 -1 0 12\n1 0 0 3\n0 0 1 2\n0 0 0 1\n");
  geometry.origin = {-10, 0, -3};
  geometry.size = {30, 30, 30};
  auto other = test::world_field(geometry);
  const auto back = inverse(to_other);
  const auto to_world = world_of(geometry);
  for (int64_t z = 0; z < 30; ++z)
    for (int64_t y = 0; y < 30; ++y)
      for (int64_t x = 0; x < 30; ++x)
        other.data[0][z][y][x] =
            test::field(transform(back, transform(to_world, {double(x), double(y), double(z)})));
  PreprocessOptions options;
  options.spacing = {1.3, 1.1, 0.9};
  const auto prepared =
      prepare({frame, other}, {}, false, options, nullptr, {}, nullptr, {std::nullopt, to_other});
  const auto differ = [](const at::Tensor&
                             values) {  // away from the edge, which each image repeats for itself
    return (values[0] - values[1]).slice(0, 0, 15).slice(1, 0, 13).slice(2, 0, 11).abs().max().item<double>();
  };
  EXPECT_LT(differ(prepared.values), 1e-2);
  EXPECT_GT(differ(prepare({frame, other}, {}, false, options).values), 10);
  // The crop looks through the map too.
  options = {};
  options.crop.around = CropAround::foreground;
  auto empty = frame;
  empty.data = at::zeros_like(frame.data);
  other.data.zero_();
  other.data[0][9][8][12] = 1;  // at (2, 8, 6) in its own world
  const auto cropped =
      prepare({empty, other}, {}, false, options, nullptr, {}, nullptr, {std::nullopt, to_other});
  EXPECT_EQ(cropped.geometry.size, (std::array<int64_t, 3>{1, 1, 1}));
  EXPECT_EQ(cropped.geometry.origin, (std::array<double, 3>{5, 10, 4}));
  EXPECT_NEAR(cropped.values[1][0][0][0].item<double>(), 1, 1e-6);
  // The frame is the first channel that has none.
  EXPECT_EQ(
      prepare({other, frame}, {}, false, {}, nullptr, {}, nullptr, {to_other, std::nullopt}).geometry.size,
      frame.geometry.size);
  PHOTO51_EXPECT_ERROR(prepare({other}, {}, false, {}, nullptr, {}, nullptr, {to_other}), data,
                       HasSubstr("every present channel has a registration"));
}

TEST(Registration, RefusesWhatIsNoAffineMap) {
  const auto refuses = [](const std::string& text, const std::string& words) {
    PHOTO51_EXPECT_ERROR(read(text), data, AllOf(HasSubstr("map.tfm"), HasSubstr(words)));
  };
  refuses("1 2 3", "12 or 16 numbers, not 3");
  refuses("1 0 0 x", "`x` is not a number");
  refuses("1 0 0 0 0 1 0 0 0 0 1 0 0 0 0.5 1", "not 0 0 0 1");
  refuses("1 0 0 0 0 1 0 0 1 0 0 0", "flattens space");
  refuses(head, "no transform");
  refuses(head + itk("BSplineTransform", "1 2", ""), "not affine");
  refuses(head + itk("AffineTransform", "1 2 3", "0 0 0"), "has 12 parameters, not 3");
  refuses(head + itk("AffineTransform", "1 0 0 0 1 0 0 0 1 0 0 0", ""), "centre");
  refuses(head + itk("VersorRigid3DTransform", "1 1 0 0 0 0", "0 0 0"), "longer than 1");
  refuses(head + "Transform: Euler2DTransform_double_2_2\n", "three dimensions");
  refuses(std::string("AffineTransform_double_3_3\0\1", 28), "binary");
}

}  // namespace
}  // namespace photo51::preprocess
