#include "photo51/learners/estimator.hpp"

#include "learners/dense_estimator.hpp"
#include "photo51/learners/options.hpp"

namespace photo51::learners {

config::Catalogue<EstimatorRow>& estimators() {
  static config::Catalogue<EstimatorRow> table = {
      {config::component<ElasticNetOptions>(
           "elastic_net", "elastic net: logistic, multinomial, least squares or Cox, by the task"),
       {make_elastic_net}},
      {config::component<KernelOptions>("kernel_ridge", "ridge in the features of a Gaussian kernel"),
       {make_kernel_ridge}},
      {config::component<BoostedTreesOptions>("boosted_trees", "gradient-boosted trees (XGBoost)"),
       {make_boosted_trees}},
      {config::component<RandomForestOptions>("random_forest", "random forest (XGBoost)"),
       {make_random_forest}},
      {config::component<StackOptions>("stack", "a weighted sum of what other heads say"),
       {make_stack,
        [](const config::Choice& choice) -> Combination {
          const auto& options = choice.as<StackOptions>();
          return {options.heads, options.folds};
        }}},
  };
  return table;
}

std::unique_ptr<Estimator> make_estimator(const config::Choice& choice) {
  return estimators().find(choice.name)->make(choice);
}

bool combines_heads(const config::Choice& choice) {
  const EstimatorRow* row = estimators().find(choice.name);
  return row != nullptr && row->combination != nullptr;
}

Combination combination_of(const config::Choice& choice) {
  return estimators().find(choice.name)->combination(choice);
}

}  // namespace photo51::learners
