// Where the instances of bags lie.
#include "photo51/data/images/bag_places.hpp"

#include <ATen/ATen.h>

#include "data/fixture.hpp"
#include "photo51/data/features/feature_file.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/features.hpp"
#include "photo51/data/modality/histopathology.hpp"
#include "photo51/data/modality/mammography.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/write_tiff.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BagPlacesTest : public CohortFolder {
 protected:
  /// Six squares of tissue of 32 pixels, from (32, 32) on, in two rows.
  at::Tensor tissue() const {
    at::Tensor picture = at::full({3, 128, 192}, 250, at::kByte);
    for (int64_t c = 0; c < 3; ++c)
      picture[c].narrow(0, 32, 64).narrow(1, 32, 96).fill_(std::array{170, 90, 150}[static_cast<size_t>(c)]);
    return picture;
  }
  void write_png(const std::string& name) const {
    write(name, imaging::encode_png(tissue().permute({1, 2, 0}).contiguous()));
  }
  /// The file's own tile that holds the second square is damaged; tissue is looked for on the second level.
  void write_damaged(const std::string& name) const {
    const at::Tensor picture = tissue();
    const at::Tensor small = at::avg_pool2d(picture.to(at::kFloat), {4, 4}).round().to(at::kByte);
    const auto path = folder_ / name;
    test::write_tiff(path,
                     {{picture, COMPRESSION_ADOBE_DEFLATE, 32}, {small, COMPRESSION_ADOBE_DEFLATE, 32}});
    std::string bytes = core::read_file(path);
    TIFF* tiff = TIFFOpen(path.c_str(), "r");
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(TIFFGetStrileOffset(tiff, 8)),
                TIFFGetStrileByteCount(tiff, 8), '\x55');
    TIFFClose(tiff);
    write(name, bytes);
  }
  static HistopathologyOptions tiles(double mpp = 1) {
    HistopathologyOptions options;
    options.channels = {"slide"};
    options.dims = 2;
    options.tile.emplace();
    options.tile->mpp = mpp;
    options.tile->size = 16;
    options.tile->tissue.mpp = 4;
    options.tile->tissue.min_area = 1e-4;
    options.tile->slide.mpp = 1;
    return options;
  }
  /// `count` vectors of tiles, one below the other from (x, 100) on.
  void write_features(const std::string& name, int64_t count, double x, int64_t extent,
                      const std::vector<std::string>& slides = {}) const {
    FeatureBag bag;
    bag.features = at::ones({count, 4});
    bag.coordinates =
        at::stack({at::full({count}, x, at::kLong), 100 + 512 * at::arange(count, at::kLong)}, 1);
    if (extent > 0) bag.tiles = {{"patch_size", 256}, {"patch_size_level0", extent}};
    if (!slides.empty()) {
      bag.files = slides;
      bag.file = at::arange(count, at::kLong).remainder(static_cast<int64_t>(slides.size()));
    }
    data::write_features(folder_ / name,
                         name.ends_with(".h5") ? FeatureFormat::h5 : FeatureFormat::safetensors, bag);
  }
  static Inputs features(std::vector<std::string> channels = {"uni"}) {
    FeaturesOptions options;
    options.channels = std::move(channels);
    return {{"f", data::input(options)}};
  }
};

TEST_F(BagPlacesTest, TilesLieWhereTheSlideIsReadFrom) {
  write_png("a.png");
  write_png("b.png");
  const auto cohort = read("patient,slide\nP1,a.png;b.png\n", {{"he", data::input(tiles(2))}});
  const BagPlaces places = bag_places(cohort, 0, "he");
  EXPECT_TRUE(places.on_slides);
  EXPECT_THAT(places.views, ElementsAre("slide"));
  EXPECT_EQ(places.tile_size, 16);
  ASSERT_EQ(places.slides.size(), 2U);
  EXPECT_EQ(places.slides[1].path, folder_ / "b.png");
  EXPECT_EQ(places.slides[1].how.mpp, 1);
  ASSERT_EQ(places.instances.size(), 12U);
  // A tile of 16 pixels of 2 um is 32 of the slide's.
  for (size_t i = 0; i < 12; ++i) {
    const auto& at = places.instances[i];
    EXPECT_EQ(at.slide, i / 6);
    EXPECT_EQ(at.x, 32 + 32 * static_cast<double>(i % 3)) << i;
    EXPECT_EQ(at.y, 32 + 32 * static_cast<double>(i / 3 % 2)) << i;
    EXPECT_EQ(at.width, 32);
    EXPECT_EQ(at.height, 32);
  }
}

TEST_F(BagPlacesTest, DamagedTilesHaveNone) {
  write_damaged("a.tif");
  auto options = tiles();
  options.tile->size = 32;
  const auto cohort = read("patient,slide\nP1,a.tif\n", {{"he", data::input(options)}});
  const CaseLoader cases(cohort, fit(cohort, {0}));
  EXPECT_EQ(bag_places(cohort, 0, "he").instances.size(), 6U) << "nothing is known before it is read";
  EXPECT_EQ(cases.load(0).inputs.at("he").values.size(0), 5);
  const BagPlaces places = bag_places(cohort, 0, "he");
  ASSERT_EQ(places.instances.size(), 5U);
  EXPECT_EQ(places.instances[0].x, 32);
  EXPECT_EQ(places.instances[1].x, 96) << "the second of the row is left out";
}

TEST_F(BagPlacesTest, FilesLieNowhere) {
  for (const char* name : {"a.png", "b.png", "c.png"}) write_png(name);
  HistopathologyOptions pictures;
  pictures.channels = {"core", "edge"};
  pictures.dims = 2;
  pictures.bag = BagMode::always;
  const auto cohort = read("patient,core,edge\nP1,a.png,b.png;c.png\n", {{"he", data::input(pictures)}});
  const BagPlaces places = bag_places(cohort, 0, "he");
  EXPECT_FALSE(places.on_slides);
  EXPECT_THAT(places.slides, IsEmpty());
  EXPECT_THAT(places.views, ElementsAre("core", "edge"));
  ASSERT_EQ(places.instances.size(), 3U);
  EXPECT_EQ(places.instances[0].view, 0);
  EXPECT_EQ(places.instances[2].view, 1);

  MammographyOptions breasts;
  breasts.channels = {"core", "edge"};
  breasts.dims = 2;
  breasts.preprocess.orientation = "none";
  const auto exam = read("patient,core,edge\nP1,a.png,b.png\n", {{"mg", data::input(breasts)}});
  EXPECT_EQ(bag_places(exam, 0, "mg").instances.size(), 2U);
  breasts.channels = {"core"};
  const auto one = read("patient,core\nP1,a.png\n", {{"mg", data::input(breasts)}});
  PHOTO51_EXPECT_ERROR(bag_places(one, 0, "mg"), usage, HasSubstr("input mg: its cases are no bags"));
}

TEST_F(BagPlacesTest, FeaturesSayWhereTheirTilesLie) {
  write_png("a.png");
  write_features("a.h5", 3, 1000, 512);
  write_features("a.safetensors", 3, 1000, 512);
  const auto cohort =
      read("patient,uni,slide\nP1,a.h5,a.png\nP2,a.safetensors,\nP3,a.h5,nowhere.svs\n", features());
  for (const int64_t row : {0, 1, 2}) {
    const BagPlaces places = bag_places(cohort, row, "f");
    EXPECT_TRUE(places.on_slides);
    EXPECT_EQ(places.tile_size, 256);
    EXPECT_THAT(places.notes, IsEmpty());
    ASSERT_EQ(places.instances.size(), 3U);
    EXPECT_EQ(places.instances[2].x, 1000);
    EXPECT_EQ(places.instances[2].y, 1124);
    EXPECT_EQ(places.instances[2].width, 512);
    ASSERT_EQ(places.slides.size(), 1U);
  }
  EXPECT_EQ(bag_places(cohort, 0, "f").slides[0].path, folder_ / "a.png");
  EXPECT_EQ(bag_places(cohort, 0, "f").slides[0].missing, "");
  EXPECT_THAT(bag_places(cohort, 1, "f").slides[0].missing,
              HasSubstr("column `slide` of the manifest is blank"));
  EXPECT_THAT(bag_places(cohort, 2, "f").slides[0].missing, HasSubstr("there is no file"));
  EXPECT_EQ(bag_places(cohort, 2, "f").slides[0].path, "");
  const auto without = read("patient,uni\nP1,a.h5\n", features());
  EXPECT_THAT(bag_places(without, 0, "f").slides[0].missing,
              HasSubstr("the manifest has no column `slide` of slides"));
  const auto alone = Cohort::single(
      features(), {"f.uni=" + (folder_ / "a.h5").string(), "f.slide=" + (folder_ / "a.png").string()});
  EXPECT_EQ(bag_places(alone, 0, "f").slides[0].path, folder_ / "a.png");
}

TEST_F(BagPlacesTest, SeveralSlidesAreFoundByTheirNames) {
  write_png("a.png");
  write_png("b.png");
  write_features("both.h5", 4, 0, 512, {"b.png", "a.png"});
  write_features("both.safetensors", 4, 0, 512, {"b.png", "a.png"});
  write_features("one.h5", 2, 0, 512);
  const auto cohort = read(
      "patient,uni,slide\nP1,both.h5,a.png;b.png\nP2,both.safetensors,a.png;b.png\nP3,one.h5;one.h5,a.png;b."
      "png\n"
      "P4,one.h5;one.h5,a.png\nP5,both.h5,a.png\nP6,one.h5;one.h5;one.h5,a.png;b.png\n",
      features());
  for (const int64_t row : {0, 1}) {
    const BagPlaces places = bag_places(cohort, row, "f");
    ASSERT_EQ(places.slides.size(), 2U);
    EXPECT_EQ(places.slides[0].path, folder_ / "b.png");
    EXPECT_EQ(places.slides[1].path, folder_ / "a.png");
    EXPECT_EQ(places.instances[0].slide, 0U);
    EXPECT_EQ(places.instances[3].slide, 1U);
  }
  const BagPlaces by_order = bag_places(cohort, 2, "f");
  ASSERT_EQ(by_order.slides.size(), 2U);
  EXPECT_EQ(by_order.slides[1].path, folder_ / "b.png");
  EXPECT_EQ(by_order.instances[2].slide, 1U);
  const BagPlaces shared = bag_places(cohort, 3, "f");
  ASSERT_EQ(shared.slides.size(), 1U);
  EXPECT_EQ(shared.instances.size(), 4U);
  EXPECT_EQ(shared.instances[3].slide, 0U);
  const BagPlaces half = bag_places(cohort, 4, "f");
  EXPECT_THAT(half.slides[0].missing, HasSubstr("which of the 1 slides that the manifest names is `b.png`"));
  EXPECT_EQ(half.slides[1].path, folder_ / "a.png");
  EXPECT_THAT(bag_places(cohort, 5, "f").slides[2].missing,
              HasSubstr("belongs to the features cannot be told"));
}

TEST_F(BagPlacesTest, TheSizeOfTilesIsThatOfTheirGridWhereNothingSaysIt) {
  write_features("grid.h5", 3, 0, 0);
  write_features("single.h5", 1, 0, 0);
  nn::write_safetensors(folder_ / "bare.safetensors", {{"features", at::ones({3, 4})}});
  const auto cohort = read("patient,uni\nP1,grid.h5\nP2,single.h5\nP3,bare.safetensors\n", features());
  const BagPlaces grid = bag_places(cohort, 0, "f");
  EXPECT_TRUE(grid.on_slides);
  EXPECT_EQ(grid.instances[0].width, 512);
  EXPECT_THAT(grid.notes, ElementsAre(HasSubstr("512 pixels, the step of their grid, is taken")));
  const BagPlaces single = bag_places(cohort, 1, "f");
  EXPECT_FALSE(single.on_slides);
  EXPECT_THAT(single.notes, ElementsAre(HasSubstr("do not say how large their tiles are")));
  const BagPlaces bare = bag_places(cohort, 2, "f");
  EXPECT_FALSE(bare.on_slides);
  EXPECT_EQ(bare.instances.size(), 3U);
  EXPECT_THAT(bare.notes, ElementsAre(HasSubstr("the features have no coordinates")));
}

}  // namespace
}  // namespace photo51::data
