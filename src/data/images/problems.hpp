#pragma once
/// What is wrong with the files that a row has of an input, found by reading them in full.

#include <functional>
#include <string>
#include <vector>

#include "data/cohort/cohort_impl.hpp"

namespace photo51::data {

/// What `body` finds wrong, or nothing. Only bad data is an answer.
std::string problem_of(const std::function<void()>& body);
/// What `whole` finds wrong; where it finds something, each file of the case is tried alone, as another may
/// be bad as well.
std::vector<std::string> problems_of_files(const Cohort::Impl& cohort, size_t input, size_t row,
                                           const std::function<void()>& whole);
/// Of an input whose images a model sees; of a bag, one instance of each bad file.
std::vector<std::string> image_problems(const Cohort::Impl& cohort, size_t input, size_t row);

}  // namespace photo51::data
