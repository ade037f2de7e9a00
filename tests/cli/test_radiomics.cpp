// Radiomic features of regions from the command line.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/program.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct FeatureRow {
  std::string image, mask;
};

/// The first case of the cohort that has both.
FeatureRow first_case() {
  const core::Table table = core::read_table(cohort() / "cohort.csv");
  for (const auto& row : table.rows) {
    const std::string image = row[table.require("flair")], mask = row[table.require("seg")];
    if (!image.empty() && !mask.empty()) return {(cohort() / image).string(), (cohort() / mask).string()};
  }
  ADD_FAILURE() << "the phantom has no case with flair and seg";
  return {};
}

TEST(Radiomics, PrintsSettingsAndFeatures) {
  const auto [image, mask] = first_case();
  const Outcome outcome = run_program({"radiomics", image, mask, "discretise.method=fixed_count",
                                       "families=[statistics, glcm]", "--format", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const json said = json::parse(outcome.out);
  EXPECT_EQ(said.size(), 2U);
  EXPECT_EQ(said.at("settings").at("discretise").at("method"), "fixed_count");
  EXPECT_EQ(said.at("settings").at("discretise").at("count"), 32);
  std::set<std::string> tags;
  for (const auto& feature : said.at("features")) {
    EXPECT_EQ(feature.size(), 5U);
    EXPECT_TRUE(feature.at("value").is_number()) << feature;
    EXPECT_TRUE(feature.at("family") == "statistics" || feature.at("family") == "glcm") << feature;
    tags.insert(feature.at("tag"));
  }
  EXPECT_EQ(tags.size(), said.at("features").size());
  EXPECT_TRUE(tags.contains("stat_mean"));
  EXPECT_TRUE(tags.contains("cm_joint_max_3D_comb"));
}

TEST(Radiomics, WritesMapsOfFilters) {
  const auto [image, mask] = first_case();
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program({"radiomics", image, mask, "families=statistics", "filters=[{name: log, sigma: 2}]",
                   "--maps", (folder / "maps").string(), "--out", (folder / "features.csv").string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const core::Table table = core::read_table(folder / "features.csv");
  ASSERT_EQ(table.rows.size(), 36U);
  EXPECT_EQ(table.rows[18][table.require("tag")], "log_sigma_2_stat_mean");
  const auto map = imaging::read_volume(folder / "maps" / "log_sigma_2.nii.gz");
  EXPECT_TRUE(map.geometry.matches(imaging::read_volume(image).geometry));
}

TEST(Radiomics, ReadsImageTypesAsAParameterFileOfPyradiomicsSpellsThem) {
  const auto [image, mask] = first_case();
  const TemporaryFolder folder;
  std::ofstream(folder / "settings.yaml") << "profile: pyradiomics\n"
                                             "pyradiomics:\n"
                                             "  featureClass: firstorder\n"
                                             "  imageType:\n"
                                             "    Original: {}\n"
                                             "    LoG: {sigma: [1, 3], binWidth: 5}\n";
  const Outcome file =
      run_program({"radiomics", image, mask, "--config", (folder / "settings.yaml").string()});
  const Outcome words = run_program(
      {"radiomics", image, mask, "--profile", "pyradiomics", "pyradiomics.featureClass=firstorder",
       "pyradiomics.imageType={Original: {}, LoG: {sigma: [1, 3]}}", "pyradiomics.imageType.LoG.binWidth=5"});
  ASSERT_EQ(file.exit_code, 0) << file.err;
  EXPECT_THAT(file.out,
              AllOf(HasSubstr("original_firstorder_Mean"), HasSubstr("log-sigma-3-0-mm-3D_firstorder_Mean")));
  EXPECT_EQ(words.out, file.out) << words.err;
}

TEST(Radiomics, TakesAParameterFileOfPyradiomics) {
  const auto [image, mask] = first_case();
  const TemporaryFolder folder;
  std::ofstream(folder / "params.yaml") << "setting: {binWidth: 10, label: 1, additionalInfo: true}\n"
                                           "imageType: {Original: {}, Square: }\n"
                                           "featureClass: {firstorder: , glcm: [Contrast, SumVariance]}\n";
  const Outcome file = run_program({"radiomics", image, mask, "--config", (folder / "params.yaml").string()});
  const Outcome words =
      run_program({"radiomics", image, mask, "--profile", "pyradiomics", "pyradiomics.binWidth=10",
                   "pyradiomics.featureClass=[firstorder, glcm_Contrast]",
                   "pyradiomics.imageType={Original: {}, Square: {}}"});
  ASSERT_EQ(file.exit_code, 0) << file.err;
  EXPECT_EQ(file.out, words.out) << words.err;
  EXPECT_THAT(file.err, HasSubstr("glcm_SumVariance"));
  EXPECT_THAT(file.out, AllOf(HasSubstr("original_glcm_Contrast"), HasSubstr("square_firstorder_Mean")));
}

TEST(Radiomics, NeverWritesOverWhatItReadsOrHasWritten) {
  const auto [image, mask] = first_case();
  const TemporaryFolder folder;
  const std::string text = "image,mask\n" + image + "," + mask + "\n";
  std::ofstream(folder / "cases.csv") << text;
  std::ofstream(folder / "cases.json") << text;
  const auto refused = [&](const std::string& cases, const std::string& out) {
    const Outcome outcome = run_program({"radiomics", "--cases", (folder / cases).string(), "--out",
                                         (folder / out).string(), "families=statistics"});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr((folder / out).filename().string().substr(0, 3)));
    EXPECT_EQ(slurp(folder / cases), text);
  };
  refused("cases.csv", "all.json");
  refused("cases.csv", "./cases.csv");
  refused("cases.json", "cases.csv2");  // beside it goes cases.json
  std::filesystem::create_symlink(folder / "cases.csv", folder / "link.csv");
  refused("cases.csv", "link.csv");
  EXPECT_FALSE(std::filesystem::exists(folder / "all.json"));
  std::filesystem::copy_file(image, folder / "scan.nii.gz");
  const Outcome one = run_program({"radiomics", (folder / "scan.nii.gz").string(), mask,
                                   "families=statistics", "--out", (folder / "scan.nii.gz").string()});
  EXPECT_EQ(one.exit_code, 2) << one.err;
  EXPECT_EQ(slurp(folder / "scan.nii.gz"), slurp(image));
}

TEST(Radiomics, WritesMapsOfFeatures) {
  const auto [image, mask] = first_case();
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program({"radiomics", image, mask, "families=statistics", "discretise.method=fixed_count",
                   "voxelwise.families=[ngtdm]", "--voxelwise", (folder / "maps").string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto map = imaging::read_volume(folder / "maps" / "original_ngtdm_Strength.nii.gz");
  EXPECT_GT(map.data.isnan().logical_not().sum().item<int64_t>(), 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "maps"), {}), 5);
}

TEST(Radiomics, MeasuresEachStructureThatIsNamed) {
  const auto [image, mask] = first_case();
  const Outcome whole = run_program({"radiomics", image, mask, "families=statistics", "--format", "json"});
  const Outcome each = run_program(
      {"radiomics", image, mask, "families=statistics", "--format", "json", "--roi", "*", "--roi", "1"});
  ASSERT_EQ(each.exit_code, 0) << each.err;
  const json all = json::parse(each.out);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("roi"), "*");
  EXPECT_EQ(all[1].at("roi"), "1");
  EXPECT_EQ(all[0].at("features"), json::parse(whole.out).at("features"));
}

TEST(Radiomics, ManyCasesBecomeATableThatSaysWhereItIsFrom) {
  const TemporaryFolder folder;
  const auto [image, mask] = first_case();
  std::ofstream(folder / "cases.csv")
      << "patient,scan,lesion\nA," << image << "," << mask << "\nB,absent.nii.gz," << mask << "\nC," << image
      << ",\nD," << image << "," << mask << "\n";
  const Outcome outcome = run_program(
      {"radiomics", "--cases", (folder / "cases.csv").string(), "--image-column", "scan", "--mask-column",
       "lesion", "--out", (folder / "all.csv").string(), "families=statistics", "--threads", "2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("absent.nii.gz"), HasSubstr("cases.csv:4"), HasSubstr("2 of 4")));
  const core::Table table = core::read_table(folder / "all.csv");
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0][table.require("patient")], "A");
  EXPECT_EQ(table.rows[1][table.require("patient")], "D");
  EXPECT_EQ(table.rows[0][table.require("stat_mean")], table.rows[1][table.require("stat_mean")]);
  const json from = json::parse(slurp(folder / "all.json"));
  EXPECT_EQ(from.at("settings").at("families"), json({"statistics"}));
  ASSERT_EQ(from.at("cases").size(), 2U);
  EXPECT_EQ(from.at("cases")[1].at("line"), 5);
  EXPECT_EQ(from.at("cases")[0].at("image_xxh3").get<std::string>().size(), 32U);
  EXPECT_EQ(from.at("left_out").size(), 2U);
}

TEST(Radiomics, RefusesBadSettingsAndCommands) {
  const auto [image, mask] = first_case();
  const auto refuse = [](const std::vector<std::string>& arguments, const std::string& word) {
    std::vector<std::string> all{"radiomics"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(word));
  };
  refuse({image}, "give IMAGE and MASK, or --cases MANIFEST");
  refuse({image, mask, "discretize.width=10"}, "discretise");
  refuse({image, mask, "--profile", "pyradiomix"}, "pyradiomics");
  refuse({image, mask, "--profile", "pyradiomics", "pyradiomics.featureClass=glmc"}, "glcm");
  refuse({image, mask, "--maps", "maps"}, "filters");
  refuse({image, mask, "voxelwise.radius=0"}, "radius");
  refuse({image, mask, "--format", "xml"}, "format");
  refuse({"--cases", "cases.csv"}, "--cases needs --out, the CSV file to write");
  refuse({image, mask, "--device", "gpu"}, "cpu, cuda or cuda:N");
}

TEST(Radiomics, RefusesAGpuThatIsNotThere) {
  if (core::gpu_present()) GTEST_SKIP() << "this machine has a GPU";
  const Outcome outcome = run_program({"radiomics", "absent.nii", "absent.nii", "--device", "cuda"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("no NVIDIA driver"));
}

TEST(Radiomics, RefusesBadData) {
  const auto [image, mask] = first_case();
  const auto refuse = [](const std::vector<std::string>& arguments, const std::string& word) {
    std::vector<std::string> all{"radiomics"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(word));
  };
  refuse({"absent.nii.gz", mask}, "absent.nii.gz");
  refuse({image, mask + "#7"}, "7");
  refuse({image, mask, "range=[1e6, 2e6]"}, "range");
  const TemporaryFolder folder;
  std::ofstream(folder / "cases.csv") << "image,mask\nabsent.nii.gz,absent.nii.gz\n";
  refuse({"--cases", (folder / "cases.csv").string(), "--out", (folder / "all.csv").string()}, "no case");
  refuse({"--cases", (folder / "cases.csv").string(), "--out", (folder / "all.csv").string(), "--mask-column",
          "seg"},
         "seg");
}

}  // namespace
}  // namespace photo51::test
