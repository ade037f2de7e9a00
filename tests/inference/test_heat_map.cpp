// Heat maps of made-up attention: which place of the slide a number colors.
#include "photo51/inference/heat_map.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "inference/heat_map_files.hpp"
#include "inference/heat_map_picture.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/features/feature_file.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

at::Tensor pixels_of(const fs::path& picture) {
  const imaging::Slide slide = imaging::open_slide(picture);
  const auto& level = slide.levels().front();
  return slide.read(0, 0, 0, level.width, level.height);
}

/// Of the slide's tile number `tile` under the color of a share.
std::vector<int64_t> blended(int64_t tile, double share) {
  const double gray = 0.299 * static_cast<double>(160 + 5 * tile) + 0.587 * 80 + 0.114 * 150;
  std::vector<int64_t> color;
  for (const uint8_t part : heat_color(share)) color.push_back(std::lround(0.5 * gray + 0.5 * part));
  return color;
}

/// Six tiles of tissue of 32 pixels, from (32, 32) on, in two rows of three; each of a color of its own.
class HeatMaps : public ::testing::Test {
 protected:
  HeatMaps() {
    at::Tensor picture = at::full({3, 128, 192}, 250, at::kByte);
    for (int64_t i = 0; i < 6; ++i) {
      auto square = picture.narrow(1, 32 + i / 3 * 32, 32).narrow(2, 32 + i % 3 * 32, 32);
      square[0].fill_(160 + 5 * i);
      square[1].fill_(80);
      square[2].fill_(150);
    }
    slide_ = picture;
    core::write_file_atomic(folder_ / "a.png", imaging::encode_png(picture.permute({1, 2, 0}).contiguous()));
  }
  static PipelineOptions pipeline(
      const std::string& pool = "gated_abmil",
      const std::string& tile =
          "tile: {mpp: 1, size: 32, tissue: {mpp: 4, min_area: 0.0001}, slide: {mpp: 1}}") {
    PipelineOptions options;
    config::read(config::parse_yaml("inputs:\n  he:\n    modality: histopathology\n    channels: [slide]\n"
                                    "    dims: 2\n    " +
                                        tile + "\nmodel:\n  encoders:\n    he: {name: conv_net, bag_pool: " +
                                        pool + "}\n  heads: {idh: {task: binary}}\n",
                                    "maps.yaml"),
                 options);
    return options;
  }
  static PipelineOptions features() {
    PipelineOptions options;
    config::read(config::parse_yaml("inputs:\n  f: {modality: features, channels: [uni]}\nmodel:\n"
                                    "  encoders: {f: {name: bag, bag_pool: abmil}}\n"
                                    "  heads: {idh: {task: binary}}\n",
                                    "maps.yaml"),
                 options);
    return options;
  }
  data::Cohort cohort(const PipelineOptions& pipeline, const std::string& manifest) const {
    core::write_file_atomic(folder_ / "cohort.csv", manifest);
    data::CohortOptions options;
    options.manifest = folder_ / "cohort.csv";
    return data::Cohort(options, pipeline.inputs, {}, false);
  }
  /// Two members; what they say together is what counts.
  static CaseResult result(const std::string& case_id, const std::string& input,
                           const std::vector<float>& attention) {
    CaseResult made;
    made.case_id = case_id;
    const at::Tensor one = at::tensor(attention);
    made.attention["encoders." + input]["bag"] = at::stack({one * 1.5, one * 0.5});
    return made;
  }
  static nlohmann::json read_json(const fs::path& path) {
    return nlohmann::json::parse(core::read_file(path));
  }

  test::TemporaryFolder folder_;
  at::Tensor slide_;
  const std::vector<float> attention_{0.05F, 0.3F, 0.1F, 0.2F, 0.25F, 0.1F};
};

TEST_F(HeatMaps, TheTableHasATilesPlaceAttentionAndPercentile) {
  const auto options = pipeline();
  const auto cases = cohort(options, "patient,slide\nP/1,a.png\n");
  HeatMapWriter writer(options, cases, {}, folder_ / "out");
  writer.write(result("P/1", "he", attention_));
  ASSERT_EQ(writer.written().size(), 1U);
  const HeatMap& map = writer.written()[0];
  EXPECT_EQ(map.table, folder_ / "out/P%2F1/he.attention.csv");
  EXPECT_THAT(map.missing, IsEmpty());
  const core::Table table = core::read_table(map.table);
  EXPECT_THAT(table.columns, ElementsAre("x", "y", "width", "height", "attention", "percentile"));
  ASSERT_EQ(table.rows.size(), 6U);
  EXPECT_THAT(table.rows[1], ElementsAre("64", "32", "32", "32", "0.3", "100.00"));
  EXPECT_THAT(table.rows[3], ElementsAre("32", "64", "32", "32", "0.2", "66.67"));
  // Equals share the mean of their ranks, 2 and 3 of 6.
  EXPECT_EQ(table.rows[2][5], "41.67");
  EXPECT_EQ(table.rows[5][5], "41.67");
  EXPECT_EQ(table.rows[0][5], "16.67");
}

TEST_F(HeatMaps, ThePictureIsColoredWhereTheTileLies) {
  const auto options = pipeline();
  const auto cases = cohort(options, "patient,slide\nP1,a.png\n");
  HeatMapWriter writer(options, cases, {}, folder_ / "out");
  writer.write(result("P1", "he", attention_));
  const HeatMap& map = writer.written()[0];
  ASSERT_EQ(map.slides.size(), 1U);
  EXPECT_EQ(map.slides[0].picture, folder_ / "out/P1/he.heatmap.png");
  EXPECT_EQ(map.slides[0].width, 192);
  EXPECT_EQ(map.slides[0].height, 128);
  const at::Tensor picture = pixels_of(map.slides[0].picture);
  EXPECT_GT(picture.size(1), 128) << "the legend lies below";
  const auto at = [&](int64_t x, int64_t y) {
    std::vector<int64_t> color;
    for (int64_t c = 0; c < 3; ++c) color.push_back(picture[c][y][x].item<int64_t>());
    return color;
  };
  // The corners of the second tile, and one pixel beyond them.
  for (const auto& [x, y] : {std::pair{64, 32}, {95, 32}, {64, 63}, {95, 63}})
    EXPECT_EQ(at(x, y), blended(1, 1)) << x << " " << y;
  EXPECT_EQ(at(63, 32), blended(0, 1 / 6.0));
  EXPECT_EQ(at(64, 64), blended(4, 5 / 6.0));
  for (const auto& [x, y] : {std::pair{64, 31}, {31, 40}, {128, 40}, {64, 96}})
    EXPECT_EQ(at(x, y), (std::vector<int64_t>{250, 250, 250})) << x << " " << y;
  // The legend's bar goes from the color of 0 to that of 100.
  int64_t blue = 0, red = 0;
  for (int64_t y = 128; y < picture.size(1); ++y)
    for (int64_t x = 0; x < picture.size(2); ++x) {
      const auto color = at(x, y);
      blue += color == std::vector<int64_t>{44, 123, 182} ? 1 : 0;
      red += color == std::vector<int64_t>{215, 25, 28} ? 1 : 0;
    }
  EXPECT_GT(blue, 0);
  EXPECT_GT(red, 0);
}

TEST_F(HeatMaps, ASmallerPictureKeepsThePlaces) {
  const auto options = pipeline();
  const auto cases = cohort(options, "patient,slide\nP1,a.png\n");
  HeatMapWriter writer(options, cases, {.pixels = 96}, folder_ / "out");
  writer.write(result("P1", "he", attention_));
  const auto& map = writer.written()[0].slides[0];
  EXPECT_EQ(map.width, 96);
  EXPECT_EQ(map.height, 64);
  const at::Tensor picture = pixels_of(map.picture);
  EXPECT_EQ(picture[0][20][40].item<int64_t>(), blended(1, 1)[0]);
  EXPECT_EQ(picture[0][20][20].item<int64_t>(), blended(0, 1 / 6.0)[0]);
}

TEST_F(HeatMaps, TilesThatOverlapAreMeans) {
  const at::Tensor white = at::full({3, 4, 4}, 255, at::kByte);
  const at::Tensor picture = over_slide(white, {2, 2}, {{0, 0, 4, 4, 0}, {2, 0, 4, 4, 1}});
  const auto color = [&](int64_t x, int64_t y) { return picture[y][x][0].item<int64_t>(); };
  const auto on_white = [](double share) { return std::lround(0.5 * 255 + 0.5 * heat_color(share)[0]); };
  EXPECT_EQ(color(0, 0), on_white(0));
  EXPECT_EQ(color(1, 1), on_white(0.5));
  EXPECT_EQ(color(2, 1), on_white(1));
  EXPECT_EQ(color(3, 0), 255);
  EXPECT_EQ(color(0, 2), 255);
  // One that is smaller than a pixel has one, and what hangs over the edge is cut.
  EXPECT_EQ(over_slide(white, {2, 2}, {{7.2, 7.2, 0.1, 0.1, 1}})[3][3][0].item<int64_t>(), on_white(1));
  EXPECT_EQ(over_slide(white, {2, 2}, {{6.1, 6.1, 0.1, 0.1, 1}})[3][3][0].item<int64_t>(), on_white(1));
  EXPECT_EQ(over_slide(white, {2, 2}, {{6, 6, 40, 40, 1}})[3][3][0].item<int64_t>(), on_white(1));
}

TEST_F(HeatMaps, QuPathReadsTheRectangles) {
  const auto options = pipeline();
  const auto cases = cohort(options, "patient,slide\nP1,a.png\n");
  HeatMapWriter writer(options, cases, {}, folder_ / "out");
  writer.write(result("P1", "he", attention_));
  const auto json = read_json(writer.written()[0].slides[0].geojson);
  EXPECT_EQ(json.at("type"), "FeatureCollection");
  const auto& features = json.at("features");
  ASSERT_EQ(features.size(), 6U);
  for (const auto& feature : features) {
    EXPECT_EQ(feature.size(), 3U);
    EXPECT_EQ(feature.at("type"), "Feature");
    EXPECT_EQ(feature.at("geometry").at("type"), "Polygon");
    const auto& rings = feature.at("geometry").at("coordinates");
    ASSERT_EQ(rings.size(), 1U);
    ASSERT_EQ(rings[0].size(), 5U);
    EXPECT_EQ(rings[0][0], rings[0][4]) << "a ring is closed";
    for (const auto& corner : rings[0]) ASSERT_EQ(corner.size(), 2U);
    const auto& properties = feature.at("properties");
    EXPECT_EQ(properties.at("objectType"), "tile");
    EXPECT_TRUE(properties.at("classification").at("name").is_string());
    const auto& color = properties.at("classification").at("color");
    ASSERT_EQ(color.size(), 3U);
    for (const auto& part : color) {
      EXPECT_TRUE(part.is_number_integer());
      EXPECT_TRUE(part >= 0 && part <= 255);
    }
    const auto& measurements = properties.at("measurements");
    ASSERT_TRUE(measurements.is_object());
    for (const auto& measurement : measurements) EXPECT_TRUE(measurement.is_number());
    EXPECT_EQ(measurements.size(), 2U);
  }
  EXPECT_EQ(features[1].at("geometry").at("coordinates")[0],
            nlohmann::json::parse("[[64,32],[96,32],[96,64],[64,64],[64,32]]"));
  const auto& first = features[1].at("properties");
  EXPECT_EQ(first.at("classification").at("name"), "attention percentile 80 to 100");
  EXPECT_NEAR(first.at("measurements").at("attention").get<double>(), 0.3, 1e-6);
  EXPECT_NEAR(first.at("measurements").at("attention percentile").get<double>(), 100, 1e-9);
  EXPECT_EQ(features[0].at("properties").at("classification").at("name"), "attention percentile 0 to 20");
}

TEST_F(HeatMaps, TheTilesOfMostAttentionAreTheSlidesPixels) {
  const auto options = pipeline();
  const auto cases = cohort(options, "patient,slide\nP1,a.png\n");
  {
    HeatMapWriter writer(options, cases, {.top_tiles = 6}, folder_ / "out");
    writer.write(result("P1", "he", attention_));
    EXPECT_EQ(writer.written()[0].top.size(), 6U);
  }
  HeatMapWriter writer(options, cases, {.top_tiles = 2}, folder_ / "out");
  writer.write(result("P1", "he", attention_));
  const auto& top = writer.written()[0].top;
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0].picture, folder_ / "out/P1/he.top/1.png");
  EXPECT_NEAR(top[0].attention, 0.3, 1e-6);
  EXPECT_TRUE(at::equal(pixels_of(top[0].picture), slide_.narrow(1, 32, 32).narrow(2, 64, 32)));
  EXPECT_TRUE(at::equal(pixels_of(top[1].picture), slide_.narrow(1, 64, 32).narrow(2, 64, 32)));
  EXPECT_FALSE(fs::exists(folder_ / "out/P1/he.top/3.png")) << "of the call before";
  HeatMapWriter none(options, cases, {.top_tiles = 0}, folder_ / "none");
  none.write(result("P1", "he", attention_));
  EXPECT_FALSE(fs::exists(folder_ / "none/P1/he.top"));
}

TEST_F(HeatMaps, SeveralSlidesAndScores) {
  core::write_file_atomic(folder_ / "b.png",
                          imaging::encode_png(slide_.flip({2}).permute({1, 2, 0}).contiguous()));
  const auto options = pipeline("dsmil");
  const auto cases = cohort(options, "patient,slide\nP1,a.png;b.png\nP2,\n");
  std::vector<float> attention = attention_;
  attention.insert(attention.end(), {0.5F, 0.01F, 0.01F, 0.01F, 0.01F, 0.01F});
  CaseResult said = result("P1", "he", attention);
  const at::Tensor scores = at::arange(24, at::kFloat).view({1, 12, 2});
  said.attention["encoders.he"]["bag_scores"] = at::cat({scores, scores + 1});
  HeatMapWriter writer(options, cases, {.top_tiles = 1}, folder_ / "out");
  writer.write(said);
  CaseResult absent;
  absent.case_id = "P2";
  writer.write(absent);
  ASSERT_EQ(writer.written().size(), 1U) << "P2 has no slide";
  const HeatMap& map = writer.written()[0];
  ASSERT_EQ(map.slides.size(), 2U);
  EXPECT_EQ(map.slides[1].geojson, folder_ / "out/P1/he.2.geojson");
  EXPECT_EQ(map.slides[1].picture, folder_ / "out/P1/he.2.heatmap.png");
  const core::Table table = core::read_table(map.table);
  EXPECT_THAT(table.columns, ElementsAre("slide", "x", "y", "width", "height", "attention", "percentile",
                                         "score_1", "score_2"));
  EXPECT_THAT(table.rows[6], ElementsAre("2", "64", "32", "32", "32", "0.5", "100.00", "12.5", "13.5"));
  const auto second = read_json(map.slides[1].geojson).at("features");
  ASSERT_EQ(second.size(), 6U);
  EXPECT_EQ(second[0].at("properties").at("measurements").at("instance score_2"), 13.5);
  // The tile of most attention of both.
  EXPECT_TRUE(
      at::equal(pixels_of(map.top.at(0).picture), slide_.flip({2}).narrow(1, 32, 32).narrow(2, 64, 32)));
}

TEST_F(HeatMaps, FeaturesAreDrawnWhereTheSlideIsKnown) {
  data::FeatureBag bag;
  bag.features = at::ones({6, 4});
  std::vector<int64_t> corners;
  for (int64_t i = 0; i < 6; ++i) corners.insert(corners.end(), {32 + i % 3 * 32, 32 + i / 3 * 32});
  bag.coordinates = at::tensor(corners, at::kLong).view({6, 2});
  bag.tiles = {{"patch_size", 16}, {"patch_size_level0", 32}};
  data::write_features(folder_ / "a.h5", data::FeatureFormat::h5, bag);
  bag.coordinates = at::Tensor();
  data::write_features(folder_ / "bare.h5", data::FeatureFormat::h5, bag);
  core::write_file_atomic(folder_ / "broken.png", "no picture");
  const auto options = features();
  const auto cases =
      cohort(options, "patient,uni,slide\nP1,a.h5,a.png\nP2,a.h5,\nP3,bare.h5,a.png\nP4,a.h5,broken.png\n");
  HeatMapWriter writer(options, cases, {}, folder_ / "out");
  for (const char* name : {"P1", "P2", "P3", "P4"}) writer.write(result(name, "f", attention_));
  writer.summarise();
  const auto& maps = writer.written();
  ASSERT_EQ(maps.size(), 4U);
  EXPECT_THAT(maps[0].missing, IsEmpty());
  const at::Tensor picture = pixels_of(maps[0].slides[0].picture);
  EXPECT_EQ(picture[0][40][70].item<int64_t>(), blended(1, 1)[0]);
  EXPECT_EQ(pixels_of(maps[0].top[0].picture).sizes(), at::IntArrayRef({3, 16, 16}));
  // Without a slide the rectangles are there all the same.
  EXPECT_THAT(maps[1].missing,
              ElementsAre(AllOf(HasSubstr("there is no picture of the slide"), HasSubstr("blank"))));
  EXPECT_EQ(maps[1].slides[0].picture, "");
  EXPECT_EQ(read_json(maps[1].slides[0].geojson).at("features").size(), 6U);
  EXPECT_THAT(maps[1].top, IsEmpty());
  EXPECT_THAT(core::read_table(maps[1].table).columns, ::testing::Contains("x"));
  // Without places there is a table.
  EXPECT_THAT(maps[2].missing,
              ElementsAre(HasSubstr("no coordinates"), HasSubstr("a table of attention and no picture")));
  EXPECT_THAT(maps[2].slides, IsEmpty());
  EXPECT_THAT(core::read_table(maps[2].table).columns,
              ElementsAre("index", "view", "attention", "percentile"));
  EXPECT_THAT(core::read_table(maps[2].table).rows[1], ElementsAre("1", "uni", "0.3", "100.00"));
  EXPECT_THAT(maps[3].missing, ElementsAre(HasSubstr("broken.png")));
  EXPECT_EQ(maps[3].slides[0].picture, "");
  // What is missing goes to the cohort's warnings.
  std::vector<std::string> told;
  for (const auto& warning : cases.warnings()) told.push_back(warning.case_id);
  EXPECT_THAT(told, ::testing::IsSupersetOf({"P2", "P3", "P4"}));
}

TEST_F(HeatMaps, ViewsHaveATableAlone) {
  const auto options = pipeline("abmil", "bag: always");
  core::write_file_atomic(folder_ / "b.png", core::read_file(folder_ / "a.png"));
  const auto cases = cohort(options, "patient,slide\nP1,a.png;b.png\n");
  HeatMapWriter writer(options, cases, {}, folder_ / "out");
  writer.write(result("P1", "he", {0.75F, 0.25F}));
  const HeatMap& map = writer.written()[0];
  EXPECT_THAT(map.missing, ElementsAre(HasSubstr("lie on no slide")));
  EXPECT_THAT(core::read_table(map.table).rows[0], ElementsAre("0", "slide", "0.75", "100.00"));
  EXPECT_FALSE(fs::exists(folder_ / "out/P1/he.geojson"));
}

TEST_F(HeatMaps, OnlyPoolsWithAttentionHaveOne) {
  for (const char* pool : {"mean", "max", "mi_net"}) {
    const std::string said =
        test::message_of(core::Fault::usage, [&] { inputs_with_attention(pipeline(pool)); });
    EXPECT_THAT(said,
                AllOf(HasSubstr("input he has `" + std::string(pool) + "`"), HasSubstr("abmil, gated_abmil"),
                      HasSubstr("clam_sb, clam_mb, dsmil, transmil, dtfd, transformer")));
  }
  EXPECT_THAT(inputs_with_attention(pipeline("{name: clam_sb, k_sample: 2}")), ElementsAre("he"));
  EXPECT_THAT(inputs_with_attention(features()), ElementsAre("f"));
  // One of two is enough.
  PipelineOptions two = pipeline("mean");
  const PipelineOptions more = features();
  two.inputs.push_back(more.inputs[0]);
  two.model.encoders.push_back(more.model.encoders[0]);
  EXPECT_THAT(inputs_with_attention(two), ElementsAre("f"));
  PipelineOptions table;
  config::read(config::parse_yaml("inputs: {c: {modality: clinical, columns: [age]}}\nmodel:\n"
                                  "  encoders: {c: identity}\n  heads: {idh: {task: binary}}\n",
                                  "maps.yaml"),
               table);
  PHOTO51_EXPECT_ERROR(inputs_with_attention(table), usage, HasSubstr("no input of this model is one"));
}

TEST_F(HeatMaps, WhatCannotBeWrittenIsAnError) {
  const auto options = pipeline();
  const auto cases = cohort(options, "patient,slide\nP1,a.png\n");
  PHOTO51_EXPECT_ERROR(HeatMapWriter(options, cases, {.top_tiles = -1}, folder_ / "out"), usage,
                       HasSubstr("top tiles: -1"));
  PHOTO51_EXPECT_ERROR(HeatMapWriter(options, cases, {.pixels = 10}, folder_ / "out"), usage,
                       HasSubstr("heat map pixels: 10"));
  HeatMapWriter writer(options, cases, {}, folder_ / "out");
  PHOTO51_EXPECT_ERROR(
      writer.write(result("P1", "he", {0.5F, 0.5F})), data,
      AllOf(HasSubstr("case P1: input he"), HasSubstr("predicted with 2 instances, and has 6")));
  CaseResult none;
  none.case_id = "P1";
  PHOTO51_EXPECT_ERROR(writer.write(none), usage, HasSubstr("its encoder says no attention"));
}

}  // namespace
}  // namespace photo51::inference
