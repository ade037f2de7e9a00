#pragma once
/// Which rows train, validate and test.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// Row numbers of each part. `folds[k].train` and `.validation` exclude `test`.
struct Split {
  struct Fold {
    std::vector<int64_t> train, validation;
  };
  std::vector<Fold> folds;
  std::vector<int64_t> test;
};
/// Splits by patient: held-out sites first, then stratified folds or one validation part. Same seed, same
/// split, whatever the order of the rows.
/// Errors: usage (`stratify` names no head); data (unknown site, too few patients, a training part in which a
/// head has nothing to learn from: one class only, all patients censored). With `group`, rows that share a
/// value of that column stay together, and classes are spread as evenly as the groups allow.
Split split_cohort(const Cohort& cohort, const SplitOptions& options);
/// Folds of `rows` alone, for what is chosen within a training part: `folds`, `stratify`, `group` and `seed`
/// of the options count. Errors as above.
std::vector<Split::Fold> fold_rows(const Cohort& cohort, const std::vector<int64_t>& rows,
                                   const SplitOptions& options);
/// Error (data) when a patient, an identical image (by content hash) or, with `group`, a value of that column
/// stands in two parts of a fold; and when a clinical column or a gene is a copy of a class or an
/// event, in whatever words. A warning when one puts a label in order.
void check_leakage(const Cohort& cohort, const Split& split, const std::string& group = "");

}  // namespace photo51::data
