// Slides and a label column to heat maps, as docs/slides.md has it: the lesion is where the model looks.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/table.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

Outcome succeeds(const std::vector<std::string>& arguments) {
  Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome;
}

std::string slides_config() {
  return (source_dir() / "configs" / "slides.yaml").string();
}

class HeatMapCommands : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void expect_attention_on_lesions() const;
  void expect_files_and_report() const;
  void expect_the_same_of_predict() const;
  void expect_features_to_have_them() const;

  TemporaryFolder folder_;
};

/// One training serves all that is looked at.
TEST_F(HeatMapCommands, FromSlidesAndLabelsToAReport) {
  succeeds({"phantom", "--slides", "--out", at("slides"), "--quiet"});
  succeeds({"train", slides_config(), "cohort.manifest=" + at("slides/cohort.csv"), "--out", at("run"),
            "--quiet"});
  succeeds({"phantom", "--slides", "--patients", "8", "--seed", "2", "--out", at("new"), "--quiet"});
  succeeds({"evaluate", at("run"), "--cases", at("new/cohort.csv"), "--out", at("scored"), "--heat-maps",
            "--top-tiles", "4", "--quiet"});
  EXPECT_EQ(slurp(at("scored/report.html")).find("used to develop"), std::string::npos);
  expect_attention_on_lesions();
  expect_files_and_report();
  expect_the_same_of_predict();
  expect_features_to_have_them();
}

struct Circle {
  double x, y, radius;
};

std::map<std::string, Circle> lesions_of(const fs::path& table_file) {
  std::map<std::string, Circle> lesions;
  for (const auto& row : core::read_table(table_file).rows)
    lesions[row[0]] = {std::stod(row[1]), std::stod(row[2]), std::stod(row[3])};
  return lesions;
}

void HeatMapCommands::expect_attention_on_lesions() const {
  const core::Table metrics = core::read_table(at("scored/metrics.csv"));
  double auroc = 0;
  for (const auto& row : metrics.rows)
    if (row[metrics.require("metric")] == "auroc" && row[metrics.require("group")] == "all")
      auroc = std::stod(row[metrics.require("value")]);
  EXPECT_GE(auroc, 0.9);
  const auto lesions = lesions_of(at("new/lesions.csv"));
  ASSERT_EQ(lesions.size(), 4U);
  for (const auto& [patient, lesion] : lesions) {
    const core::Table tiles = core::read_table(at("scored/" + patient + "/he.attention.csv"));
    const auto number = [&](const std::vector<std::string>& row, const char* column) {
      return std::stod(row[tiles.require(column)]);
    };
    double inside = 0, outside = 0;
    int64_t tiles_inside = 0, tiles_outside = 0;
    for (const auto& row : tiles.rows) {
      const double x = number(row, "x") + number(row, "width") / 2 - lesion.x;
      const double y = number(row, "y") + number(row, "height") / 2 - lesion.y;
      // Tiles that are half in are on neither side.
      const double away = std::hypot(x, y);
      if (away < lesion.radius - 32) {
        inside += number(row, "attention");
        ++tiles_inside;
      } else if (away > lesion.radius + 46) {
        outside += number(row, "attention");
        ++tiles_outside;
      }
    }
    ASSERT_GT(tiles_inside, 5) << patient;
    ASSERT_GT(tiles_outside, 100) << patient;
    inside /= static_cast<double>(tiles_inside);
    outside /= static_cast<double>(tiles_outside);
    EXPECT_GT(inside, 3 * outside) << patient;
    // The tile of most attention lies on it, with some of it at least.
    const auto most =
        std::ranges::max_element(tiles.rows, {}, [&](const auto& row) { return number(row, "attention"); });
    EXPECT_LT(std::hypot(number(*most, "x") + 32 - lesion.x, number(*most, "y") + 32 - lesion.y),
              lesion.radius + 32)
        << patient;
  }
}

void HeatMapCommands::expect_files_and_report() const {
  for (const auto& row : core::read_table(at("new/cohort.csv")).rows) {
    const std::string folder = "scored/" + row[0] + "/";
    for (const char* file :
         {"he.attention.csv", "he.heatmap.png", "he.geojson", "he.top/1.png", "he.top/4.png"})
      EXPECT_TRUE(fs::exists(at(folder + file))) << folder << file;
    EXPECT_FALSE(fs::exists(at(folder + "he.top/5.png")));
    const auto tiles = core::read_table(at(folder + "he.attention.csv")).rows.size();
    EXPECT_EQ(nlohmann::json::parse(slurp(at(folder + "he.geojson"))).at("features").size(), tiles);
  }
  const std::string page = slurp(at("scored/report.html"));
  size_t maps = 0;
  for (size_t from = page.find(": attention\""); from != std::string::npos;
       from = page.find(": attention\"", from + 1))
    ++maps;
  EXPECT_EQ(maps, 6U) << "of the example patients";
  EXPECT_THAT(page, AllOf(HasSubstr("a tile of much attention"), HasSubstr("<strong class=\"id\">")));
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  EXPECT_EQ(page.find(".png\""), std::string::npos) << "pictures are in the page";
}

void HeatMapCommands::expect_the_same_of_predict() const {
  succeeds({"predict", at("run"), "--cases", at("new/cohort.csv"), "--out", at("maps"), "--heat-maps",
            "--heat-map-pixels", "400", "--quiet"});
  EXPECT_EQ(slurp(at("maps/S2_0001/he.attention.csv")), slurp(at("scored/S2_0001/he.attention.csv")));
  EXPECT_LT(fs::file_size(at("maps/S2_0001/he.heatmap.png")),
            fs::file_size(at("scored/S2_0001/he.heatmap.png")));
  EXPECT_TRUE(fs::exists(at("maps/S2_0001/he.top/8.png")));
  // One case from a file.
  succeeds({"predict", at("run"), "--input", "he.slide=" + at("new/S2_0001.tif"), "--input",
            "patient=S2_0001", "--out", at("one"), "--heat-maps", "--quiet"});
  EXPECT_EQ(slurp(at("one/S2_0001/he.attention.csv")), slurp(at("scored/S2_0001/he.attention.csv")));
}

/// Features of a frozen encoder, whose slide the manifest names.
void HeatMapCommands::expect_features_to_have_them() const {
  succeeds({"embed", at("run"), "--cases", at("new/cohort.csv"), "--out", at("features"), "--quiet"});
  core::Table table = core::read_table(at("features/manifest.csv"));
  std::string manifest = core::csv_row(table.columns);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    auto row = table.rows[i];
    // The manifest lies in another folder; the last one's slide is gone.
    row[table.require("slide")] =
        at(i + 1 < table.rows.size() ? "new/" + row[table.require("slide")] : "gone.tif");
    manifest += core::csv_row(row);
  }
  std::ofstream(at("features/whole.csv")) << manifest;
  std::ofstream(at("bags.yaml")) << "inputs:\n  he: {modality: features, channels: [he_features]}\nmodel:\n"
                                    "  encoders: {he: {name: bag, bag_pool: {name: dsmil, hidden: 8}}}\n"
                                    "  heads: {lesion: {task: binary}}\n"
                                    "cohort: {split: {validation_fraction: 0}}\ntrain: {epochs: 1}\n";
  succeeds({"train", at("bags.yaml"), "cohort.manifest=" + at("features/whole.csv"), "--out", at("bags"),
            "--quiet"});
  const Outcome said = succeeds({"predict", at("bags"), "--cases", at("features/whole.csv"), "--out",
                                 at("bag_maps"), "--heat-maps", "--quiet"});
  EXPECT_THAT(said.err, AllOf(HasSubstr("case S2_0008: input he: there is no picture of the slide"),
                              HasSubstr("gone.tif")));
  EXPECT_THAT(slurp(at("bag_maps/warnings.csv")), HasSubstr("gone.tif"));
  EXPECT_TRUE(fs::exists(at("bag_maps/S2_0001/he.heatmap.png")));
  EXPECT_FALSE(fs::exists(at("bag_maps/S2_0008/he.heatmap.png")));
  EXPECT_TRUE(fs::exists(at("bag_maps/S2_0008/he.geojson")));
  const core::Table tiles = core::read_table(at("bag_maps/S2_0001/he.attention.csv"));
  EXPECT_EQ(tiles.columns.back(), "score");
  const core::Table of_slide = core::read_table(at("scored/S2_0001/he.attention.csv"));
  ASSERT_EQ(tiles.rows.size(), of_slide.rows.size());
  for (size_t i = 0; i < tiles.rows.size(); ++i)
    for (const size_t column : {0U, 1U, 2U, 3U})
      EXPECT_EQ(tiles.rows[i][column], of_slide.rows[i][column]) << i;
}

TEST_F(HeatMapCommands, CommandLinesThatAreWrong) {
  succeeds({"phantom", "--slides", "--patients", "4", "--out", at("slides"), "--quiet"});
  // A pool that says no attention.
  succeeds({"train", slides_config(), "cohort.manifest=" + at("slides/cohort.csv"), "train.epochs=1",
            "cohort.split.validation_fraction=0", "model.encoders.he.bag_pool=mean", "--out", at("run"),
            "--quiet"});
  const auto fails = [&](const std::vector<std::string>& arguments, const std::string& why) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(why));
  };
  fails({"predict", at("run"), "--input", "he.slide=" + at("slides/S1_0001.tif"), "--heat-maps"},
        "--heat-maps needs --out");
  fails({"predict", at("run"), "--cases", at("slides/cohort.csv"), "--out", at("no"), "--top-tiles", "3"},
        "--heat-maps");
  fails({"predict", at("run"), "--cases", at("slides/cohort.csv"), "--out", at("no"), "--heat-maps",
         "--heat-map-pixels", "3"},
        "--heat-map-pixels");
  fails({"evaluate", at("run"), "--heat-maps"}, "--heat-maps goes with --cases");
  fails({"phantom", "--slides", "--modalities", "mri", "--out", at("no")}, "--modalities");
  fails({"predict", at("run"), "--cases", at("slides/cohort.csv"), "--out", at("no"), "--heat-maps"},
        "input he has `mean`; those with attention are abmil, gated_abmil, clam_sb");
  EXPECT_FALSE(fs::exists(at("no")));
}

}  // namespace
}  // namespace photo51::test
