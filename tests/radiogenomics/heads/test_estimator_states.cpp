// What an estimator learned, as it may come from a stranger's model: damaged in every way, and never used.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "learners/earlier_state.hpp"
#include "learners/kernel_ridge.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/learners/options.hpp"
#include "photo51/radiogenomics/heads/head.hpp"
#include "radiogenomics/heads/taught.hpp"
#include "support/states.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using State = learners::State;

class EveryState : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(EveryState, SaysTheSameAfterLoading) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto head = taught.make();
  head->load_learned(taught.state);
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
  EXPECT_TRUE(test::equal(head->learned(), taught.state));
}

/// As JSON in the metadata, which versions wrote whose weights are of the format `photo51 member 1`.
TEST_P(EveryState, SaysTheSameInTheEarlierForm) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto head = taught.make();
  head->load_learned(learners::state_of_earlier(test::earlier_state(taught.state)));
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
  EXPECT_TRUE(test::equal(head->learned(), taught.state));
}

TEST_P(EveryState, ADamagedHeadStaysAsItWas) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto head = taught.make();
  head->load_learned(taught.state);
  State other = taught.copy();
  other["fits.1.columns"] = at::zeros({1}, at::kLong);
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { head->load_learned(other); }),
              HasSubstr("learned is broken: `fits.1.state."));
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
}

TEST_P(EveryState, ColumnsAreThoseThatThereAre) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto with = [&](const at::Tensor& columns) {
    State other = taught.copy();
    other["fits.0.columns"] = columns;
    return taught.refusal(other);
  };
  EXPECT_THAT(with(at::tensor({int64_t{0}, int64_t{1} << 30}, at::kLong)),
              names_fault("columns[1]`: 1073741824 is outside 0 to"));
  EXPECT_THAT(with(at::tensor({-1}, at::kLong)), names_fault("columns[0]`: -1 is outside 0 to"));
  EXPECT_THAT(with(at::tensor({0, 0}, at::kLong)), names_fault("columns[1]`: stands there twice"));
  EXPECT_THAT(with(at::empty({0}, at::kLong)), names_fault("columns`: holds nothing"));
  EXPECT_THAT(with(at::tensor({0}, at::kLong)), names_fault("fits.0.state"));  // what was learned is of more
  EXPECT_THAT(with(at::zeros({1})), names_fault("columns`: holds Float where Long is needed"));
  EXPECT_THAT(with(at::zeros({}, at::kLong)), names_fault("columns`: is [] where a list is needed"));
}

TEST_P(EveryState, IsOfTheTensorsThatItHas) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  for (const auto& [missing, tensor] : taught.state) {
    State other = taught.copy();
    other.erase(missing);
    EXPECT_THAT(taught.refusal(other), HasSubstr("learned is broken: `" + missing + "`: is missing"));
    other[missing] = tensor.to(at::kHalf);
    EXPECT_THAT(taught.refusal(other), HasSubstr("`" + missing + "`: holds Half where"));
  }
  State other = taught.copy();
  other["fits.0.state.more"] = at::zeros({1});
  EXPECT_THAT(taught.refusal(other), names_fault("state.more`: is nothing that is learned here"));
}

/// Every number of the state in turn becomes something else, and every tensor another: it is refused, or what
/// it says is finite.
TEST_P(EveryState, NoChangeOfOnePlaceDoesHarm) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  std::vector<std::string> tensors;
  for (const auto& entry : taught.state) tensors.push_back(entry.first);
  const std::vector<double> instead{-1, 0, 1, 4, 99, double(int64_t{1} << 30), 1e300, -1e38, NAN, INFINITY};
  const std::vector<std::string> kinds{"binary", "multiclass", "regression", "survival"};
  const auto number = std::find(kinds.begin(), kinds.end(), kind) - kinds.begin();
  core::Random random({11, core::hash_key(name), static_cast<uint64_t>(number)});
  int64_t refused = 0;
  for (int trial = 0; trial < 200; ++trial) {
    State other = taught.copy();
    const std::string& changed = tensors[random.below(tensors.size())];
    at::Tensor& tensor = other.at(changed);
    const double value = instead[random.below(instead.size())];
    switch (random.below(4)) {
      case 0:
        tensor = at::full({static_cast<int64_t>(random.below(3))}, value, at::kDouble);
        break;
      case 1:
        tensor = at::cat({tensor.reshape(-1), tensor.reshape(-1)});
        break;
      default:
        if (tensor.is_floating_point())
          tensor.view(-1)[static_cast<int64_t>(random.below(static_cast<uint64_t>(tensor.numel())))] = value;
        else
          tensor.view(-1)[static_cast<int64_t>(random.below(static_cast<uint64_t>(tensor.numel())))] =
              static_cast<int64_t>(random.below(256));
    }
    const auto head = taught.make();
    const auto error = test::error_of([&] {
      head->load_learned(other);
      EXPECT_TRUE(head->forward(taught.rows).isfinite().all().item<bool>()) << changed;
    });
    if (!error) continue;
    EXPECT_EQ(error->fault(), core::Fault::data) << error->what();
    ++refused;
  }
  EXPECT_GT(refused, 50);
}

INSTANTIATE_TEST_SUITE_P(EstimatorStates, EveryState,
                         testing::Combine(testing::Values("elastic_net", "kernel_ridge", "boosted_trees",
                                                          "random_forest", "stack"),
                                          testing::Values("binary", "multiclass", "regression", "survival")),
                         [](const auto& of) { return std::get<0>(of.param) + "_" + std::get<1>(of.param); });

TEST(EstimatorStates, LinearOnes) {
  for (const std::string name : {"elastic_net", "kernel_ridge", "stack"}) {
    const Taught taught(name);
    const std::string fit = name == "stack" ? "fits.0." : "fit.";
    EXPECT_THAT(taught.refused(fit + "weights", at::zeros({1, 1}, at::kDouble)),
                names_fault("weights`: is [1, 1] where ["));
    EXPECT_THAT(taught.refused(fit + "weights", 0, NAN),
                names_fault("weights[0][0]`: is not a finite number"));
    EXPECT_THAT(taught.refused(fit + "intercept", at::zeros({1, 2}, at::kDouble)),
                names_fault("intercept`: is [1, 2] where [1, 1] is needed"));
    EXPECT_THAT(taught.refused(fit + "lambda", 0, -1), names_fault("lambda`: -1 is outside"));
    EXPECT_THAT(taught.refused("scale.mean", at::zeros({1, 100}, at::kDouble)),
                names_fault("scale.mean`: is [1, 100] where [1, "));
    EXPECT_THAT(taught.refused("scale.deviation", 1, -2),
                names_fault("scale.deviation[0][1]`: -2 is outside 0 to"));
  }
}

TEST(EstimatorStates, Kernel) {
  const Taught taught("kernel_ridge");
  const auto with = [&](const std::string& name, int64_t value) {
    return taught.refused(name, learners::whole_tensor(value));
  };
  EXPECT_THAT(with("components", 0), names_fault("components`: 0 is outside 1"));
  EXPECT_THAT(with("components", 1000000000),
              names_fault("fit.weights`: is [16, 1] where [1000000000, 1] is needed"));
  EXPECT_THAT(taught.refused("components", at::full({1}, 16, at::kLong)),
              names_fault("components`: is [1] where one number is needed"));
  EXPECT_THAT(taught.refused("gamma", learners::number_tensor(0)), names_fault("gamma`: 0 is outside"));
  EXPECT_THAT(with("seed", -3), names_fault("seed`: -3 is outside"));
}

TEST(EstimatorStates, AMapThatIsTooLargeForTheMachine) {
  const State state;
  const learners::StateReader reader(state, "fits.0.state");
  EXPECT_NO_THROW(learners::require_room(3, 5, 300, reader));
  EXPECT_THAT(
      test::message_of(core::Fault::data, [&] { learners::require_room(3, 5, 200, reader); }),
      HasSubstr("`fits.0.state.components`: 3 of 5 features need more memory than this machine has left"));
}

TEST(EstimatorStates, Stack) {
  const Taught taught("stack"), many("stack", "multiclass");
  State fewer = many.copy();
  for (const char* name : {"weights", "intercept", "lambda"})
    fewer.erase("fits.0.state.fits.2." + std::string(name));
  EXPECT_THAT(many.refusal(fewer), names_fault("fits`: holds 2 fits where 3 are needed"));
  EXPECT_THAT(taught.refused("fits.0.weights", 0, -0.5), names_fault("holds a weight below 0"));
  State other = taught.copy();
  other["fits.0.columns"] = at::zeros({1}, at::kLong);
  EXPECT_THAT(taught.refusal(other), names_fault("1 columns are not 1 of each of 2 heads"));
}

TEST(EstimatorStates, AStackKeepsAHeadThatAlwaysSaysTheSame) {
  const config::Choice options = head_of_task("binary", estimator_named("stack"));
  data::TaskSpec label;
  label.task = "binary";
  const auto head = make_head(options, label, 0);
  const at::Tensor value = at::arange(20).remainder(2).to(at::kFloat);
  const at::Tensor said = at::stack({value, at::full({20}, 0.25)}, 1);
  head->fit_at_once({said, {"a", "b"}, {value, {}, at::ones({20}, at::kBool)}, {}, 7});
  const auto again = make_head(options, label, 0);
  again->load_learned(head->learned());
  EXPECT_TRUE(again->forward(said).equal(head->forward(said)));
  EXPECT_EQ(head->forward(said).size(1), 1);
}

TEST(EstimatorStates, AreOfTheModelsFeatures) {
  const Taught taught("elastic_net");
  const auto with = [&](std::vector<std::string> names) {
    return test::message_of(core::Fault::data, [&] { taught.make()->load_learned(taught.state, names); });
  };
  EXPECT_THAT(with({"f0"}), HasSubstr("`features`: 6 features where the model has 1"));
  EXPECT_THAT(with({"f0", "f1", "f2", "f4", "f3", "f5"}),
              HasSubstr("`features[3]`: `f3` where the model has the feature `f4`"));
  State other = taught.copy();
  other["features"] = learners::bytes_of("f0");
  EXPECT_THAT(taught.refusal(other), HasSubstr("`features`: does not end with a 0 byte"));
  other["features"] = at::zeros({2, 2}, at::kByte);
  EXPECT_THAT(taught.refusal(other), HasSubstr("`features`: is [2, 2] where text is needed"));
  const State none{{"estimator", taught.state.at("estimator")}, {"features", taught.state.at("features")}};
  EXPECT_THAT(taught.refusal(none), HasSubstr("`fits`: holds nothing"));
}

/// To the letter what an earlier version wrote of an elastic net of two of three features.
TEST(EstimatorStates, OfAnEarlierVersionAreRead) {
  const std::string text =
      R"({"fits":[{"columns":[2,0],"state":{"fit":{"intercept":{"columns":1,"rows":[[0.1]]},"lambda":0.25,)"
      R"("weights":{"columns":1,"rows":[[2.0],[-1.0]]}},"scale":{"deviation":{"columns":2,"rows":[[2.0,0.5]]},)"
      R"("mean":{"columns":2,"rows":[[1.0,-0.30000000000000004]]}}}}],"learner":"linear","names":["a","b","c"]})";
  const State state = learners::state_of_earlier(text);
  EXPECT_EQ(state.at("fits.0.state.fit.intercept").item<double>(), 0.1);
  EXPECT_EQ(state.at("fits.0.state.scale.mean")[0][1].item<double>(), -(0.1 + 0.2));
  const config::Choice options = head_of_task("regression", estimator_named("elastic_net"));
  data::TaskSpec label;
  label.task = "regression";
  const auto head = make_head(options, label, 0);
  head->load_learned(state, {"a", "b", "c"});
  EXPECT_THAT(head->selected(), ::testing::ElementsAre("c", "a"));
  // 2 (3 - 1) / 2 - (0.7 + 0.3) / 0.5 + 0.1
  EXPECT_NEAR(head->forward(at::tensor({0.7, 100.0, 3.0}).view({1, 3})).item<double>(), 0.1, 1e-6);
}

TEST(EstimatorStates, OfAnEarlierVersionMayBeBroken) {
  const auto refused = [](const std::string& text) {
    return test::message_of(core::Fault::data, [&] { learners::state_of_earlier(text); });
  };
  const auto fit = [&](const std::string& inner) {
    return refused(R"({"learner": "linear", "names": ["a"], "fits": [)" + inner + "]}");
  };
  EXPECT_THAT(refused("{"), HasSubstr("is not valid JSON"));
  EXPECT_THAT(refused(R"({"learner": "linear"})"), HasSubstr("lacks `names`"));
  EXPECT_THAT(refused(R"({"names": []})"), HasSubstr("lacks `learner`"));
  EXPECT_THAT(fit("3"), HasSubstr("`fits[0]`: is not an object"));
  EXPECT_THAT(fit(R"({"columns": "x"})"), HasSubstr("`fits[0].columns`: is not a finite number"));
  EXPECT_THAT(fit(R"({"columns": [0, 0.5]})"), HasSubstr("`fits[0].columns[1]`: is not a whole number"));
  EXPECT_THAT(fit(R"({"m": {"columns": 2, "rows": [[1]]}})"),
              HasSubstr("`fits[0].m.rows[0]`: holds 1 entries where 2 are needed"));
  EXPECT_THAT(fit(R"({"m": {"rows": []}})"), HasSubstr("`fits[0].m`: lacks `columns`"));
  EXPECT_THAT(fit(R"({"m": {"columns": -1, "rows": []}})"),
              HasSubstr("`fits[0].m.columns`: -1 is outside 0"));
  EXPECT_THAT(fit(R"({"lambda": 1e999})"), HasSubstr("is not valid JSON"));
  EXPECT_THAT(fit(R"({"lambda": null})"), HasSubstr("`fits[0].lambda`: is not a finite number"));
}

TEST(EstimatorStates, AreKnownByTheNameOfAnEarlierVersion) {
  for (const auto& [today, before] :
       {std::pair{"elastic_net", "linear"}, std::pair{"kernel_ridge", "kernel"}}) {
    const Taught taught(today);
    Json other = Json::parse(test::earlier_state(taught.state));
    EXPECT_EQ(other["learner"], today);
    other["learner"] = before;
    const auto head = taught.make();
    head->load_learned(learners::state_of_earlier(other.dump()));
    EXPECT_TRUE(head->forward(taught.rows).equal(taught.said())) << before;
  }
}

TEST(EstimatorStates, ScoresThatAreNoNumbersAreAnError) {
  const Taught taught("elastic_net");
  State other = taught.copy();
  other.at("fits.0.state.fit.weights").fill_(1e300);
  const auto head = taught.make();
  head->load_learned(other);
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { head->forward(taught.rows); }),
              HasSubstr("scores are not finite numbers"));
}

}  // namespace
}  // namespace photo51::radiogenomics
