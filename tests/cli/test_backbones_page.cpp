// docs/backbones.md: its configs train, its commands run, its table says what the program says.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/cnn/resnet.hpp"
#include "photo51/backbones/overview.hpp"
#include "photo51/backbones/transformer/swin_unetr.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "support/torch_archive.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

/// What stands on the page between ```LANGUAGE and ```.
std::vector<Lines> blocks(const std::string& language) {
  std::ifstream page(source_dir() / "docs" / "backbones.md");
  std::vector<Lines> found;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```" + language) {
      found.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back().push_back(line);
    }
  }
  return found;
}

/// As torch.save writes a state dict, inside a dict under `key` where there is one.
std::string saved_by_torch(const nn::Tensors& tensors, const std::string& key = "") {
  std::vector<std::pair<std::string, std::string>> entries;
  std::map<std::string, std::string> storages;
  for (const auto& [name, given] : tensors) {
    const at::Tensor values = given.detach().contiguous();
    const std::string number = std::to_string(storages.size());
    const char* type = values.scalar_type() == at::kLong ? "LongStorage" : "FloatStorage";
    entries.emplace_back(name, pickle::tensor(pickle::storage(type, number, values.numel()), 0,
                                              values.sizes().vec(), values.strides().vec()));
    storages[number] = std::string(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
  }
  const std::string dict = pickle::dict(entries);
  return torch_archive(pickle::program(key.empty() ? dict : pickle::dict({{key, dict}})), storages);
}

nn::Tensors by_names_of(const std::string& library, const backbones::Backbone& network) {
  for (const auto& dialect : network.dialects())
    if (dialect.library == library) return nn::translate_back(nn::state_of(network), dialect);
  ADD_FAILURE() << library;
  return {};
}

/// A folder as the page supposes it, with small networks in place of the published ones.
class BackbonesPage : public testing::Test {
 protected:
  BackbonesPage() {
    at::manual_seed(3);
    fs::copy_file(source_dir() / "configs" / "radiology.yaml", folder_ / "radiology.yaml");
    std::string manifest = slurp(cohort() / "cohort.csv");
    const size_t label = manifest.find(",genotype,");
    EXPECT_LT(label, manifest.find('\n'));
    core::write_file_atomic(folder_ / "cohort.csv", manifest.replace(label, 10, ",idh,"));

    const backbones::InputShape picture{.channels = 3, .dims = 2, .size = {224, 224}};
    backbones::ResNetOptions resnet;
    resnet.depth = 50;
    resnet.width = 8;
    core::write_file_atomic(
        folder_ / "resnet50.pth",
        saved_by_torch(by_names_of("torchvision", *backbones::make_resnet(resnet, picture, 5))));
    nn::write_safetensors(folder_ / "x.safetensors", {{"x", at::randn({1, 3, 64, 64})}});
    const backbones::VitOptions vit{
        .variant = backbones::VitVariant::b16, .embed_dim = 24, .depth = 2, .num_heads = 3, .mlp_dim = 48};
    nn::write_safetensors(folder_ / "vit_base_patch16_224.safetensors",
                          by_names_of("timm", *backbones::make_vit(vit, picture, 5)));
    backbones::SwinUnetrOptions swin;
    swin.feature_size = 12;
    swin.depths = {1, 1, 1, 1};
    const auto swin_unetr =
        backbones::make_swin_unetr(swin, {.channels = 1, .dims = 3, .size = {32, 32, 32}});
    core::write_file_atomic(folder_ / "model_swinvit.pt",
                            saved_by_torch(by_names_of("MONAI module. fc1", *swin_unetr), "state_dict"));
  }

  /// Where a command runs: names of files are those of the folder.
  std::string in_folder(const std::string& word) const {
    const fs::path path(word);
    return path.has_extension() && word.find('=') == std::string::npos ? (folder_ / path).string() : word;
  }

  TemporaryFolder folder_;
};

/// What makes the page's configs small enough for a test, beside images of 32 voxels a side.
const std::map<std::string, Lines> kSmall{
    {"mine.yaml", {"model.encoders.mri.init_filters=8"}},
    {"pretrained.yaml", {"model.encoders.mri.width=8"}},
    {"vit.yaml",
     {"model.encoders.mri.embed_dim=24", "model.encoders.mri.depth=2", "model.encoders.mri.num_heads=3",
      "model.encoders.mri.mlp_dim=48"}},
    {"swin.yaml", {"model.encoders.mri.feature_size=12", "model.encoders.mri.depths=[1,1,1,1]"}},
    {"stages.yaml",
     {"model.encoders.mri.width=8", "train.stages.heads.epochs=1", "train.stages.all.epochs=1"}},
    {"rates.yaml", {"model.encoders.mri.width=8"}},
    {"fast.yaml", {"model.encoders.mri.width=8"}}};

/// What stands in the metadata of the trained weights.
const std::map<std::string, Lines> kChanges{
    {"pretrained.yaml", {"resnet50.pth", "torchvision", "inflate: repeat"}},
    {"vit.yaml", {"vit_base_patch16_224.safetensors", "timm", "positions: 14 x 14 -> 2 x 2 x 2"}},
    {"swin.yaml", {"model_swinvit.pt", "MONAI module. fc1", "channels: repeat, 1 -> 3"}},
    {"stages.yaml", {"resnet50.pth"}},
    {"rates.yaml", {"resnet50.pth"}},
    {"fast.yaml", {"resnet50.pth"}}};

TEST_F(BackbonesPage, ItsConfigsTrain) {
  const auto configs = blocks("yaml");
  EXPECT_EQ(configs.size(), kSmall.size());
  for (const Lines& lines : configs) {  // first all, since one extends another
    EXPECT_LE(lines.size(), 10U);
    const std::string name = lines.at(0).substr(2, lines[0].find(".yaml") + 3);
    ASSERT_TRUE(kSmall.contains(name)) << name;
    core::write_file_atomic(folder_ / name, core::join(lines, "\n") + "\n");
  }
  for (const auto& [name, small] : kSmall) {
    const fs::path run = folder_ / ("run_" + name);
    Lines arguments{"train",
                    (folder_ / name).string(),
                    manifest_override(folder_ / "cohort.csv"),
                    "--data-root",
                    cohort().string(),
                    "--out",
                    run.string(),
                    "cohort.split.folds=0",
                    "cohort.split.test_fraction=0.25",
                    "cohort.split.validation_fraction=0.3",
                    "inputs.mri.preprocess.size=[32,32,32]",
                    "train.epochs=1",
                    "evaluate.bootstrap_samples=20"};
    arguments.insert(arguments.end(), small.begin(), small.end());
    const Outcome trained = run_program(arguments);
    ASSERT_EQ(trained.exit_code, 0) << name << ": " << trained.err;
    size_t members = 0;
    for (const auto& file : fs::recursive_directory_iterator(run)) {
      if (file.path().filename() != "best.safetensors") continue;
      ++members;
      const auto metadata = nn::read_safetensors(file.path()).metadata;
      EXPECT_EQ(metadata.contains("pretrained"), kChanges.contains(name)) << name;
      if (!kChanges.contains(name)) continue;
      for (const std::string& said : kChanges.at(name))
        EXPECT_THAT(metadata.at("pretrained"), HasSubstr(said)) << name;
    }
    EXPECT_EQ(members, 1U) << name;
  }
}

TEST_F(BackbonesPage, ItsCommandsRun) {
  const auto shell = blocks("sh");
  ASSERT_EQ(shell.size(), 1U);
  std::map<std::string, std::string> said;
  for (const std::string& line : shell[0]) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    words >> word;
    EXPECT_EQ(word, "photo51") << line;
    Lines arguments;
    while (words >> word) {
      arguments.push_back(in_folder(word));
      if (word != "depth=50") continue;
      if (arguments[arguments.size() - 2] == "--set") arguments.emplace_back("--set");
      arguments.emplace_back("width=8");
    }
    const Outcome outcome = run_program(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << line << ": " << outcome.err;
    ASSERT_GE(arguments.size(), 2U);
    said[arguments[1]] += outcome.out;
  }
  EXPECT_THAT(
      said["inspect"],
      AllOf(
          HasSubstr("names of resnet as in torchvision: 100 %"),
          HasSubstr(
              "as resnet of torchvision: 0 names are missing, 0 unexpected, 0 of another shape, 5 classes")));
  EXPECT_THAT(said["diff"], HasSubstr(" 0 differ, 0 are only in A, 0 only in B"));
  EXPECT_THAT(said["forward"], HasSubstr("y [1, 5]"));
  EXPECT_TRUE(fs::exists(folder_ / "timm.safetensors"));
}

TEST(BackbonesTable, SaysWhatTheProgramSays) {
  std::ifstream page(source_dir() / "docs" / "backbones.md");
  std::map<std::string, Lines> rows;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    Lines cells;
    for (const auto& cell : core::split(line, '|')) cells.emplace_back(core::trim(cell));
    rows[cells.at(1)] = cells;
  }
  const auto json = nlohmann::json::parse(run_program({"--json", "describe", "backbones"}).out);
  EXPECT_EQ(json.at("backbones").size(), rows.size());
  for (const auto& row : json.at("backbones")) {
    const std::string name = "`" + row.at("name").get<std::string>() + "`";
    ASSERT_TRUE(rows.contains(name)) << "docs/backbones.md has no line for " << name;
    const auto count = [&](const char* key) {  // that of a program is its file's
      return row.at(key).is_null() ? "" : backbones::short_count(row.at(key).get<int64_t>());
    };
    const Lines expected{count("parameters_2d"), count("parameters_3d"),
                         core::join(row.at("libraries").get<Lines>(), ", ")};
    ASSERT_EQ(rows[name].size(), 8U) << name;
    EXPECT_EQ(Lines(rows[name].begin() + 4, rows[name].begin() + 7), expected) << name;
    EXPECT_FALSE(rows[name][2].empty()) << name;
  }
}

}  // namespace
}  // namespace photo51::test
