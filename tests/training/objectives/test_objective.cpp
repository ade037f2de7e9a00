#include "photo51/training/objectives/objective.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "photo51/config/read.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using ::testing::HasSubstr;

Term of_sum(double sum, int64_t count, double weight) {
  Term term;
  term.name = "a";
  term.sum = at::scalar_tensor(sum, at::kDouble);
  term.count = count;
  term.weight = weight;
  return term;
}

TEST(Objective, TheLossIsTheWeightedSumOfMeans) {
  Term by_mean;
  by_mean.name = "b";
  by_mean.mean = at::scalar_tensor(3, at::kDouble);
  by_mean.count = 7;
  by_mean.weight = 2;
  EXPECT_EQ(total_loss({of_sum(8, 4, 0.5), by_mean}).item<double>(), 0.5 * 2 + 2 * 3);
  EXPECT_FALSE(total_loss({}).defined());
}

TEST(Objective, ATermOfNothingIsAnError) {
  PHOTO51_EXPECT_ERROR(of_sum(1, 0, 1).value(), usage, HasSubstr("the term `a` of the loss has neither"));
  PHOTO51_EXPECT_ERROR(total_loss({Term{.name = "c", .sum = {}}}), usage, HasSubstr("the term `c`"));
  PHOTO51_EXPECT_ERROR(make_objective(config::choose("supervise")), usage,
                       HasSubstr("there is no `supervise` (did you mean `supervised`?)"));
}

/// Two heads on four numbers; of the second two labels are known.
struct Small {
  Small() {
    data::InputInfo info;
    info.image = false;
    info.channels = 4;
    model::ModelOptions options;
    options.encoders = {{"table", config::default_choice(model::encoders(), "identity")}};
    radiogenomics::RegressionHeadOptions light, usual;
    light.weight = 0.3;
    options.heads = {{"y", radiogenomics::head(light)}, {"z", radiogenomics::head(usual)}};
    at::manual_seed(5);
    model = std::make_shared<model::Model>(options, std::map<std::string, data::InputInfo>{{"table", info}},
                                           model::label_specs(options));
    batch.cases = {"A", "B", "C"};
    batch.inputs["table"] = {at::rand({3, 4}), at::ones({3}, at::kBool), {}};
    batch.labels["y"] = {at::rand({3}), {}, at::ones({3}, at::kBool)};
    batch.labels["z"] = {at::rand({3}), {}, at::tensor({1, 0, 1}).to(at::kBool)};
  }
  std::shared_ptr<model::Model> model;
  data::Batch batch;
};

TEST(Supervised, IsTheModelsLossToTheLastBit) {
  Small small;
  const auto terms = make_objective(config::choose("supervised"))->terms(*small.model, small.batch, {});
  ASSERT_EQ(terms.size(), 2U);
  EXPECT_EQ(terms[0].name, "y");
  EXPECT_EQ(terms[0].weight, 0.3);
  EXPECT_EQ(terms[0].count, 3);
  EXPECT_EQ(terms[1].count, 2);
  std::map<std::string, double> parts;
  const at::Tensor loss = small.model->loss(small.model->forward(small.batch), small.batch, &parts);
  EXPECT_TRUE(at::equal(total_loss(terms), loss));
  EXPECT_EQ(terms[1].value().item<double>(), parts.at("z"));
}

TEST(Supervised, ABatchWithoutLabelsHasNoTerms) {
  Small small;
  for (auto& [head, labels] : small.batch.labels) labels.known = at::zeros({3}, at::kBool);
  const auto terms = make_objective(config::choose("supervised"))->terms(*small.model, small.batch, {});
  EXPECT_TRUE(terms.empty());
}

TEST(Supervised, Bf16ChangesThePassAndNotTheTypeOfItsOutputs) {
  Small small;
  const auto fp32 = forward(*small.model, small.batch, {});
  const auto bf16 = forward(*small.model, small.batch, {.bf16 = true});
  EXPECT_EQ(bf16.logits.at("y").scalar_type(), at::kFloat);
  EXPECT_FALSE(at::equal(fp32.logits.at("y"), bf16.logits.at("y")));
  EXPECT_TRUE(at::allclose(fp32.logits.at("y"), bf16.logits.at("y"), 0.05, 0.05));
}

struct ShrinkingOptions {
  double weight = 1;
};
void describe(config::Fields& f, ShrinkingOptions& o) {
  f("weight", o.weight, "of the penalty", {.min = 0});
}

/// Of other code: the heads' losses and a penalty on large embeddings.
class Shrinking final : public Objective {
 public:
  explicit Shrinking(double weight) : weight_(weight) {}
  std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                          const StepContext& context) override {
    const model::Outputs outputs = forward(model, batch, context);
    auto terms = supervised_terms(model, outputs, batch);
    terms.push_back({.name = "size",
                     .sum = outputs.fused.square().mean(1).sum(),
                     .count = batch.size(),
                     .weight = weight_});
    return terms;
  }

 private:
  double weight_;
};

/// Under a name that no other test of this program reads.
void add_shrinking() {
  static const bool once = [] {
    objectives().add(config::component<ShrinkingOptions>("shrinking", "with a penalty on large embeddings"),
                     [](const config::Choice& choice) -> std::unique_ptr<Objective> {
                       return std::make_unique<Shrinking>(choice.as<ShrinkingOptions>().weight);
                     });
    return true;
  }();
  ASSERT_TRUE(once);
}

/// The last epoch's mean of a term, from the run's log.
double last_term(const std::filesystem::path& run, const std::string& name) {
  const std::string log = core::read_file(run / "log.jsonl");
  const auto lines = core::split(core::trim(log), '\n');
  return nlohmann::json::parse(lines.back()).at("losses").at(name).get<double>();
}

TEST(OpenObjectives, OneOfOtherCodeTrainsThroughAConfig) {
  const test::TabularCohort cohort;
  const auto config = [&](const std::string& objective) {
    return cohort.config("objective: " + objective, "y: {task: regression}",
                         "validation_fraction: 0.2, seed: 1");
  };
  add_shrinking();
  PHOTO51_EXPECT_ERROR(
      read_experiment(config("shrinkin")), usage,
      HasSubstr("config.yaml:6: train.objective: there is no `shrinkin` (did you mean `shrinking`?)"));
  PHOTO51_EXPECT_ERROR(read_experiment(config("{name: shrinking, weight: -1}")), usage,
                       HasSubstr("train.objective.weight: must be at least 0"));
  config("{name: shrinking, weight: 0}");
  const double free = last_term(cohort.run("free"), "size");
  config("{name: shrinking, weight: 10}");
  const auto run = cohort.run("shrunk");
  EXPECT_LT(last_term(run, "size"), 0.6 * free);
  EXPECT_GT(last_term(run, "y"), 0);
  EXPECT_THAT(core::read_file(run / "config.yaml"), HasSubstr("shrinking"));
}

}  // namespace
}  // namespace photo51::training
