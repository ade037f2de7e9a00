// A run and a published model with the names of an earlier version: refused by name, migrated, and the same
// to the last byte.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "photo51/core/files.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/earlier_states.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// What stands in the sections that a model has, today and before.
const Pairs names_of_models{
    {"\n    color: auto\n", "\n    colour: auto\n"},
    {"\n      name: identity\n", "\n      name: linear\n      width: 0\n"},
    {"\n    absent: learned\n", "\n    absent: learnt\n"},
    {"\n      class_weights: ", "\n      balance: "},
    {"\n      estimator:\n        name: elastic_net\n", "\n      learner:\n        name: linear\n"},
    {"\n      feature_selection:", "\n      select:"},
    {"\n      bootstrap_samples: ", "\n      bags: "}};
const Pairs names_of_training{{"\n  sampler: ", "\n  balance: "},
                              {"\n  sampler_head: ", "\n  balance_head: "},
                              {"\n  checkpoint: ", "\n  select: "}};

/// Each of `pairs` stands in it at least once.
std::string with_old_names(std::string text, const Pairs& pairs) {
  for (const auto& [today, before] : pairs) {
    EXPECT_THAT(text, HasSubstr(today));
    for (size_t at = 0; (at = text.find(today, at)) != std::string::npos; at += 1)
      text.replace(at, today.size(), before);
  }
  return text;
}

/// What was fitted stood in the metadata, under the name that the estimator had then.
void give_weights_the_old_name(const fs::path& file) {
  make_earlier(file);
  auto stored = nn::read_safetensors(file);
  std::string& states = stored.metadata.at("learners");
  const size_t at = states.find("elastic_net");
  ASSERT_NE(at, std::string::npos);
  states.replace(at, std::string("elastic_net").size(), "linear");
  nn::write_safetensors(file, stored.tensors, stored.metadata);
}

class Migrate : public ::testing::Test {
 protected:
  void train() {
    core::write_file_atomic(
        folder_ / "mine.yaml",
        "extends: " + tiny_config().string() +
            "\n"
            "model:\n"
            "  encoders: {genes: identity}\n"
            "  fusion: concat\n"
            "  heads:\n"
            "    genotype: {task: binary, class_weights: inverse}\n"
            "    ridge:\n"
            "      task: binary\n"
            "      label: genotype\n"
            "      inputs: [genes]\n"
            "      feature_selection: [{name: univariate, keep: 5}]\n"
            "      estimator: {name: elastic_net, l1_ratio: 0, lambda: 0.3}\n"
            "train: {epochs: 1, sampler: class, sampler_head: genotype, checkpoint: best}\n");
    const Outcome trained = go_on({});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  Outcome go_on(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{
        "train", (folder_ / "mine.yaml").string(), manifest_override(), "--out", run().string(), "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  fs::path run() const { return folder_ / "run"; }

  Outcome predict(const fs::path& model, const std::string& out) const {
    return run_program({"predict", model.string(), "--cases", (cohort() / "cohort.csv").string(), "--out",
                        (folder_ / out).string(), "--quiet"});
  }
  std::string predicted(const fs::path& model, const std::string& out) const {
    const Outcome outcome = predict(model, out);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return slurp(folder_ / out / "predictions.csv");
  }

  /// `config` of `model` gets old names; then it is refused, migrated, and as it was.
  void expect_same_after_migration(const fs::path& model, const fs::path& config, const Pairs& names,
                                   const std::string& expected) {
    const std::string today = slurp(config), before = with_old_names(today, names);
    core::write_file_atomic(config, before);
    const Outcome refused = predict(model, "refused");
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("` now"), HasSubstr("photo51 migrate " + config.string())));
    const Outcome migrated = run_program({"migrate", model.string()});
    EXPECT_EQ(migrated.exit_code, 0) << migrated.err;
    EXPECT_THAT(migrated.out, HasSubstr("The original is kept as " + config.string() + ".bak"));
    EXPECT_EQ(slurp(config), today);
    EXPECT_EQ(slurp(config.string() + ".bak"), before);
    EXPECT_EQ(predicted(model, "migrated"), expected);
    const Outcome again = run_program({"migrate", model.string()});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_THAT(again.out, HasSubstr("nothing to migrate"));
  }

  TemporaryFolder folder_;
};

TEST_F(Migrate, ARunSaysTheSameAndGoesOn) {
  train();
  const std::string expected = predicted(run(), "expected");
  ASSERT_THAT(expected, HasSubstr("ridge"));
  give_weights_the_old_name(run() / "checkpoints/fold_0/best.safetensors");
  Pairs names = names_of_models;
  names.insert(names.end(), names_of_training.begin(), names_of_training.end());
  expect_same_after_migration(run(), run() / "config.yaml", names, expected);
  EXPECT_EQ(run_program({"evaluate", run().string(), "--quiet"}).exit_code, 0) << "its results are its own";
  const Outcome resumed = go_on({"--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
}

TEST_F(Migrate, APublishedModelSaysTheSame) {
  train();
  const fs::path model = folder_ / "model";
  const Outcome exported = run_program({"export", run().string(), "--out", model.string(), "--quiet"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const std::string expected = predicted(model, "expected");
  give_weights_the_old_name(model / "weights.safetensors");
  expect_same_after_migration(model, model / "model.yaml", names_of_models, expected);
}

TEST_F(Migrate, ThePublishedModelsOfTheProject) {
  for (const std::string name : {"phantom_image", "phantom_fusion"}) {
    const fs::path ours = source_dir() / "models" / name, model = folder_ / name;
    fs::copy(ours, model);
    expect_same_after_migration(model, model / "model.yaml",
                                {{"\n    absent: learned\n", "\n    absent: learnt\n"},
                                 {"\n      class_weights: ", "\n      balance: "}},
                                predicted(ours, "expected"));
  }
}

TEST_F(Migrate, AConfigAndWhatItExtends) {
  core::write_file_atomic(folder_ / "base.yaml", "train: {select: best}   # the best\n");
  core::write_file_atomic(folder_ / "mine.yaml", "extends: base.yaml\nmodel: {heads: {h: {bags: 3}}}\n");
  const Outcome outcome = run_program({"migrate", (folder_ / "mine.yaml").string(), "--json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto said = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(said["file"], (folder_ / "mine.yaml").string());
  EXPECT_EQ(said["original"], (folder_ / "mine.yaml.bak").string());
  EXPECT_EQ(said["changes"].size(), 1U);
  EXPECT_THAT(outcome.err, HasSubstr("base.yaml: has names of an earlier version too"));
  EXPECT_EQ(slurp(folder_ / "mine.yaml"),
            "extends: base.yaml\nmodel: {heads: {h: {bootstrap_samples: 3}}}\n");
  EXPECT_EQ(slurp(folder_ / "base.yaml"), "train: {select: best}   # the best\n");
  EXPECT_EQ(run_program({"migrate", (folder_ / "base.yaml").string()}).exit_code, 0);
  EXPECT_EQ(slurp(folder_ / "base.yaml"), "train: {checkpoint: best}   # the best\n");
}

TEST_F(Migrate, WhatIsNoConfigIsSaid) {
  const Outcome folder = run_program({"migrate", folder_.path().string()});
  EXPECT_EQ(folder.exit_code, 2);
  EXPECT_THAT(folder.err, HasSubstr("neither a run folder (no config.yaml) nor a published model"));
  const Outcome gone = run_program({"migrate", (folder_ / "gone.yaml").string()});
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.err, HasSubstr("no such file"));
  core::write_file_atomic(folder_ / "other.yaml", "setting: {binWidth: 25}\n");
  const Outcome other = run_program({"migrate", (folder_ / "other.yaml").string()});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("is not a config of photo51"));
  core::write_file_atomic(folder_ / "mine.yaml", "train: {select: best}\n");
  core::write_file_atomic(folder_ / "mine.yaml.bak", "mine\n");
  const Outcome kept = run_program({"migrate", (folder_ / "mine.yaml").string()});
  EXPECT_EQ(kept.exit_code, 2);
  EXPECT_THAT(kept.err, HasSubstr("mine.yaml.bak: exists already"));
  EXPECT_EQ(slurp(folder_ / "mine.yaml.bak"), "mine\n");
}

}  // namespace
}  // namespace photo51::test
