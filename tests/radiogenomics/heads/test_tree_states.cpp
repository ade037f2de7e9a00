// Trees as XGBoost writes them, as they may come from a stranger's model: damaged in every way, and never
// used.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "radiogenomics/heads/taught.hpp"
#include "support/states.hpp"

namespace photo51::radiogenomics {
namespace {

using Json = nlohmann::json;

Json& model_of(Json& xgboost) {
  return xgboost["learner"]["gradient_booster"]["model"];
}

class Trees : public testing::TestWithParam<std::string> {
 protected:
  Taught taught_{GetParam()};

  template <class Damage>
  std::string tree(Damage damage) const {
    return taught_.refused_trees([&](Json& s) { damage(model_of(s)["trees"][0]); });
  }
  template <class Damage>
  std::string model(Damage damage) const {
    return taught_.refused_trees([&](Json& s) { damage(model_of(s)); });
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
    return taught_.refused_trees([&](Json& s) { damage(s["learner"]); });
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
  EXPECT_THAT(taught_.refused("outputs", learners::whole_tensor(4)),
              names_fault("outputs`: 4 is outside 1 to 1"));
  EXPECT_THAT(taught_.refused("offset", learners::number_tensor(1e200)),
              names_fault("offset`: 1e+200 is outside"));
  EXPECT_THAT(taught_.refused_trees([](Json& s) {
    s["version"] = Json::array({1, 7});
  }),
              names_fault("version`: holds 2 entries where 3 are needed"));
}

TEST_P(Trees, OfManyClasses) {
  const Taught many(GetParam(), "multiclass");
  EXPECT_THAT(many.refused_trees(
                  [](Json& s) { s["learner"]["objective"]["softmax_multiclass_param"]["num_class"] = "5"; }),
              names_fault("num_class`: 5 is outside 3 to 3"));
  EXPECT_THAT(many.refused_trees([](Json& s) { s["learner"]["learner_model_param"]["num_class"] = "2"; }),
              names_fault("num_class`: 2 is outside 3 to 3"));
  EXPECT_THAT(many.refused_trees([](Json& s) { model_of(s)["tree_info"][0] = 2; }),
              names_fault("tree_info[0]`: 2 is outside 0 to 0"));
  EXPECT_THAT(many.refused("offset", learners::number_tensor(1)),
              names_fault("offset`: 1 is outside 0 to 0"));
}

TEST_P(Trees, WhoseTextIsCutOff) {
  const std::string text = taught_.trees().dump();
  for (const size_t share : {2, 3, 10})
    EXPECT_THAT(
        taught_.refused("xgboost", learners::bytes_of(text.substr(0, text.size() - text.size() / share))),
        names_fault("xgboost`: is not valid JSON"));
}

/// Fields that are not read are not handed on.
TEST_P(Trees, WithMoreThanWasTrained) {
  Json other = taught_.trees();
  auto& learner = other["learner"];
  learner["attributes"] = Json::object({{"best_iteration", "-5"}});
  learner["feature_types"] = Json::array({"c", "c"});
  learner["feature_names"] = Json::array({"only one"});
  learners::State state = taught_.copy();
  state["fits.0.state.xgboost"] = learners::bytes_of(other.dump());
  const auto head = taught_.make();
  head->load_learned(state);
  EXPECT_TRUE(test::equal(head->learned(), taught_.state));
  EXPECT_TRUE(head->forward(taught_.rows).equal(taught_.said()));
}

INSTANTIATE_TEST_SUITE_P(TreeStates, Trees, testing::Values("boosted_trees", "random_forest"),
                         [](const auto& of) { return of.param; });

/// XGBoost leaves nodes that it prunes in their place, marked.
TEST(TreeStates, PrunedTrees) {
  const Taught taught("boosted_trees", "binary",
                      config::choose<learners::BoostedTreesOptions>(
                          "boosted_trees", {.rounds = 20, .max_depth = 5, .gamma = 1}));
  int64_t deleted = 0;
  Json other = taught.trees();
  size_t pruned = 0;
  auto& trees = model_of(other)["trees"];
  for (size_t i = 0; i < trees.size(); ++i) {
    const auto here = std::stoll(trees[i]["tree_param"]["num_deleted"].get<std::string>());
    if (here > 0) pruned = i;
    deleted += here;
  }
  ASSERT_GT(deleted, 0);
  const auto head = taught.make();
  head->load_learned(taught.state);
  EXPECT_TRUE(head->forward(taught.rows).equal(taught.said()));
  const auto refused = [&] { return taught.refused("xgboost", learners::bytes_of(other.dump())); };
  auto& marks = trees[pruned]["split_indices"];
  const auto mark = std::find(marks.begin(), marks.end(), Json(2147483647));
  ASSERT_NE(mark, marks.end());
  auto& parent = trees[pruned]["parents"][static_cast<size_t>(mark - marks.begin())];
  const Json right = parent;
  parent = 1073741824;  // XGBoost looks there
  EXPECT_THAT(refused(), names_fault("1073741824 is outside 0 to"));
  parent = right;
  *mark = 0;  // then it is a node that nothing leads to
  EXPECT_THAT(refused(), names_fault("which is not deleted"));
}

}  // namespace
}  // namespace photo51::radiogenomics
