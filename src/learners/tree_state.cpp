#include "learners/tree_state.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "learners/estimator_task.hpp"
#include "photo51/core/text.hpp"

namespace photo51::learners {
namespace {

using Json = nlohmann::json;
using core::Learned;

constexpr int64_t most_nodes = std::numeric_limits<int32_t>::max();
/// XGBoost's marks, less the bit that it keeps beside them: no parent, and a node that was pruned away.
constexpr int64_t none = std::numeric_limits<int32_t>::max();

void require_text(const Learned& place, const std::string& wanted) {
  if (place.text() != wanted) place.fail("is not `" + wanted + "`, which is what is trained here");
}

Json objective(const Learned& told, const StateShape& shape) {
  const TreeObjective& trees = estimator_task(shape.task).trees;
  require_text(told.at("name"), trees.name);
  Json result{{"name", trees.name}};
  if (shape.outputs > 1) {
    told.at("softmax_multiclass_param").at("num_class").whole_in_text(shape.outputs, shape.outputs);
    result["softmax_multiclass_param"] = {{"num_class", std::to_string(shape.outputs)}};
  } else if (trees.has_scale_pos_weight) {
    const double weight = told.at("reg_loss_param").at("scale_pos_weight").number_in_text(0, largest_float);
    result["reg_loss_param"] = {{"scale_pos_weight", core::format_number(weight)}};
  }
  return result;
}

Json learner_parameters(const Learned& told, const StateShape& shape) {
  const TreeObjective& objective = estimator_task(shape.task).trees;
  const double base = told.at("base_score").number_in_text(objective.least_base, objective.largest_base);
  const int64_t classes = shape.outputs > 1 ? shape.outputs : 0;
  Json result{
      {"base_score", core::format_number(base)},
      {"num_class", std::to_string(told.at("num_class").whole_in_text(classes, classes))},
      {"num_feature", std::to_string(told.at("num_feature").whole_in_text(shape.features, shape.features))}};
  if (told.has("num_target"))
    result["num_target"] = std::to_string(told.at("num_target").whole_in_text(1, 1));
  if (told.has("boost_from_average"))
    result["boost_from_average"] = std::to_string(told.at("boost_from_average").whole_in_text(0, 1));
  return result;
}

/// The nodes of one tree.
struct Nodes {
  std::vector<int64_t> left, right, parent, feature, missing_left;
};

/// Whether node `i` was pruned away: XGBoost leaves it where it was.
bool is_deleted(const Nodes& nodes, size_t i) {
  return nodes.feature[i] == none && nodes.missing_left[i] == 1 && nodes.left[i] < 0 && nodes.right[i] < 0;
}

/// Walks from the root; returns how many nodes are deleted.
int64_t walk(const Learned& tree, const Nodes& nodes, const StateShape& shape) {
  const size_t count = nodes.left.size();
  std::vector<bool> reached(count, false);
  std::vector<size_t> open{0};
  reached[0] = true;
  if (nodes.parent[0] != none) tree.at("parents").at(size_t{0}).fail("the root has no parent");
  while (!open.empty()) {
    const size_t node = open.back();
    open.pop_back();
    if (nodes.feature[node] >= shape.features)
      tree.at("split_indices")
          .at(node)
          .fail(std::to_string(nodes.feature[node]) + " is not one of " + std::to_string(shape.features) +
                " features");
    if ((nodes.left[node] < 0) != (nodes.right[node] < 0))
      tree.at("left_children").at(node).fail("a node has two children or none");
    if (nodes.left[node] < 0) continue;
    for (const auto* side : {"left_children", "right_children"}) {
      const auto child = static_cast<size_t>((side[0] == 'l' ? nodes.left : nodes.right)[node]);
      if (reached[child])
        tree.at(side).at(node).fail("leads to node " + std::to_string(child) +
                                    " a second time, so this is no tree");
      if (nodes.parent[child] != static_cast<int64_t>(node))
        tree.at("parents").at(child).fail("is not " + std::to_string(node) + ", whose child it is");
      reached[child] = true;
      open.push_back(child);
    }
  }
  int64_t deleted = 0;
  for (size_t i = 0; i < count; ++i) {
    if (reached[i]) continue;
    if (!is_deleted(nodes, i))
      tree.at("left_children").fail("leads nowhere to node " + std::to_string(i) + ", which is not deleted");
    tree.at("parents").at(i).whole(0, static_cast<int64_t>(count) - 1);  // XGBoost looks there
    ++deleted;
  }
  return deleted;
}

Json checked_tree(const Learned& tree, size_t index, const StateShape& shape) {
  const auto number = static_cast<int64_t>(index);
  tree.at("id").whole(number, number);  // XGBoost lays the tree there
  const Learned told = tree.at("tree_param");
  const int64_t nodes = told.at("num_nodes").whole_in_text(1, most_nodes);
  told.at("num_feature").whole_in_text(shape.features, shape.features);
  const int64_t vector = told.at("size_leaf_vector").whole_in_text(0, 1);
  const auto count = static_cast<size_t>(nodes);
  const Nodes read{.left = tree.at("left_children").wholes(count, -1, nodes - 1),
                   .right = tree.at("right_children").wholes(count, -1, nodes - 1),
                   .parent = tree.at("parents").wholes(count, 0, none),
                   .feature = tree.at("split_indices").wholes(count, 0, none),
                   .missing_left = tree.at("default_left").wholes(count, 0, 1)};
  const auto kinds = tree.at("split_type").wholes(count, 0, 0);
  Json result{{"id", number}, {"split_type", kinds}};
  for (const char* name : {"categories", "categories_nodes", "categories_segments", "categories_sizes"}) {
    if (tree.at(name).size() > 0) tree.at(name).fail("no tree is trained here that splits by categories");
    result[name] = Json::array();
  }
  for (const char* name : {"base_weights", "loss_changes", "split_conditions", "sum_hessian"})
    result[name] = tree.at(name).numbers(count, -largest_float, largest_float);
  const int64_t deleted = walk(tree, read, shape);
  if (told.has("num_deleted")) told.at("num_deleted").whole_in_text(deleted, deleted);
  result["tree_param"] = {{"num_deleted", std::to_string(deleted)},
                          {"num_feature", std::to_string(shape.features)},
                          {"num_nodes", std::to_string(nodes)},
                          {"size_leaf_vector", std::to_string(vector)}};
  result["left_children"] = read.left;
  result["right_children"] = read.right;
  result["parents"] = read.parent;
  result["split_indices"] = read.feature;
  result["default_left"] = read.missing_left;
  return result;
}

Json checked_model(const Learned& model, const StateShape& shape) {
  const Learned told = model.at("gbtree_model_param"), trees = model.at("trees");
  const size_t count = trees.size();
  if (count == 0) trees.fail("holds no tree");
  const auto all = static_cast<int64_t>(count);
  told.at("num_trees").whole_in_text(all, all);
  const int64_t vector = told.at("size_leaf_vector").whole_in_text(0, 1);
  // A round is so many trees of each output, one output after the other.
  const int64_t parallel =
      told.has("num_parallel_tree") ? told.at("num_parallel_tree").whole_in_text(1, all) : 1;
  if (all % (parallel * shape.outputs) != 0)
    trees.fail("holds " + std::to_string(all) + " trees, which are not rounds of " +
               std::to_string(parallel) + " for each of " + std::to_string(shape.outputs) + " outputs");
  const auto outputs = model.at("tree_info").wholes(count, 0, shape.outputs - 1);
  Json checked = Json::array();
  for (size_t i = 0; i < count; ++i) {
    const int64_t output = static_cast<int64_t>(i) / parallel % shape.outputs;
    model.at("tree_info").at(i).whole(output, output);
    checked.push_back(checked_tree(trees.at(i), i, shape));
  }
  return {{"gbtree_model_param",
           {{"num_parallel_tree", std::to_string(parallel)},
            {"num_trees", std::to_string(all)},
            {"size_leaf_vector", std::to_string(vector)}}},
          {"tree_info", outputs},
          {"trees", std::move(checked)}};
}

}  // namespace

Json checked_trees(const Learned& learned, const StateShape& shape) {
  const auto version = learned.at("version").wholes(3, 0, std::numeric_limits<int16_t>::max());
  const Learned learner = learned.at("learner"), booster = learner.at("gradient_booster");
  require_text(booster.at("name"), "gbtree");
  return {{"version", version},
          {"learner",
           {{"attributes", Json::object()},
            {"feature_names", Json::array()},
            {"feature_types", Json::array()},
            {"gradient_booster", {{"name", "gbtree"}, {"model", checked_model(booster.at("model"), shape)}}},
            {"learner_model_param", learner_parameters(learner.at("learner_model_param"), shape)},
            {"objective", objective(learner.at("objective"), shape)}}}};
}

}  // namespace photo51::learners
