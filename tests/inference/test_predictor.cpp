#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "photo51/core/error.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::inference {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Trained : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new test::TabularCohort;
    files_->config("", "idh: {task: binary}, os: {task: survival}",
                   "by: site, hold_out: [C], folds: 2, seed: 1");
    files_->run("run", {"train.epochs=6"});
  }
  static void TearDownTestSuite() {
    delete files_;
    files_ = nullptr;
  }
  static data::Cohort cohort(const Predictor& predictor) {
    data::CohortOptions options = predictor.pipeline().cohort;
    options.manifest = files_->manifest();
    return data::Cohort(options, predictor.pipeline().inputs, predictor.labels(), false);
  }
  static std::vector<int64_t> all(const data::Cohort& cohort) {
    std::vector<int64_t> rows(static_cast<size_t>(cohort.size()));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  static std::string message(const std::filesystem::path& folder) {
    try {
      const Predictor predictor(folder);
    } catch (const core::Error& error) {
      return error.what();
    }
    return "no error";
  }
  static test::TabularCohort* files_;
};
test::TabularCohort* Trained::files_ = nullptr;

TEST_F(Trained, RepeatsWhatTheRunSaidOfTestCases) {
  const Predictor predictor(*files_ / "run");
  EXPECT_EQ(predictor.size(), 2);
  const auto people = cohort(predictor);
  std::map<std::string, model::Prediction> now;
  for (const auto& p : predictor.predict(people, all(people))) now[p.case_id + p.head + p.class_name] = p;
  EXPECT_EQ(now.size(), 180U);
  int compared = 0;
  for (const auto& p : model::read_predictions(*files_ / "run/predictions.csv")) {
    if ((std::stoi(p.case_id.substr(1)) % 3) != 2) continue;  // site C
    const auto& again = now.at(p.case_id + p.head + p.class_name);
    EXPECT_NEAR(again.value, p.value, 1e-5);
    EXPECT_NEAR(again.low, p.low, 1e-5);
    EXPECT_NEAR(again.high, p.high, 1e-5);
    ++compared;
  }
  EXPECT_EQ(compared, 60);
}

TEST_F(Trained, OneFoldHasNoInterval) {
  const Predictor predictor(*files_ / "run");
  const auto people = cohort(predictor);
  PredictOptions options;
  options.members = {1};
  for (const auto& p : predictor.predict(people, {0, 5}, options)) {
    EXPECT_EQ(p.low, p.value);
    EXPECT_EQ(p.high, p.value);
  }
  options.members = {7};
  EXPECT_THROW(predictor.predict(people, {0}, options), core::Error);
}

TEST_F(Trained, PublishedModelPredictsTheSame) {
  export_model(*files_ / "run", *files_ / "published");
  std::filesystem::remove_all(*files_ / "moved");
  std::filesystem::rename(*files_ / "published", *files_ / "moved");
  const Predictor run(*files_ / "run"), published(*files_ / "moved");
  const auto people = cohort(run);
  const auto a = run.predict(people, all(people)), b = published.predict(people, all(people));
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].value, b[i].value);
  EXPECT_THROW(export_model(*files_ / "run", *files_ / "moved"), core::Error);
  EXPECT_THROW(export_model(*files_ / "moved", *files_ / "again"), core::Error);
  EXPECT_EQ(core::read_file(*files_ / "moved/model.yaml").find("manifest"), std::string::npos);
}

TEST_F(Trained, SaysWhatIsWrongWithAFolder) {
  EXPECT_THAT(message(*files_ / "nowhere"), HasSubstr("config.yaml"));
  const auto copy = *files_ / "copy";
  std::filesystem::remove_all(copy);
  std::filesystem::create_directory(copy);
  std::filesystem::copy_file(*files_ / "run/config.yaml", copy / "config.yaml");
  PHOTO51_EXPECT_ERROR(const Predictor predictor(copy), data,
                       HasSubstr("copy/checkpoints: no fold_K/best.safetensors; the run has trained no model "
                                 "yet, go on with `photo51 train … --resume`"));
  std::filesystem::create_directories(copy / "checkpoints/fold_0");
  std::ofstream(copy / "checkpoints/fold_0/best.safetensors") << "not weights";
  EXPECT_THAT(message(copy), HasSubstr("fold_0/best.safetensors"));
  std::filesystem::copy_file(*files_ / "run/checkpoints/fold_0/last.safetensors",
                             copy / "checkpoints/fold_0/best.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(message(copy), HasSubstr("those of another model"));
  std::ofstream(copy / "model.yaml") << "{}";
  EXPECT_THAT(message(copy), HasSubstr("no weights*.safetensors"));
}

TEST_F(Trained, ACaseWithNothingIsReportedAndLeftOut) {
  std::ofstream(*files_ / "new.csv") << "patient,x1,x2,x3\nN1,,,\nN2,0.5,1,-1\n";
  const Predictor predictor(*files_ / "run");
  data::CohortOptions options = predictor.pipeline().cohort;
  options.manifest = *files_ / "new.csv";
  const data::Cohort people(options, predictor.pipeline().inputs, predictor.labels(), false);
  std::vector<std::string> left_out;
  PredictOptions predict;
  predict.on_bad = [&](const std::string& name, const std::string&) { left_out.push_back(name); };
  const auto predictions = predictor.predict(people, {0, 1}, predict);
  EXPECT_THAT(left_out, ::testing::ElementsAre("N1"));
  ASSERT_EQ(predictions.size(), 3U);
  EXPECT_EQ(predictions[0].case_id, "N2");
  // Without a listener the cohort records it.
  EXPECT_EQ(predictor.predict(people, {0, 1}, {}).size(), 3U);
  std::vector<std::string> said;
  for (const auto& warning : people.warnings())
    if (warning.case_id == "N1") said.push_back(warning.text);
  EXPECT_THAT(said, ::testing::ElementsAre("is left out: it has none of the inputs table"));
}

TEST_F(Trained, WeightsThatAreNoNumbersAreRefused) {
  const auto folder = *files_ / "stranger";
  std::filesystem::remove_all(folder);
  export_model(*files_ / "run", folder);
  const auto file = folder / "weights_0.safetensors";
  const auto damaged = [&](auto damage) {
    auto stored = nn::read_safetensors(*files_ / "run/checkpoints/fold_0/best.safetensors");
    for (auto& [name, tensor] : stored.tensors) tensor = tensor.clone();
    damage(stored);
    nn::write_safetensors(file, stored.tensors, stored.metadata);
    return message(folder);
  };
  EXPECT_EQ(damaged([](auto&) {}), "no error");
  EXPECT_THAT(
      damaged([](auto& of) { of.tensors.at("heads.os.linear.weight").fill_(NAN); }),
      HasSubstr("weights_0.safetensors: heads.os.linear.weight: 17 of 17 values are no finite numbers"));
  EXPECT_THAT(damaged([](auto& of) { of.tensors.at("heads.idh.linear.bias").fill_(INFINITY); }),
              HasSubstr("no finite numbers"));
  EXPECT_THAT(damaged([](auto& of) { of.tensors.at("heads.idh.class_weights").fill_(-1); }),
              HasSubstr("weights_0.safetensors: head idh: `class_weights`"));
  EXPECT_THAT(damaged([](auto& of) { of.metadata.at("fold") = "zero"; }),
              HasSubstr("weights_0.safetensors: the metadata are broken or of another model: `fold`"));
}

TEST(MemberFile, WithAVarianceBelowZeroIsRefused) {
  const PipelineOptions pipeline = read_pipeline(
      config::parse_yaml("inputs: {scan: {modality: mri, channels: [t1]}}\n"
                         "model: {encoders: {scan: {name: conv_net, widths: [4], norm: batch}}, heads: {idh: "
                         "{task: binary}}}\n",
                         "model.yaml"));
  TrainedModelInfo info;
  info.labels = model::label_specs(pipeline.model);
  const TrainedModel member(pipeline, info);
  const test::TemporaryFolder folder;
  const auto file = folder / "member.safetensors";
  member.save(file);
  EXPECT_EQ(TrainedModel::load(file, pipeline).info.labels.size(), 1U);
  for (const auto& [name, tensor] : member.weights())
    if (name.ends_with("running_var")) tensor.fill_(-1);
  member.save(file);
  PHOTO51_EXPECT_ERROR(TrainedModel::load(file, pipeline), data,
                       AllOf(HasSubstr("member.safetensors: weights: `encoders.scan."),
                             HasSubstr("running_var` holds a variance below 0; train the model again")));
}

TEST_F(Trained, WhatWasFittedNamesTheModel) {
  const auto folder = *files_ / "other";
  std::filesystem::remove_all(folder);
  export_model(*files_ / "run", folder);
  const auto file = folder / "weights_0.safetensors";
  auto stored = nn::read_safetensors(file);
  for (auto& [name, tensor] : stored.tensors) tensor = tensor.clone();
  const auto fitted = nlohmann::json::parse(stored.metadata.at("fitted"));
  const auto damaged = [&](const char* field, const nlohmann::json& value) {
    auto other = fitted;
    other["inputs"].front()["columns"][0][field] = value;
    stored.metadata.at("fitted") = other.dump();
    nn::write_safetensors(file, stored.tensors, stored.metadata);
  };
  damaged("deviation", -1);
  EXPECT_THAT(message(folder),
              AllOf(HasSubstr("weights_0.safetensors"), HasSubstr("columns[0].deviation`: -1")));
  damaged("name", "x9");
  EXPECT_THAT(message(folder),
              AllOf(HasSubstr("weights_0.safetensors"), HasSubstr("`inputs.table.columns[0].name`"),
                    HasSubstr("`x9` where the input names `x1`")));
}

}  // namespace
}  // namespace photo51::inference
