#pragma once
/// Estimators, which are fitted at once to a table of features, and what chooses the features first. Both see
/// the training part only.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::learners {

/// Elastic net (Zou and Hastie 2005), by coordinate descent along a path of penalties (Friedman, Hastie and
/// Tibshirani 2010; Cox: Simon et al. 2011, Efron ties). Minimises, over standardised features,
///   mean loss + lambda [(1 - l1_ratio) / 2 |b|^2 + l1_ratio |b|_1]
/// with the loss of the task: logistic, multinomial, half squared error, negative log partial likelihood.
struct ElasticNetOptions {
  double l1_ratio = 0.5;  ///< 0 = ridge, 1 = lasso
  double lambda = 0;      ///< 0 = by cross-validated deviance
  int64_t folds = 5;
  std::string rule = "best";  ///< or one_standard_error: the largest lambda within one of the best
};
void describe(config::Fields& f, ElasticNetOptions& o);

/// A machine with the Gaussian kernel exp(-gamma |x - x'|^2) of standardised features, ridge-penalised,
/// through random Fourier features (Rahimi and Recht 2007): no patient's features are kept in the model.
struct KernelOptions {
  double gamma = 0;   ///< 0 = one over the number of features
  double lambda = 0;  ///< as of `elastic_net`
  int64_t components = 1024;
  int64_t folds = 5;
};
void describe(config::Fields& f, KernelOptions& o);

/// XGBoost (Chen and Guestrin 2016); parameters as it names them. Survival: its Cox objective.
struct BoostedTreesOptions {
  int64_t rounds = 200;
  double learning_rate = 0.05;
  int64_t max_depth = 3;
  double min_child_weight = 1;
  double subsample = 0.8;
  double colsample_bytree = 0.5;
  double lambda = 1, alpha = 0, gamma = 0;
};
void describe(config::Fields& f, BoostedTreesOptions& o);

/// A random forest (Breiman 2001) as one round of XGBoost with many trees.
struct RandomForestOptions {
  int64_t trees = 500;
  int64_t max_depth = 8;
  double min_child_weight = 1;
  double subsample = 0.632;
  double colsample_bynode = 0;  ///< 0 = the square root of the number of features
  double lambda = 1e-5;
};
void describe(config::Fields& f, RandomForestOptions& o);

/// Stacked generalisation (Wolpert 1992): combines other heads of the same label by what they say of training
/// cases that they were not trained on. Weights are not negative (Breiman 1996), and equal but for what a
/// ridge on their differences, chosen by inner cross-validation, lets the cases say.
struct StackOptions {
  std::vector<std::string> heads;
  int64_t folds = 5;  ///< of the training part; the heads are trained once more for each
};
void describe(config::Fields& f, StackOptions& o);

/// Keeps the features of highest relevance, from 0 to 1: the correlation ratio of ranks and classes (the root
/// of Kruskal-Wallis H over n - 1), |Spearman's rho| with a value, |2 c - 1| of the concordance with
/// survival.
struct UnivariateOptions {
  int64_t keep = 20;
};
void describe(config::Fields& f, UnivariateOptions& o);

/// Minimum redundancy, maximum relevance (Ding and Peng 2005), by the difference: relevance as of
/// `univariate` less the mean |Spearman's rho| with the features chosen so far.
struct MrmrOptions {
  int64_t keep = 10;
};
void describe(config::Fields& f, MrmrOptions& o);

/// Keeps the features to which an elastic net gives a weight.
struct ElasticNetSelectOptions {
  double l1_ratio = 0.9;
  double lambda = 0;
  int64_t folds = 5;
  int64_t keep = 0;  ///< at most so many, of largest weight; 0 = all
};
void describe(config::Fields& f, ElasticNetSelectOptions& o);

}  // namespace photo51::learners
