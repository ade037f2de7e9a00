// What `describe` and `schema` say of everything that a config may name.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/program.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Describe, ListsSectionsAndComponents) {
  const Outcome outcome = run_program({"describe"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* name :
       {"cohort.split", "inputs.<name>.preprocess", "resnet", "vit", "snn", "gated", "adamw"})
    EXPECT_THAT(outcome.out, HasSubstr(name));
}

TEST(Describe, ExplainsOneName) {
  EXPECT_THAT(run_program({"describe", "resnet"}).out, AllOf(HasSubstr("depth"), HasSubstr("width")));
  EXPECT_THAT(run_program({"describe", "train"}).out, AllOf(HasSubstr("epochs"), HasSubstr("clip_norm")));
  EXPECT_THAT(run_program({"describe", "survival"}).out,
              AllOf(HasSubstr("survival (model.heads.<name> by task): "), HasSubstr("bins"),
                    HasSubstr("time_unit"), Not(HasSubstr("class_weights"))));
  EXPECT_THAT(run_program({"describe", "expression"}).out,
              AllOf(HasSubstr("genes"), Not(HasSubstr("label"))));
  const Outcome unknown = run_program({"describe", "resnett"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("`resnet`"));
}

TEST(Describe, ComparesBackbones) {
  const Outcome text = run_program({"describe", "backbones"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  std::istringstream lines(text.out);
  std::string header, line;
  ASSERT_TRUE(std::getline(lines, header));
  const size_t source = header.find("source");
  ASSERT_NE(source, std::string::npos);
  std::map<std::string, std::string> rows;
  while (std::getline(lines, line) && !line.empty()) {
    ASSERT_GT(line.size(), source);
    EXPECT_EQ(line.substr(source - 2, 2), "  ") << line;  // aligned
    EXPECT_NE(line[source], ' ') << line;
    rows[line.substr(0, line.find(' '))] = line;
  }
  EXPECT_THAT(rows["resnet"], AllOf(HasSubstr(" 11.2 M  33.2 M  torchvision, timm, MONAI "),
                                    HasSubstr("  He et al. 2016, arXiv 1512.03385")));
  EXPECT_THAT(rows["conv_net"], HasSubstr(" 24.6 k  73.0 k  photo51 "));

  EXPECT_THAT(text.out, HasSubstr("  resnet of MONAI: stem_stride=1 downsample_bias=true\n"));

  const Outcome json = run_program({"--json", "describe", "backbones"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  std::map<std::string, nlohmann::json> all;
  const nlohmann::json parsed = nlohmann::json::parse(json.out);
  for (const auto& row : parsed.at("backbones")) all[row.at("name").get<std::string>()] = row;
  EXPECT_EQ(all.size(), rows.size());
  const nlohmann::json& vit = all["vit"];
  EXPECT_EQ(vit.at("parameters_2d"), 5'524'416);  // timm's vit_tiny_patch16_224 without its head
  EXPECT_EQ(vit.at("parity"), (nlohmann::json{"torchvision", "timm", "MONAI"}));
  EXPECT_THAT(vit.at("dialects").dump(), HasSubstr("torchvision 0.12"));
  EXPECT_THAT(vit.at("defaults").at("MONAI").dump(), HasSubstr("qkv_bias=none"));
}

TEST(Describe, ComparesPoolsOfBags) {
  const Outcome text = run_program({"describe", "bag_pools"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("passes"), HasSubstr("transmil"), HasSubstr("Shao et al. 2021")));
  const Outcome json = run_program({"--json", "describe", "bag_pools"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  std::map<std::string, nlohmann::json> all;
  const nlohmann::json parsed = nlohmann::json::parse(json.out);
  for (const auto& row : parsed.at("bag_pools")) all[row.at("name").get<std::string>()] = row;
  EXPECT_THAT(all["mi_net"].at("passes").dump(), HasSubstr("single_concept"));
  EXPECT_EQ(all["mean"].at("passes").dump().find("false_frequency"), std::string::npos);
  EXPECT_EQ(all["dsmil"].at("source"), "Li et al. 2021, arXiv 2011.08939");
  EXPECT_EQ(all["max"].at("source"), "");
  EXPECT_THAT(run_program({"describe", "clam_mb"}).out,
              AllOf(HasSubstr("k_sample"), HasSubstr("instance_loss_weight")));
}

TEST(Describe, ComparesDecoders) {
  const Outcome text = run_program({"describe", "decoders"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("takes the stages of"), HasSubstr("any encoder"),
                              HasSubstr("Ronneberger et al. 2015, arXiv 1505.04597")));
  const Outcome json = run_program({"--json", "describe", "decoders"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  std::map<std::string, nlohmann::json> all;
  const nlohmann::json parsed = nlohmann::json::parse(json.out);
  for (const auto& row : parsed.at("decoders")) all[row.at("name").get<std::string>()] = row;
  EXPECT_EQ(all["dynunet"].at("parity"), nlohmann::json{"MONAI"});
  EXPECT_EQ(all["segresnet"].at("takes"), "segresnet");
  EXPECT_EQ(all["auto"].at("source"), "");
  EXPECT_THAT(run_program({"describe", "dynunet"}).out,
              AllOf(HasSubstr("deep_supervision"), HasSubstr("res_block")));
}

/// docs/decoders.md has a line for each.
TEST(Describe, ThePageOfDecodersHasAllOfThem) {
  std::ifstream page(source_dir() / "docs" / "decoders.md");
  std::set<std::string> on_page, in_table;
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("| `")) on_page.insert(line.substr(3, line.find('`', 3) - 3));
  const nlohmann::json parsed = nlohmann::json::parse(run_program({"--json", "describe", "decoders"}).out);
  for (const auto& row : parsed.at("decoders")) in_table.insert(row.at("name").get<std::string>());
  EXPECT_EQ(on_page, in_table);
}

TEST(Schema, IsJsonThatKnowsTheComponents) {
  const Outcome outcome = run_program({"schema"});
  ASSERT_EQ(outcome.exit_code, 0);
  const auto schema = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(schema["properties"]["train"]["properties"].contains("epochs"));
  EXPECT_THAT(schema["properties"]["model"]["properties"]["encoders"].dump(), HasSubstr("resnet"));
  EXPECT_FALSE(schema["additionalProperties"].get<bool>());
}

TEST(Doctor, FindsNothingWrongWithASoundExperiment) {
  const Outcome outcome = run_program({"doctor", tiny_config().string(), manifest_override()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("24 patients"), HasSubstr("no patient or image in two parts"),
                                 HasSubstr("no problem found")));
  const Outcome gone = run_program({"doctor", tiny_config().string(), "cohort.manifest=gone.csv"});
  EXPECT_NE(gone.exit_code, 0);
  EXPECT_THAT(gone.err, HasSubstr("gone.csv"));
}

}  // namespace
}  // namespace photo51::test
