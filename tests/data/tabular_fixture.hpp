#pragma once
/// What tests of inputs that are a row of numbers ask.

#include "fixture.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"

namespace photo51::data {

/// The features of the cohort's only input.
class TabularTest : public CohortFolder {
 protected:
  static std::vector<float> features(const Cohort& cohort, const FittedTransforms& fitted, int64_t row) {
    const auto values = CaseLoader(cohort, fitted).load(row).inputs.begin()->second.values;
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }
  static std::vector<std::string> names(const Cohort& cohort, const FittedTransforms& fitted) {
    return input_info(cohort.inputs(), fitted).begin()->second.features;
  }
};

}  // namespace photo51::data
