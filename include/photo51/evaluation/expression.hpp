#pragma once
/// How well many genes are predicted at once.

#include <vector>

#include "photo51/evaluation/scored.hpp"

namespace photo51::evaluation {

/// Pearson correlation of each gene over the cases, in the order of `scored.classes`. A gene whose predicted
/// or measured values do not vary has 0: nothing was told about it.
std::vector<double> gene_pearson(const ScoredPredictions& scored);

double median(std::vector<double> values);
/// Of the `count` largest values (all, when there are fewer). Choosing the best on the cases that are scored
/// flatters; the literature reports it so.
double mean_of_best(std::vector<double> values, size_t count);

}  // namespace photo51::evaluation
