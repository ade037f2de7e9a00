#include <ATen/ATen.h>

#include <set>

#include "data/fixture.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/data/images/preview.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/histopathology.hpp"
#include "photo51/data/options/inputs.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "support/errors.hpp"
#include "support/write_tiff.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Pictures of stained tissue of 1 um a pixel: purple squares of 32 pixels on glass, one at each place named.
class SlideTest : public CohortFolder {
 protected:
  struct Place {
    int64_t column, row;
    int64_t red;  ///< tells squares apart
  };
  void write_tissue(const std::string& name, int64_t columns, int64_t rows,
                    const std::vector<Place>& places) const {
    at::Tensor picture = at::full({rows * 32, columns * 32, 3}, 250, at::kByte);
    for (const auto& [column, row, red] : places) {
      auto square = picture.narrow(0, row * 32, 32).narrow(1, column * 32, 32);
      square.select(2, 0).fill_(red);
      square.select(2, 1).fill_(90);
      square.select(2, 2).fill_(150);
    }
    write(name, imaging::encode_png(picture));
  }
  /// A slide of six tiles of tissue, some of the file's own tiles damaged. Two levels: tissue is looked for
  /// on the second, so that the damage of the first shows when tiles are read.
  void write_damaged(const std::string& name, const std::vector<uint32_t>& tiles) const {
    at::Tensor picture = at::full({3, 128, 192}, 250, at::kByte);
    for (int64_t i = 0; i < 6; ++i) {
      auto square = picture.narrow(1, 32 + i / 3 * 32, 32).narrow(2, 32 + i % 3 * 32, 32);
      square[0].fill_(170 + i);
      square[1].fill_(90);
      square[2].fill_(150);
    }
    const at::Tensor small = at::avg_pool2d(picture.to(at::kFloat), {4, 4}).round().to(at::kByte);
    const auto path = folder_ / name;
    test::write_tiff(path,
                     {{picture, COMPRESSION_ADOBE_DEFLATE, 32}, {small, COMPRESSION_ADOBE_DEFLATE, 32}});
    std::string bytes = core::read_file(path);
    TIFF* tiff = TIFFOpen(path.c_str(), "r");
    for (const uint32_t tile : tiles)
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(TIFFGetStrileOffset(tiff, tile)),
                  TIFFGetStrileByteCount(tiff, tile), '\x55');
    TIFFClose(tiff);
    write(name, bytes);
  }
  static HistopathologyOptions tiles() {
    HistopathologyOptions options;
    options.channels = {"slide"};
    options.dims = 2;
    options.tile.emplace();
    options.tile->mpp = 1;
    options.tile->size = 32;
    options.tile->tissue.mpp = 4;
    options.tile->tissue.min_area = 1e-4;
    options.tile->slide.mpp = 1;
    return options;
  }
  static std::vector<int64_t> reds(const at::Tensor& bag) {
    const auto first = bag.select(1, 0).select(1, 16).select(1, 16).to(at::kLong).contiguous();
    return {first.const_data_ptr<int64_t>(), first.const_data_ptr<int64_t>() + first.numel()};
  }
};

TEST_F(SlideTest, ADamagedTileCostsTheTile) {
  const auto path = folder_ / "a.tif";
  write_damaged("a.tif", {8});  // column 2, row 1 of six columns
  auto options = tiles();
  const auto cohort = read("patient,slide\nP1,a.tif\n", {{"he", data::input(options)}});
  const CaseLoader cases(cohort, fit(cohort, {0}));
  EXPECT_THAT(reds(cases.load(0).inputs.at("he").values), ElementsAre(170, 172, 173, 174, 175));
  EXPECT_EQ(cases.load(0).inputs.at("he").view.numel(), 5);
  const auto found = cohort.warnings();
  ASSERT_EQ(found.size(), 1U);  // once, however often the case is read
  EXPECT_EQ(found[0].case_id, "P1");
  EXPECT_EQ(found[0].file, path.string());
  EXPECT_THAT(found[0].text, HasSubstr("tile 2 of 6 cannot be read and is left out"));
  auto how = this->options();
  how.strict = true;
  const Cohort strictly(how, {{"he", data::input(options)}}, {});
  PHOTO51_EXPECT_ERROR(CaseLoader(strictly, fit(strictly, {0})).load(0), data, HasSubstr("a.tif"));
  write_damaged("a.tif", {8, 9, 13, 14});
  const auto worse = read("patient,slide\nP1,a.tif\n", {{"he", data::input(options)}});
  const CaseLoader refused(worse, fit(worse, {0}));
  PHOTO51_EXPECT_ERROR(refused.load(0), data, HasSubstr("2 of its 6 tiles cannot be read, more than"));
}

TEST_F(SlideTest, ASlideIsABagOfItsTilesWithTissue) {
  write_tissue("a.png", 5, 4, {{1, 1, 170}, {3, 1, 180}, {1, 2, 190}});
  write_tissue("b.png", 5, 4, {{2, 2, 200}});
  const auto cohort = read("patient,slide\nP1,a.png\nP2,b.png;a.png\nP3,\n", {{"he", data::input(tiles())}});
  const auto fitted = fit(cohort, {0, 1});
  const CaseLoader cases(cohort, fitted);
  const Case one = cases.load(0);
  EXPECT_EQ(one.inputs.at("he").values.sizes(), at::IntArrayRef({3, 3, 32, 32}));
  EXPECT_THAT(reds(one.inputs.at("he").values), ElementsAre(170, 180, 190));
  EXPECT_THAT(reds(cases.load(1).inputs.at("he").values), ElementsAre(200, 170, 180, 190));
  EXPECT_EQ(one.inputs.at("he").values[0][2][3][3].item<float>(), 150);
  EXPECT_FALSE(cohort.has_input(2, "he"));
  const auto info = input_info(cohort.inputs(), fitted).at("he");
  EXPECT_TRUE(info.bag);
  EXPECT_EQ(info.channels, 3);
  EXPECT_THAT(info.size, ElementsAre(32, 32));
}

/// Tiles are bytes up to the model, and it sees the numbers that a preparation to float32 gives.
TEST_F(SlideTest, TilesStayBytes) {
  write_tissue("a.png", 5, 4, {{1, 1, 170}, {3, 1, 180}, {1, 2, 190}});
  write_tissue("b.png", 5, 4, {{2, 2, 200}});
  auto options = tiles();
  options.preprocess.normalize = {.method = preprocess::NormalizeMethod::fixed,
                                  .mean = {0.485, 0.456, 0.406},
                                  .std = {0.229, 0.224, 0.225},
                                  .full_scale = 255};
  options.augment.flip = {preprocess::Axis::x, preprocess::Axis::y};
  for (const bool centers : {false, true}) {
    auto bytes = options;
    if (centers) bytes.center = {"x", "y"};
    auto floats = bytes;
    floats.assume_orientation = "LPS";  // the same place, which only the preparation can know
    const auto cohort = read("patient,slide,x,y\nP1,a.png,47,47\nP2,b.png,70,60\nP3,,,\n",
                             {{"bytes", data::input(bytes)}, {"floats", data::input(floats)}});
    const auto fitted = fit(cohort, {0, 1, 2});
    const CaseLoader cases(cohort, fitted);
    const auto info = input_info(cohort.inputs(), fitted);
    for (const int64_t epoch : {-1, 0, 1}) {
      const core::SampleKey key{.seed = 1, .epoch = epoch};
      const Batch batch = collate({cases.load(0, key), cases.load(1, key)}, info, {});
      const InputBatch &stored = batch.inputs.at("bytes"), &prepared = batch.inputs.at("floats");
      EXPECT_EQ(stored.values.scalar_type(), at::kByte);
      EXPECT_EQ(prepared.values.scalar_type(), at::kFloat);
      EXPECT_FALSE(prepared.lookup.defined());
      const InputBatch seen = data::floats(stored);
      EXPECT_FALSE(seen.lookup.defined());
      EXPECT_EQ(seen.values.scalar_type(), at::kFloat);
      if (epoch < 0) {  // augmentation is drawn by the input's name
        EXPECT_TRUE(at::equal(seen.values, prepared.values));
      }
    }
  }
}

/// What is more than mirroring is done in float32, and comes out as from images prepared so.
TEST_F(SlideTest, AugmentedTilesAreFloats) {
  write_tissue("a.png", 5, 4, {{1, 1, 170}, {3, 1, 180}, {1, 2, 190}});
  auto options = tiles();
  options.preprocess.normalize = {
      .method = preprocess::NormalizeMethod::fixed, .mean = {0.5}, .std = {0.25}, .full_scale = 255};
  options.augment.flip = {preprocess::Axis::x};
  const core::SampleKey key{.seed = 1, .epoch = 3};
  for (const bool jitters : {false, true}) {
    if (jitters) options.augment.color_jitter.emplace();
    const auto loaded = [&](const std::string& assumed) {
      auto one = options;
      one.assume_orientation = assumed;
      const auto cohort = read("patient,slide\nP1,a.png\n", {{"he", data::input(one)}});
      return CaseLoader(cohort, fit(cohort, {0})).load(0, key, {preprocess::Axis::y}).inputs.at("he");
    };
    const auto stored = loaded(""), prepared = loaded("LPS");
    EXPECT_EQ(stored.values.scalar_type(), jitters ? at::kFloat : at::kByte);
    EXPECT_TRUE(at::equal(data::floats(stored.values, stored.lookup, 1), prepared.values));
  }
}

/// Whether a slide can be read shows only while its tiles are encoded: its case is left out even then, and
/// the batch is encoded again without it.
TEST_F(SlideTest, ABadStreamCostsItsCase) {
  write_damaged("a.tif", {8});
  write_damaged("b.tif", {8, 9, 13, 14});
  write_damaged("c.tif", {});
  const auto cohort = read("patient,slide\nP1,a.tif\nP2,b.tif\nP3,c.tif\n", {{"he", data::input(tiles())}});
  const auto fitted = fit(cohort, {0, 1, 2});
  const CaseLoader cases(cohort, fitted);
  int64_t asked = 0;
  std::vector<std::string> bad;
  Loader::Options how;
  how.most_whole = 2;
  how.on_bad = [&](int64_t row, const std::string& why) { bad.push_back(std::to_string(row) + " " + why); };
  how.encode_bags = [&](const Batch& batch) {
    ++asked;
    Batch encoded = batch;
    InputBatch& input = encoded.inputs.at("he");
    for (at::Tensor some = input.stream->next(4); some.defined(); some = input.stream->next(4))
      input.features =
          input.features.defined() ? at::cat({input.features, some.select(1, 0)}) : some.select(1, 0);
    input.offsets = input.stream->offsets();
    input.stream = nullptr;
    return encoded;
  };
  for (const int64_t workers : {0, 2}) {
    how.workers = workers;
    how.skip_bad = true;
    asked = 0;
    bad.clear();
    Batch batch;
    Loader loader(cohort, cases, fitted, {0, 1, 2}, {}, how);
    ASSERT_TRUE(loader.next(batch));
    EXPECT_THAT(batch.cases, ElementsAre("P1", "P3"));
    EXPECT_EQ(asked, 2);
    ASSERT_EQ(bad.size(), 1U);
    EXPECT_THAT(bad[0], HasSubstr("1 case P2: input he: "));
    EXPECT_THAT(bad[0], HasSubstr("2 of its 6 tiles cannot be read, more than"));
    const at::Tensor red = batch.inputs.at("he").features.select(1, 16).select(1, 16).to(at::kLong);
    EXPECT_TRUE(
        at::equal(red, at::tensor({170, 172, 173, 174, 175, 170, 171, 172, 173, 174, 175}, at::kLong)));
    EXPECT_TRUE(at::equal(batch.inputs.at("he").offsets, at::tensor({0, 5, 11}, at::kLong)));
    EXPECT_FALSE(loader.next(batch));
    how.skip_bad = false;
    Loader strict(cohort, cases, fitted, {0, 1, 2}, {}, how);
    PHOTO51_EXPECT_ERROR(strict.next(batch), data, ::testing::StartsWith("case P2: input he: "));
  }
}

/// A large bag comes as what decodes it.
TEST_F(SlideTest, LargeBagsHaveASource) {
  write_tissue("a.png", 5, 4, {{1, 1, 170}, {3, 1, 180}, {1, 2, 190}});
  const auto cohort = read("patient,slide\nP1,a.png\n", {{"he", data::input(tiles())}});
  const CaseLoader cases(cohort, fit(cohort, {0}));
  EXPECT_TRUE(cases.load(0, {}, {}, 3).inputs.at("he").values.defined());
  const auto large = cases.load(0, {}, {}, 2).inputs.at("he");
  EXPECT_FALSE(large.values.defined());
  ASSERT_TRUE(large.source);
  EXPECT_EQ(large.source->count(), 3);
  EXPECT_EQ(large.source->read(1).values[0][16][16].item<int>(), 180);
  EXPECT_THAT(large.source->file(0), HasSubstr("a.png"));
}

TEST_F(SlideTest, TrainingDrawsOtherTilesInEveryEpoch) {
  std::vector<Place> places;
  for (int64_t i = 0; i < 8; ++i) places.push_back({i % 4, 1 + i / 4, 170 + i});
  write_tissue("a.png", 6, 4, places);
  auto options = tiles();
  options.train_instances = 3;
  const auto cohort = read("patient,slide\nP1,a.png\n", {{"he", data::input(options)}});
  const CaseLoader cases(cohort, fit(cohort, {0}));
  std::set<std::vector<int64_t>> seen;
  for (int64_t epoch = 0; epoch < 6; ++epoch) {
    const auto values = cases.load(0, {.seed = 1, .epoch = epoch}).inputs.at("he").values;
    ASSERT_EQ(values.size(0), 3);
    seen.insert(reds(values));
  }
  EXPECT_GT(seen.size(), 3U);
  EXPECT_EQ(cases.load(0).inputs.at("he").values.size(0), 8);
}

TEST_F(SlideTest, ARowWithACenterIsTheTileAroundIt) {
  write_tissue("a.png", 5, 4, {{1, 1, 170}, {3, 1, 180}});
  auto options = tiles();
  options.center = {"x", "y"};
  const auto cohort = read("patient,slide,slide.mpp,x,y\n1,a.png,1,47.5,47.5\n2,a.png,0.5,95.5,47.5\n3,,,,\n",
                           {{"he", data::input(options)}});
  const CaseLoader cases(cohort, fit(cohort, {0, 1}));
  const auto square = cases.load(0).inputs.at("he").values;
  EXPECT_EQ(square.sizes(), at::IntArrayRef({3, 32, 32}));
  EXPECT_TRUE((square[0] == 170).all().item<bool>());  // from 32 to 63, exactly
  // Twice as fine: 64 of its pixels, from 64 to 127, of which the second half is tissue.
  const auto both = cases.load(1).inputs.at("he").values;
  EXPECT_EQ(both[0][16][20].item<float>(), 180);
  EXPECT_EQ(both[0][16][4].item<float>(), 250);
  EXPECT_FALSE(cohort.has_input(2, "he"));
  EXPECT_NE(cohort.file_hash(0, "he"), cohort.file_hash(1, "he"));
}

TEST_F(SlideTest, PlacesThatAreNoneAreNamed) {
  write_tissue("a.png", 2, 2, {{0, 0, 170}});
  auto options = tiles();
  options.center = {"x", "y"};
  const auto says = [&](const std::string& row) {
    return failure(core::Fault::data, [&] {
      const auto cohort = read("patient,slide,slide.mpp,x,y\n" + row, {{"he", data::input(options)}});
      CaseLoader(cohort, fit(cohort, {0})).load(0);
    });
  };
  EXPECT_THAT(says("P,a.png,1,,3\n"),
              HasSubstr("cohort.csv:2: column `x`: `` is not a place on the slide in pixels"));
  EXPECT_THAT(says("P,a.png,1,3,left\n"), HasSubstr("column `y`: `left` is not a place"));
  EXPECT_THAT(says("P,a.png,0,3,3\n"), HasSubstr("column `slide.mpp`: `0` is not microns per pixel"));
  EXPECT_THAT(says("P,a.png,1,64,3\n"), HasSubstr("the point 64, 3 is not on the slide of 64 x 64 pixels"));
  write("map.txt", "1 0 0 0\n0 1 0 0\n0 0 1 0\n");
  const auto registered =
      read("patient,slide,slide.registration,x,y\nP,a.png,map.txt,32,32\n", {{"he", data::input(options)}});
  EXPECT_THAT(
      failure(core::Fault::data, [&] { CaseLoader(registered, fit(registered, {0})).load(0); }),
      HasSubstr("every present channel has a registration; the one that they lead from must be there"));
  options.tile->slide.mpp = 0;
  EXPECT_THAT(says("P,a.png,,3,3\n"), HasSubstr("mpp"));
  const auto one = Cohort::single({{"he", data::input(options)}},
                                  {"he.slide=" + (folder_ / "a.png").string(), "he.slide.mpp=1"});
  EXPECT_THAT(failure(core::Fault::data, [&] { CaseLoader(one, fit(one, {0})).load(0); }),
              HasSubstr("which place of the slide to look at is not given: he.x and he.y"));
}

TEST_F(SlideTest, StainsAreNormalisedBySlide) {
  // Two dyes in varying amounts, in two stainings of the same tissue.
  const auto dyed = [&](const std::string& name, double strength) {
    const at::Tensor amounts = at::rand({3, 64, 64}, at::kFloat).mul_(strength);
    const at::Tensor hed = at::stack({amounts[0], amounts[1], at::zeros({64, 64})});
    const at::Tensor rgb = preprocess::hed_to_rgb(hed * 0.1).mul(239).round().to(at::kByte);
    write(name, imaging::encode_png(rgb.permute({1, 2, 0}).contiguous()));
  };
  at::manual_seed(3);
  dyed("pale.png", 1);
  at::manual_seed(3);
  dyed("strong.png", 1.7);
  auto options = tiles();
  options.tile->tissue.method = preprocess::TissueMethod::none;
  const auto distance = [&](preprocess::StainMethod method) {
    options.stain.method = method;
    const auto cohort = read("patient,slide\nP1,pale.png\nP2,strong.png\n", {{"he", data::input(options)}});
    const CaseLoader cases(cohort, fit(cohort, {0}));
    return (cases.load(0).inputs.at("he").values.to(at::kFloat) - cases.load(1).inputs.at("he").values)
        .abs()
        .mean()
        .item<double>();
  };
  const double before = distance(preprocess::StainMethod::none);
  EXPECT_LT(distance(preprocess::StainMethod::macenko), 0.2 * before);
  EXPECT_LT(distance(preprocess::StainMethod::reinhard), 0.4 * before);
}

TEST_F(SlideTest, OptionsThatContradictAreRefused) {
  const auto says = [](const std::string& text) {
    return failure(core::Fault::usage,
                   [&] { read_input("modality: histopathology\nchannels: [s]\n" + text); });
  };
  EXPECT_EQ(says("dims: 2\ntile: {mpp: 1}"), "no error");
  EXPECT_THAT(says("tile: {mpp: 1}"), HasSubstr("set dims: 2"));
  EXPECT_THAT(says("dims: 2\ntile: {mpp: 1}\nbag: never"), HasSubstr("name center columns"));
  EXPECT_THAT(says("dims: 2\ntile: {mpp: 1}\ncolor: single"), HasSubstr("tiles are gray or rgb"));
  EXPECT_THAT(says("dims: 2\ntile: {mpp: 1}\nmask: m"), HasSubstr("tiles have no mask"));
  EXPECT_THAT(says("dims: 2\ncenter: [x, y]"), HasSubstr("give the tile section too"));
  EXPECT_THAT(says("dims: 2\ntile: {mpp: 1}\ncenter: [x]"), HasSubstr("takes two columns"));
  EXPECT_THAT(says("dims: 2\ntile: {mpp: 1}\ncenter: [x, y]\nbag: always"), HasSubstr("leave bag out"));
  EXPECT_THAT(says("dims: 2\naugment: {hed_jitter: {scale: 0.1}}"), HasSubstr("normalize fixed"));
}

TEST_F(SlideTest, AreShownWholeOrAtTheRowsPlace) {
  write_tissue("a.png", 5, 4, {{1, 1, 170}, {3, 1, 180}});
  const auto whole = read("patient,slide,slide.mpp\nP1,,\nP2,a.png,2\n", {{"he", data::input(tiles())}});
  EXPECT_FALSE(preview(whole, 0, "he", 40));
  const auto shown = preview(whole, 1, "he", 40);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->channel, "slide");
  EXPECT_EQ(shown->image.data.sizes(), at::IntArrayRef({3, 1, 32, 40}));
  auto options = tiles();
  options.center = {"x", "y"};
  const auto one = read("patient,slide,x,y\nP1,a.png,112,48\n", {{"he", data::input(options)}});
  const auto tile = preview(one, 0, "he", 40);
  ASSERT_TRUE(tile);
  EXPECT_EQ(tile->image.data.sizes(), at::IntArrayRef({3, 1, 32, 32}));
  EXPECT_EQ(tile->image.data[0][0][16][16].item<int>(), 180);
}

}  // namespace
}  // namespace photo51::data
