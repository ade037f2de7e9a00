// From slides to features, and from features to a trained model.
#include "photo51/inference/embed.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "data/cache/file_lock.hpp"
#include "inference/embed_source.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/model/encoders.hpp"
#include "photo51/model/options.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/training/run/experiment.hpp"
#include "photo51/training/run/run.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::inference {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Slides of tissue in tiles of 32 pixels, redder where `red` is larger.
class Embed : public ::testing::Test {
 protected:
  Embed() {
    write_slide("a.png", 10, 180);
    write_slide("b.png", 1, 200);
    write_text("cases.csv", "patient,slide,idh\nP/1,a.png,1\nP2,,0\nP3,b.png,0\nP4,nowhere.png,1\n");
    write_text("embed.yaml", config_text(", weights: " + (folder_ / "net.safetensors").string()));
    request_.source = folder_ / "embed.yaml";
    request_.manifest = folder_ / "cases.csv";
    request_.out = folder_ / "out";
    request_.device = "cpu";
    make_weights();
  }
  /// `more` are keys of the encoder.
  static std::string config_text(const std::string& more) {
    return R"(
inputs:
  he:
    modality: histopathology
    channels: [slide]
    dims: 2
    tile: {mpp: 1, size: 32, tissue: {mpp: 4, min_area: 0.0001}, slide: {mpp: 1}}
    preprocess: {normalize: {method: fixed, mean: [0.5], std: [0.25], full_scale: 255}}
model:
  encoders:
    he: {name: conv_net, widths: [4, 8], bag_chunk: 16)" +
           more + "}\n";
  }
  /// Of a network that nobody trained.
  void make_weights() {
    at::manual_seed(1);
    config::Choice choice = config::default_choice(model::encoders(), "conv_net");
    config::Node node = config::parse_yaml("{widths: [4, 8]}", "net.yaml");
    const auto options = choice.options;
    config::read_section(node, {[options](config::Fields& f) { options->describe_to(f); }, {}, {}});
    data::InputInfo info;
    info.channels = 3;
    info.dims = 2;
    info.size = {32, 32};
    info.bag = true;
    const auto encoder = model::make_encoder(choice, info);
    nn::Tensors network;
    for (const auto& [name, tensor] : nn::state_of(*encoder))
      if (name.starts_with("backbone.")) network[name.substr(9)] = tensor.clone();
    nn::write_safetensors(folder_ / "net.safetensors", network);
  }
  void write_text(const std::string& name, const std::string& text) const {
    core::write_file_atomic(folder_ / name, text);
  }
  void write_slide(const std::string& name, int64_t columns, int64_t red) const {
    at::manual_seed(std::hash<std::string>()(name));  // no two slides are the same image
    at::Tensor picture = at::full({8 * 32, (columns + 2) * 32, 3}, 250, at::kByte);
    auto tissue = picture.narrow(0, 32, 6 * 32).narrow(1, 32, columns * 32);
    tissue.copy_(at::stack({at::randint(red - 20, red + 20, tissue.sizes().slice(0, 2), at::kLong),
                            at::randint(60, 110, tissue.sizes().slice(0, 2), at::kLong),
                            at::randint(120, 180, tissue.sizes().slice(0, 2), at::kLong)},
                           2));
    core::write_file_atomic(folder_ / name, imaging::encode_png(picture));
  }

  test::TemporaryFolder folder_;
  EmbedRequest request_;
};

TEST_F(Embed, WritesTheFeaturesOfEveryTile) {
  const EmbedReport report = embed(request_);
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.absent, 1);
  ASSERT_EQ(report.failed.size(), 1U);  // the others went on
  EXPECT_EQ(report.failed[0].first, "P4");
  EXPECT_THAT(report.failed[0].second, HasSubstr("nowhere.png"));
  const auto file = data::FeatureFile::open(request_.out / "he/P%2F1.safetensors");
  EXPECT_EQ(file->count(), 60);
  EXPECT_EQ(file->width(), 8);
  const at::Tensor corners = file->coordinates();
  EXPECT_TRUE(at::equal(corners[0], at::tensor({32, 32}, at::kLong)));
  EXPECT_TRUE(at::equal(corners[59], at::tensor({320, 192}, at::kLong)));

  // What the encoder says of the tiles, all at once and unpacked.
  FrozenEncoders frozen = open_encoders(request_);
  FrozenEncoder& he = frozen.encoders.at(0);
  EXPECT_EQ(file->encoder(), he.hash);
  frozen.cohort.manifest = request_.manifest;
  frozen.cohort.on_bad_case = data::BadCase::skip;
  const data::Cohort cohort(frozen.cohort, {{"he", he.options}}, {}, false);
  const data::CaseLoader cases(cohort, frozen.fitted);
  const c10::InferenceMode mode;
  he.encoder->eval();
  const data::Batch one = data::collate({cases.load(0, {}, {}, 0)}, {{"he", he.info}}, {});
  const at::Tensor expected = he.encoder->take(one.inputs.at("he"), at::kCPU).features;
  EXPECT_TRUE(at::allclose(file->rows(0, 60), expected, 1e-4, 1e-5));
  EXPECT_GT(expected.std(0).max().item<float>(), 1e-3);

  const auto metadata = nn::read_safetensors(request_.out / "he/P3.safetensors").metadata;
  EXPECT_EQ(metadata.at("patch_size"), "32");
  EXPECT_EQ(metadata.at("patch_size_level0"), "32");
  EXPECT_EQ(metadata.at("overlap"), "0");
  const auto index = nlohmann::json::parse(core::read_file(request_.out / "he/index.json"));
  EXPECT_EQ(index.at("tile_size"), 32);
  EXPECT_EQ(index.at("mpp"), 1);
  EXPECT_EQ(index.at("network"), "conv_net");
  EXPECT_EQ(index.at("weights_file"), "net.safetensors");
  EXPECT_EQ(index.at("encoder"), he.hash);
  const core::Table manifest = core::read_table(request_.out / "manifest.csv");
  EXPECT_THAT(manifest.columns, ElementsAre("patient", "slide", "idh", "he_features"));
  EXPECT_THAT(manifest.rows[0], ElementsAre("P/1", "a.png", "1", "he/P%2F1.safetensors"));
  EXPECT_EQ(manifest.rows[3][3], "");
  for (const auto& entry : std::filesystem::directory_iterator(request_.out / "he"))
    EXPECT_NE(entry.path().extension(), ".lock") << entry.path();
}

TEST_F(Embed, GoesOnWhereItEnded) {
  embed(request_);
  const auto first = std::filesystem::last_write_time(request_.out / "he/P3.safetensors");
  std::filesystem::remove(request_.out / "he/P%2F1.safetensors");
  write_slide("nowhere.png", 2, 190);
  // A lock that a process left when it was killed holds nothing.
  write_text("out/he/.P4.lock", "");
  const EmbedReport report = embed(request_);
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.there, 1);
  EXPECT_TRUE(report.failed.empty());
  EXPECT_EQ(std::filesystem::last_write_time(request_.out / "he/P3.safetensors"), first);
  EXPECT_EQ(core::read_table(request_.out / "manifest.csv").rows[3][3], "he/P4.safetensors");
}

/// What another process has begun is its own, until it ends without having finished.
TEST_F(Embed, WaitsForWhatAnotherProcessHasBegun) {
  core::make_directories(request_.out / "he");
  auto other = std::make_unique<data::OpenFile>(request_.out / "he/.P3.lock", O_RDWR | O_CREAT);
  ASSERT_TRUE(other->lock(false));
  EmbedReport report;
  std::thread call([&] { report = embed(request_); });
  const auto one = request_.out / "he/P%2F1.safetensors";
  for (int i = 0; i < 600 && !std::filesystem::exists(one); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(std::filesystem::exists(one));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(std::filesystem::exists(request_.out / "he/P3.safetensors"));
  other.reset();
  call.join();
  EXPECT_EQ(report.written, 2);
  EXPECT_TRUE(std::filesystem::exists(request_.out / "he/P3.safetensors"));
}

TEST_F(Embed, NeverMixesFeatures) {
  embed(request_);
  const auto refuse = [&](const std::string& key) {
    PHOTO51_EXPECT_ERROR(embed(request_), usage,
                         AllOf(HasSubstr("index.json"), HasSubstr("made otherwise: `" + key + "`")));
  };
  request_.overrides = {"inputs.he.tile.size=16"};
  refuse("preprocessing");
  request_.overrides = {};
  request_.format = data::FeatureFormat::h5;
  refuse("files");
  request_.format = data::FeatureFormat::safetensors;
  nn::Tensors network = nn::read_safetensors(folder_ / "net.safetensors").tensors;
  network.begin()->second.add_(1);
  nn::write_safetensors(folder_ / "net.safetensors", network);
  refuse("weights");
}

TEST_F(Embed, SaysWhatIsMissing) {
  request_.inputs = {"hh"};
  PHOTO51_EXPECT_ERROR(embed(request_), usage, AllOf(HasSubstr("--input hh"), HasSubstr("he")));
  request_.inputs = {};
  request_.fold = 0;
  PHOTO51_EXPECT_ERROR(embed(request_), usage, HasSubstr("--fold"));
  request_.fold.reset();
  write_text("embed.yaml", config_text(""));
  PHOTO51_EXPECT_ERROR(embed(request_), usage,
                       HasSubstr("features would be noise; name a file in `weights`"));
  write_text(
      "embed.yaml",
      "inputs: {age: {modality: clinical, columns: [age]}}\nmodel: {encoders: {age: {name: identity}}}\n");
  PHOTO51_EXPECT_ERROR(embed(request_), usage, HasSubstr("there is nothing to embed"));
}

/// Slides -> features -> a model of bags -> predictions of features of new slides; and a model of images
/// whose encoder embeds.
TEST_F(Embed, FeaturesTrainAModel) {
  std::string cases = "patient,slide,idh\n";
  for (int i = 0; i < 12; ++i) {
    const std::string name = "s" + std::to_string(i) + ".png";
    write_slide(name, 2, i % 2 == 0 ? 150 : 210);
    cases += "P" + std::to_string(i) + "," + name + "," + std::to_string(i % 2) + "\n";
  }
  write_text("cases.csv", cases);
  request_.format = data::FeatureFormat::h5;
  EXPECT_EQ(embed(request_).written, 12);
  write_text("train.yaml", R"(
cohort: {manifest: out/manifest.csv, split: {folds: 2, seed: 1}}
inputs: {he: {modality: features, channels: [he_features], instances: 8}}
model:
  encoders: {he: {name: bag, width: 8, bag_pool: {name: gated_abmil, hidden: 4}}}
  heads: {idh: {task: binary}}
train: {epochs: 30, batch_size: 4, workers: 1, threads: 1, seed: 3, optimizer: {name: adamw, lr: 0.02}}
evaluate: {confidence: none}
)");
  training::RunRequest run;
  run.folder = folder_ / "run";
  training::train(training::read_experiment(folder_ / "train.yaml", {}), run);
  const Predictor predictor(folder_ / "run");
  data::CohortOptions options = predictor.pipeline().cohort;
  options.manifest = request_.out / "manifest.csv";
  const data::Cohort cohort(options, predictor.pipeline().inputs, predictor.labels(), false);
  std::vector<int64_t> rows(12);
  std::iota(rows.begin(), rows.end(), 0);
  int right = 0;
  for (const auto& said : predictor.predict(cohort, rows))
    if (said.class_name == "1") right += (said.value > 0.5) == (std::stoi(said.case_id.substr(1)) % 2 == 1);
  EXPECT_GE(right, 11);
  // A published one carries a self-test of bags of vectors.
  export_model(folder_ / "run", folder_ / "published");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "published/self_test.safetensors"));

  PHOTO51_EXPECT_ERROR(
      [&] {
        EmbedRequest again = request_;
        again.source = folder_ / "run";
        again.out = folder_ / "again";
        embed(again);
      }(),
      usage, HasSubstr("has 2 models, whose encoders differ; choose one by --fold"));
}

TEST_F(Embed, ATrainedModelsEncoderEmbeds) {
  std::string cases = "patient,slide,idh\n";
  for (int i = 0; i < 6; ++i) {
    const std::string name = "s" + std::to_string(i) + ".png";
    write_slide(name, 2, 180);
    cases += "P" + std::to_string(i) + "," + name + "," + std::to_string(i % 2) + "\n";
  }
  write_text("cases.csv", cases);
  write_text("train.yaml",
             "cohort: {manifest: cases.csv, split: {folds: 2, seed: 1}}\n" + config_text("") + R"(
  heads: {idh: {task: binary}}
train: {epochs: 1, batch_size: 2, workers: 1, threads: 1, seed: 3}
evaluate: {confidence: none}
)");
  training::RunRequest run;
  run.folder = folder_ / "run";
  training::train(training::read_experiment(folder_ / "train.yaml", {}), run);
  request_.source = folder_ / "run";
  request_.fold = 1;
  EXPECT_EQ(embed(request_).written, 6);
  request_.fold = 0;
  PHOTO51_EXPECT_ERROR(embed(request_), usage, HasSubstr("`weights` was"));
  request_.fold = 5;
  PHOTO51_EXPECT_ERROR(embed(request_), usage, HasSubstr("no such fold"));
}

}  // namespace
}  // namespace photo51::inference
