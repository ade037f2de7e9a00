// What a learner learned, as it may come from a stranger's model: damaged in every way, and never used.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/radiogenomics/learners/learner_head.hpp"
#include "photo51/radiogenomics/learners/options.hpp"
#include "radiogenomics/learners/learner.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;
using Pointer = Json::json_pointer;

constexpr int64_t features = 6, cases = 60;

config::Choice learner_named(const std::string& name) {
  if (name == "stack") return config::choose<StackOptions>(name, {.heads = {"a", "b"}});
  if (name == "boosted_trees") return config::choose<BoostedTreesOptions>(name, {.rounds = 5});
  if (name == "random_forest") return config::choose<RandomForestOptions>(name, {.trees = 4});
  if (name == "kernel_ridge") return config::choose<KernelOptions>(name, {.components = 16});
  return config::choose<ElasticNetOptions>(name);
}

/// A head that learned an easy signal, and ones of its kind to load what it learned.
struct Taught {
  std::string name;
  std::string kind;
  at::Tensor rows;
  Json state;

  explicit Taught(std::string name_, std::string kind_ = "binary", config::Choice learner = {})
      : name(std::move(name_)), kind(std::move(kind_)), learner_(std::move(learner)) {
    if (learner_.empty()) learner_ = learner_named(name);
    core::Random random({5});
    rows = at::zeros({cases, columns()});
    for (int64_t i = 0; i < cases; ++i)
      for (int64_t j = 0; j < columns(); ++j) rows[i][j] = random.normal();
    const at::Tensor signal = rows.select(1, 0) + rows.select(1, 1);
    data::Targets labels{(signal > 0).to(at::kFloat), {}, at::ones({cases}, at::kBool)};
    if (kind == "multiclass") labels.value = (signal > 0.7).to(at::kFloat) + (signal > -0.7).to(at::kFloat);
    if (kind == "regression") labels.value = signal * 10;
    if (kind == "survival") {
      labels.value = (-signal).exp() * 300;
      labels.event = at::ones({cases}, at::kBool);
    }
    std::vector<std::string> names;
    for (int64_t j = 0; j < columns(); ++j) names.push_back("f" + std::to_string(j));
    const auto head = make();
    head->fit(rows, names, labels, {}, 7);
    said_ = head->forward(rows);
    state = Json::parse(head->state());
  }
  /// A stack's are the scores of two heads.
  int64_t columns() const {
    if (name != "stack") return features;
    return kind == "multiclass" ? 6 : 2;
  }
  std::unique_ptr<LearnerHead> make() const {
    HeadOptions options;
    options.task = kind;
    options.estimator = learner_;
    data::TaskSpec label;
    label.head = "h";
    label.task = kind;
    if (kind == "multiclass") label.classes = {"a", "b", "c"};
    return std::make_unique<LearnerHead>(options, label);
  }
  const at::Tensor& said() const { return said_; }

  /// The error for the state after `damage`.
  template <class Damage>
  std::string refused(Damage damage) const {
    Json other = state;
    damage(other["fits"][0]["state"]);
    return refusal(other);
  }
  std::string refusal(const Json& other) const {
    return test::message_of(core::Fault::data, [&] { make()->load(other.dump()); });
  }

 private:
  config::Choice learner_;
  at::Tensor said_;
};

auto names_fault(const std::string& what) {
  return AllOf(HasSubstr("learned is broken: `fits[0]."), HasSubstr(what),
               HasSubstr("train the model again"));
}

class EveryState : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(EveryState, SaysTheSameAfterLoading) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto head = taught.make();
  head->load(taught.state.dump());
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
  EXPECT_EQ(Json::parse(head->state()), taught.state);
}

TEST_P(EveryState, ADamagedHeadStaysAsItWas) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto head = taught.make();
  head->load(taught.state.dump());
  Json other = taught.state;
  other["fits"].push_back(Json::object({{"columns", Json::array({0})}}));
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { head->load(other.dump()); }),
              HasSubstr("`fits[1]`: lacks `state`"));
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
}

TEST_P(EveryState, ColumnsAreThoseThatThereAre) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const auto with = [&](const Json& columns) {
    Json other = taught.state;
    other["fits"][0]["columns"] = columns;
    return taught.refusal(other);
  };
  EXPECT_THAT(with(Json::array({0, int64_t{1} << 30})),
              names_fault("columns[1]`: 1073741824 is outside 0 to"));
  EXPECT_THAT(with(Json::array({-1})), names_fault("columns[0]`: -1 is outside 0 to"));
  EXPECT_THAT(with(Json::array({0, 0})), names_fault("columns[1]`: stands there twice"));
  EXPECT_THAT(with(Json::array()), names_fault("columns`: holds nothing"));
  EXPECT_THAT(with(Json::array({0})), names_fault("fits[0].state"));  // what was learned is of more
  EXPECT_THAT(with("x"), names_fault("columns`: is not a list"));
}

/// Every number, list and object of the state in turn becomes something else: it is refused, or what it says
/// is finite.
TEST_P(EveryState, NoChangeOfOnePlaceDoesHarm) {
  const auto& [name, kind] = GetParam();
  const Taught taught(name, kind);
  const Json flat = taught.state.flatten();
  std::vector<std::string> places;
  for (const auto& item : flat.items()) places.push_back(item.key());
  const std::vector<Json> instead{-1,    0,       1,   4,    99,   int64_t{1} << 30, 1e300,
                                  -1e38, nullptr, "x", "-1", "99", Json::array(),    Json::object(),
                                  true};
  const std::vector<std::string> kinds{"binary", "multiclass", "regression", "survival"};
  const auto number = std::find(kinds.begin(), kinds.end(), kind) - kinds.begin();
  core::Random random({11, core::hash_key(name), static_cast<uint64_t>(number)});
  int64_t refused = 0;
  for (int trial = 0; trial < 200; ++trial) {
    Json other = taught.state;
    Pointer place(places[random.below(places.size())]);
    for (uint64_t up = random.below(3); up > 0 && !place.empty(); --up) place.pop_back();
    other[place] = instead[random.below(instead.size())];
    const auto head = taught.make();
    const auto error = test::error_of([&] {
      head->load(other.dump());
      EXPECT_TRUE(head->forward(taught.rows).isfinite().all().item<bool>()) << place.to_string();
    });
    if (!error) continue;
    EXPECT_EQ(error->fault(), core::Fault::data) << error->what();
    ++refused;
  }
  EXPECT_GT(refused, 50);
}

INSTANTIATE_TEST_SUITE_P(LearnerStates, EveryState,
                         testing::Combine(testing::Values("elastic_net", "kernel_ridge", "boosted_trees",
                                                          "random_forest", "stack"),
                                          testing::Values("binary", "multiclass", "regression", "survival")),
                         [](const auto& of) { return std::get<0>(of.param) + "_" + std::get<1>(of.param); });

TEST(LearnerStates, LinearOnes) {
  for (const char* name : {"elastic_net", "kernel_ridge", "stack"}) {
    const Taught taught(name);
    const auto of = [&](Json& state) -> Json& {
      return name == std::string("stack") ? state["fits"][0] : state["fit"];
    };
    EXPECT_THAT(taught.refused([&](Json& s) { of(s)["weights"]["rows"].erase(0); }),
                names_fault("is needed"));
    EXPECT_THAT(taught.refused([&](Json& s) { of(s)["weights"]["rows"][0] = Json::array(); }),
                names_fault("weights.rows[0]`: holds 0 entries where 1 are needed"));
    EXPECT_THAT(taught.refused([&](Json& s) { of(s)["weights"]["columns"] = 4; }), names_fault("x 4 where"));
    EXPECT_THAT(taught.refused([&](Json& s) { of(s)["weights"]["rows"][0][0] = nullptr; }),
                names_fault("weights.rows[0][0]`: is not a finite number"));
    EXPECT_THAT(taught.refused([&](Json& s) { of(s)["intercept"]["rows"][0].push_back(1); }),
                names_fault("intercept.rows[0]`: holds 2 entries where 1 are needed"));
    EXPECT_THAT(taught.refused([&](Json& s) { of(s)["lambda"] = -1; }),
                names_fault("lambda`: -1 is outside"));
    EXPECT_THAT(taught.refused([&](Json& s) { s["scale"]["mean"]["rows"].push_back(Json::array()); }),
                names_fault("scale.mean`: is 2 x"));
    EXPECT_THAT(taught.refused([&](Json& s) { s["scale"]["mean"]["columns"] = 100; }),
                names_fault("scale.mean`: is 1 x 100 where 1 x"));
    EXPECT_THAT(taught.refused([&](Json& s) { s["scale"]["deviation"]["rows"][0][1] = -2; }),
                names_fault("scale.deviation.rows[0][1]`: -2 is outside 0 to"));
    EXPECT_THAT(taught.refused([&](Json& s) { s.erase("scale"); }), names_fault("state`: lacks `scale`"));
    std::string text = taught.state.dump();
    text.replace(text.find("\"lambda\":") + 9, 1, "1e999,\"x\":1");
    EXPECT_THAT(test::message_of(core::Fault::data, [&] { taught.make()->load(text); }),
                HasSubstr("is not valid JSON"));
  }
}

TEST(LearnerStates, Kernel) {
  const Taught taught("kernel_ridge");
  EXPECT_THAT(taught.refused([](Json& s) { s["components"] = 0; }),
              names_fault("components`: 0 is outside 1"));
  EXPECT_THAT(taught.refused([](Json& s) { s["components"] = 1000000000; }),
              names_fault("fit.weights`: is 16 x 1 where 1000000000 x 1 is needed"));
  EXPECT_THAT(taught.refused([](Json& s) { s["gamma"] = 0; }), names_fault("gamma`: 0 is outside"));
  EXPECT_THAT(taught.refused([](Json& s) { s["seed"] = -3; }), names_fault("seed`: -3 is outside"));
}

TEST(LearnerStates, AMapThatIsTooLargeForTheMachine) {
  const Json json = 9;
  EXPECT_NO_THROW(require_room(3, 5, 300, core::Learned(json, "components")));
  EXPECT_THAT(test::message_of(core::Fault::data,
                               [&] { require_room(3, 5, 200, core::Learned(json, "components")); }),
              HasSubstr("`components`: 3 of 5 features need more memory than this machine has left"));
}

TEST(LearnerStates, Stack) {
  const Taught taught("stack"), many("stack", "multiclass");
  EXPECT_THAT(many.refused([](Json& s) { s["fits"].erase(2); }),
              names_fault("fits`: holds 2 fits where 3 are needed"));
  EXPECT_THAT(taught.refused([](Json& s) { s["fits"][0]["weights"]["rows"][0][0] = -0.5; }),
              names_fault("holds a weight below 0"));
  Json other = taught.state;
  other["fits"][0]["columns"] = Json::array({0});
  EXPECT_THAT(taught.refusal(other), names_fault("1 columns are not 1 of each of 2 heads"));
}

TEST(LearnerStates, AStackKeepsAHeadThatAlwaysSaysTheSame) {
  HeadOptions options;
  options.task = "binary";
  options.estimator = learner_named("stack");
  data::TaskSpec label;
  label.task = "binary";
  LearnerHead head(options, label);
  const at::Tensor value = at::arange(20).remainder(2).to(at::kFloat);
  const at::Tensor said = at::stack({value, at::full({20}, 0.25)}, 1);
  head.fit(said, {"a", "b"}, {value, {}, at::ones({20}, at::kBool)}, {}, 7);
  LearnerHead again(options, label);
  again.load(head.state());
  EXPECT_TRUE(again.forward(said).equal(head.forward(said)));
  EXPECT_EQ(head.forward(said).size(1), 1);
}

TEST(LearnerStates, AreOfTheModelsFeatures) {
  const Taught taught("elastic_net");
  const auto with = [&](std::vector<std::string> names) {
    return test::message_of(core::Fault::data, [&] { taught.make()->load(taught.state.dump(), names); });
  };
  EXPECT_THAT(with({"f0"}), HasSubstr("`names`: 6 features where the model has 1"));
  EXPECT_THAT(with({"f0", "f1", "f2", "f4", "f3", "f5"}),
              HasSubstr("`names[3]`: `f3` where the model has the feature `f4`"));
  Json none = taught.state;
  none["fits"] = Json::array();
  EXPECT_THAT(taught.refusal(none), HasSubstr("`fits`: holds nothing"));
}

TEST(LearnerStates, AreKnownByTheNameOfAnEarlierVersion) {
  for (const auto& [today, before] :
       {std::pair{"elastic_net", "linear"}, std::pair{"kernel_ridge", "kernel"}}) {
    const Taught taught(today);
    Json other = taught.state;
    EXPECT_EQ(other["learner"], today);
    other["learner"] = before;
    const auto head = taught.make();
    head->load(other.dump());
    EXPECT_TRUE(head->forward(taught.rows).equal(taught.said())) << before;
  }
}

TEST(LearnerStates, ScoresThatAreNoNumbersAreAnError) {
  const Taught taught("elastic_net");
  Json other = taught.state;
  for (auto& row : other["fits"][0]["state"]["fit"]["weights"]["rows"]) row[0] = 1e300;
  const auto head = taught.make();
  head->load(other.dump());
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { head->forward(taught.rows); }),
              HasSubstr("scores are not finite numbers"));
}

Json& model_of(Json& state) {
  return state["xgboost"]["learner"]["gradient_booster"]["model"];
}

class Trees : public testing::TestWithParam<std::string> {
 protected:
  Taught taught_{GetParam()};

  template <class Damage>
  std::string tree(Damage damage) const {
    return taught_.refused([&](Json& s) { damage(model_of(s)["trees"][0]); });
  }
  template <class Damage>
  std::string model(Damage damage) const {
    return taught_.refused([&](Json& s) { damage(model_of(s)); });
  }
};

TEST_P(Trees, WhoseNodesAreNoTree) {
  EXPECT_THAT(tree([](Json& t) { t["left_children"][0] = 99999; }),
              names_fault("trees[0].left_children[0]`: 99999 is outside -1 to"));
  EXPECT_THAT(tree([](Json& t) { t["right_children"][0] = -2; }), names_fault("-2 is outside -1 to"));
  EXPECT_THAT(tree([](Json& t) { t["left_children"][0] = 0; }), names_fault("leads to node 0 a second time"));
  EXPECT_THAT(tree([](Json& t) { t["left_children"][0] = t["right_children"][0]; }),
              names_fault("a second time, so this is no tree"));
  EXPECT_THAT(tree([](Json& t) {
                const size_t child = t["left_children"][0];
                t["left_children"][child] = 0;  // a cycle
                t["right_children"][child] = 0;
              }),
              names_fault("leads to node 0 a second time"));
  EXPECT_THAT(tree([](Json& t) { t["left_children"][0] = -1; }), names_fault("has two children or none"));
  EXPECT_THAT(tree([](Json& t) { t["left_children"][0] = t["right_children"][0] = -1; }),
              names_fault("which is not deleted"));
  EXPECT_THAT(tree([](Json& t) { t["parents"][0] = 1; }), names_fault("the root has no parent"));
  EXPECT_THAT(tree([](Json& t) { t["parents"][1] = 2; }), names_fault("parents[1]`: is not 0, whose child"));
  EXPECT_THAT(tree([](Json& t) { t["tree_param"]["num_deleted"] = "1"; }),
              names_fault("1 is outside 0 to 0"));
}

TEST_P(Trees, WhoseNumbersAreWrong) {
  EXPECT_THAT(tree([](Json& t) { t["split_indices"][0] = int64_t{1} << 30; }),
              names_fault("split_indices[0]`: 1073741824 is not one of 6 features"));
  EXPECT_THAT(tree([](Json& t) { t["split_indices"][0] = 6; }), names_fault("6 is not one of 6 features"));
  EXPECT_THAT(tree([](Json& t) { t["split_conditions"][0] = nullptr; }),
              names_fault("split_conditions[0]`: is not a finite number"));
  EXPECT_THAT(tree([](Json& t) { t["split_conditions"][0] = 1e39; }),
              names_fault("split_conditions[0]`: 1e+39 is outside"));
  EXPECT_THAT(tree([](Json& t) { t["base_weights"].erase(0); }), names_fault("entries where"));
  EXPECT_THAT(tree([](Json& t) { t["default_left"][0] = 2; }), names_fault("2 is outside 0 to 1"));
  EXPECT_THAT(tree([](Json& t) { t["split_type"][0] = 1; }),
              names_fault("split_type[0]`: 1 is outside 0 to 0"));
  EXPECT_THAT(tree([](Json& t) { t["categories"] = Json::array({1}); }), names_fault("splits by categories"));
  EXPECT_THAT(tree([](Json& t) { t["id"] = 1; }), names_fault("trees[0].id`: 1 is outside 0 to 0"));
  EXPECT_THAT(tree([](Json& t) { t["tree_param"]["num_nodes"] = "1000000000"; }),
              names_fault("entries where 1000000000 are needed"));
  EXPECT_THAT(tree([](Json& t) { t["tree_param"]["num_nodes"] = "0"; }), names_fault("0 is outside 1 to"));
  EXPECT_THAT(tree([](Json& t) { t["tree_param"]["num_feature"] = "7"; }),
              names_fault("7 is outside 6 to 6"));
  EXPECT_THAT(tree([](Json& t) { t["tree_param"]["size_leaf_vector"] = "3"; }), names_fault("3 is outside"));
  EXPECT_THAT(tree([](Json& t) { t = Json::object(); }), names_fault("trees[0]`: lacks `id`"));
}

TEST_P(Trees, WhoseModelIsAnother) {
  EXPECT_THAT(model([](Json& m) { m["trees"] = Json::array(); }), names_fault("trees`: holds no tree"));
  EXPECT_THAT(model([](Json& m) { m["trees"].erase(0); }), names_fault("num_trees`:"));
  EXPECT_THAT(model([](Json& m) { m["tree_info"][0] = 1; }),
              names_fault("tree_info[0]`: 1 is outside 0 to 0"));
  EXPECT_THAT(model([](Json& m) { m["gbtree_model_param"]["num_parallel_tree"] = "0"; }),
              names_fault("num_parallel_tree`: 0 is outside 1 to"));
  EXPECT_THAT(model([](Json& m) { m["gbtree_model_param"]["num_parallel_tree"] = "3"; }),
              names_fault("are not rounds of 3 for each of 1 outputs"));
  const auto learner = [&](auto damage) {
    return taught_.refused([&](Json& s) { damage(s["xgboost"]["learner"]); });
  };
  EXPECT_THAT(learner([](Json& l) { l["gradient_booster"]["name"] = "gblinear"; }),
              names_fault("gradient_booster.name`: is not `gbtree`, which is what is trained here"));
  EXPECT_THAT(learner([](Json& l) { l["gradient_booster"]["name"] = "dart"; }),
              names_fault("is not `gbtree`"));
  EXPECT_THAT(learner([](Json& l) { l["objective"]["name"] = "rank:pairwise"; }),
              names_fault("objective.name`: is not `binary:logistic`"));
  EXPECT_THAT(learner([](Json& l) { l["objective"]["reg_loss_param"]["scale_pos_weight"] = "nan"; }),
              names_fault("scale_pos_weight`: is not a finite number"));
  EXPECT_THAT(learner([](Json& l) { l["learner_model_param"]["num_class"] = "3"; }),
              names_fault("num_class`: 3 is outside 0 to 0"));
  EXPECT_THAT(learner([](Json& l) { l["learner_model_param"]["num_feature"] = "5"; }),
              names_fault("num_feature`: 5 is outside 6 to 6"));
  EXPECT_THAT(learner([](Json& l) { l["learner_model_param"]["num_target"] = "2"; }),
              names_fault("num_target`: 2 is outside 1 to 1"));
  EXPECT_THAT(learner([](Json& l) { l["learner_model_param"]["base_score"] = "inf"; }),
              names_fault("base_score`: is not a finite number"));
  EXPECT_THAT(learner([](Json& l) { l["learner_model_param"]["base_score"] = "2"; }),
              names_fault("base_score`: 2 is outside"));
  EXPECT_THAT(taught_.refused([](Json& s) { s["outputs"] = 4; }),
              names_fault("outputs`: 4 is outside 1 to 1"));
  EXPECT_THAT(taught_.refused([](Json& s) { s["offset"] = 1e200; }),
              names_fault("offset`: 1e+200 is outside"));
  EXPECT_THAT(taught_.refused([](Json& s) {
    s["xgboost"]["version"] = Json::array({1, 7});
  }),
              names_fault("version`: holds 2 entries where 3 are needed"));
}

TEST_P(Trees, OfManyClasses) {
  const Taught many(GetParam(), "multiclass");
  EXPECT_THAT(many.refused([](Json& s) {
    s["xgboost"]["learner"]["objective"]["softmax_multiclass_param"]["num_class"] = "5";
  }),
              names_fault("num_class`: 5 is outside 3 to 3"));
  EXPECT_THAT(
      many.refused([](Json& s) { s["xgboost"]["learner"]["learner_model_param"]["num_class"] = "2"; }),
      names_fault("num_class`: 2 is outside 3 to 3"));
  EXPECT_THAT(many.refused([](Json& s) { model_of(s)["tree_info"][0] = 2; }),
              names_fault("tree_info[0]`: 2 is outside 0 to 0"));
  EXPECT_THAT(many.refused([](Json& s) { s["offset"] = 1; }), names_fault("offset`: 1 is outside 0 to 0"));
}

TEST_P(Trees, WhoseTextIsCutOff) {
  const std::string text = taught_.state.dump();
  for (const size_t share : {2, 3, 10})
    EXPECT_THAT(
        test::message_of(core::Fault::data,
                         [&] { taught_.make()->load(text.substr(0, text.size() - text.size() / share)); }),
        AllOf(HasSubstr("learned is broken"), HasSubstr("is not valid JSON")));
}

/// Fields that are not read are not handed on.
TEST_P(Trees, WithMoreThanWasTrained) {
  Json other = taught_.state;
  auto& learner = other["fits"][0]["state"]["xgboost"]["learner"];
  learner["attributes"] = Json::object({{"best_iteration", "-5"}});
  learner["feature_types"] = Json::array({"c", "c"});
  learner["feature_names"] = Json::array({"only one"});
  const auto head = taught_.make();
  head->load(other.dump());
  EXPECT_EQ(Json::parse(head->state()), taught_.state);
  EXPECT_TRUE(head->forward(taught_.rows).equal(taught_.said()));
}

INSTANTIATE_TEST_SUITE_P(LearnerStates, Trees, testing::Values("boosted_trees", "random_forest"),
                         [](const auto& of) { return of.param; });

/// XGBoost leaves nodes that it prunes in their place, marked.
TEST(LearnerStates, PrunedTrees) {
  const Taught taught(
      "boosted_trees", "binary",
      config::choose<BoostedTreesOptions>("boosted_trees", {.rounds = 20, .max_depth = 5, .gamma = 1}));
  int64_t deleted = 0;
  Json other = taught.state;
  size_t pruned = 0;
  auto& trees = model_of(other["fits"][0]["state"])["trees"];
  for (size_t i = 0; i < trees.size(); ++i) {
    const auto here = std::stoll(trees[i]["tree_param"]["num_deleted"].get<std::string>());
    if (here > 0) pruned = i;
    deleted += here;
  }
  ASSERT_GT(deleted, 0);
  const auto head = taught.make();
  head->load(taught.state.dump());
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
  auto& marks = trees[pruned]["split_indices"];
  const auto mark = std::find(marks.begin(), marks.end(), Json(2147483647));
  ASSERT_NE(mark, marks.end());
  auto& parent = trees[pruned]["parents"][static_cast<size_t>(mark - marks.begin())];
  const Json right = parent;
  parent = 1073741824;  // XGBoost looks there
  EXPECT_THAT(taught.refusal(other), names_fault("1073741824 is outside 0 to"));
  parent = right;
  *mark = 0;  // then it is a node that nothing leads to
  EXPECT_THAT(taught.refusal(other), names_fault("which is not deleted"));
}

}  // namespace
}  // namespace photo51::radiogenomics
