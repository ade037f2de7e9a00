#include "photo51/data/modality/mammography.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "data/cohort/cohort_impl.hpp"
#include "data/fixture.hpp"
#include "data/images/instances.hpp"
#include "data/modality/modality.hpp"
#include "photo51/data/images/preview.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/imaging/picture/picture.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// 64 x 64 pixels, a breast of 40 x 32 at the right, round at its left; its gray falls from left to right.
at::Tensor right_breast() {
  at::Tensor picture = at::zeros({64, 64}, at::kByte);
  auto pixels = picture.accessor<uint8_t, 2>();
  for (int64_t y = 12; y < 52; ++y)
    for (int64_t x = 32 + std::abs(y - 32) / 2; x < 64; ++x)
      pixels[y][x] = static_cast<uint8_t>(200 - x - y % 7);
  return picture;
}

class MammographyTiles : public CohortFolder {
 protected:
  static MammographyOptions tiled(int64_t size) {
    auto options = image_input<MammographyOptions>({"left", "right"});
    options.dims = 2;
    options.preprocess.orientation = "none";
    options.tile.emplace().size = size;
    return options;
  }
  Cohort one(const MammographyOptions& options) const {
    write("r.png", imaging::encode_png(right_breast()));
    write("l.png", imaging::encode_png(right_breast().flip({1})));
    return read("patient,left,right\nP1,l.png,r.png\nP2,,r.png\n", {{"breasts", data::input(options)}});
  }
  static std::string refused(const std::string& text) {
    return failure(core::Fault::usage, [&] { read_input("modality: mammography\n" + text); });
  }
};

TEST_F(MammographyTiles, ACaseIsTheTilesOfAllItsPictures) {
  const auto cohort = one(tiled(20));
  const auto fitted = fit(cohort, {0, 1});
  const CaseLoader cases(cohort, fitted);
  // 40 x 32 pixels of breast: 2 x 2 tiles of 20 (the second column overlaps the first) a picture.
  const auto both = cases.load(0).inputs.at("breasts");
  ASSERT_EQ(both.values.sizes(), at::IntArrayRef({8, 1, 20, 20}));
  const at::Tensor picture = right_breast().to(at::kFloat);
  EXPECT_TRUE(both.values[4][0].equal(picture.slice(0, 12, 32).slice(1, 32, 52)));
  EXPECT_TRUE(both.values[7][0].equal(picture.slice(0, 32, 52).slice(1, 44, 64)));
  EXPECT_TRUE(both.values[0][0].equal(picture.flip({1}).slice(0, 12, 32).slice(1, 0, 20)));
  EXPECT_EQ(cases.load(1).inputs.at("breasts").values.size(0), 4);
  const auto info = input_info(cohort.inputs(), fitted).at("breasts");
  EXPECT_TRUE(info.bag);
  EXPECT_EQ(info.size, (std::vector<int64_t>{20, 20}));
  EXPECT_EQ(info.views, 2);
}

TEST_F(MammographyTiles, MirroredTilesShowTheWallAtTheLeft) {
  auto options = tiled(20);
  options.mammography.emplace();
  const auto cohort = one(options);
  const CaseLoader cases(cohort, fit(cohort, {0, 1}));
  const auto values = cases.load(0).inputs.at("breasts").values;
  // The left breast is the right one's mirror image, and its tiles lie in the other order along a row.
  EXPECT_TRUE(values[5].equal(values[0]));
  EXPECT_TRUE(values[4].equal(values[1]));
  EXPECT_TRUE(values[5][0].equal(right_breast().to(at::kFloat).slice(0, 12, 32).slice(1, 44, 64).flip({1})));
}

TEST_F(MammographyTiles, SayWhereTheyLieInTheFile) {
  auto options = tiled(20);
  options.mammography.emplace();
  const auto cohort = one(options);
  const CaseLoader cases(cohort, fit(cohort, {0, 1}));
  const auto& impl = cohort.impl();
  const auto tile = impl.modality(0).image->tile(impl, 0, 0, {1, 1});
  ASSERT_TRUE(tile.has_value());
  EXPECT_EQ(tile->x, 44);
  EXPECT_EQ(tile->y, 12);
  EXPECT_EQ(tile->extent_x, 20);
}

TEST_F(MammographyTiles, ArePreviewedAsTheWholePicture) {
  const auto cohort = one(tiled(20));
  const auto shown = preview(cohort, 1, "breasts", 64);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->image.data.sizes(), at::IntArrayRef({1, 1, 64, 64}));
}

TEST_F(MammographyTiles, APictureWithoutABreastIsAnError) {
  const auto cohort = one(tiled(20));
  write("l.png", imaging::encode_png(at::full({64, 64}, 5, at::kByte)));
  const auto broken = read("patient,left,right\nP1,l.png,\n", {{"breasts", data::input(tiled(20))}});
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(broken, fit(broken, {0})).load(0); }),
              AllOf(HasSubstr("l.png"), HasSubstr("there is no breast to see")));
}

TEST_F(MammographyTiles, OptionsThatDoNotGoTogetherAreRefused) {
  EXPECT_THAT(refused("channels: [left]\ntile: {size: 64}\n"), HasSubstr("tiles are pictures; set dims: 2"));
  EXPECT_THAT(refused("channels: [left]\ndims: 2\nbag: never\ntile: {size: 64}\n"),
              HasSubstr("a picture in tiles is a bag"));
  EXPECT_THAT(refused("channels: [left@0]\ndims: 2\ntile: {size: 64}\n"),
              HasSubstr("tiles are cut from whole pictures"));
  EXPECT_THAT(refused("channels: [left]\ndims: 2\ntile: {size: 64, stride: 65}\n"),
              HasSubstr("what lies between two tiles would not be seen"));
  EXPECT_THAT(refused("channels: [left]\ndims: 2\nmask: seg\ntile: {size: 64}\n"),
              HasSubstr("a bag has no mask"));
}

}  // namespace
}  // namespace photo51::data
