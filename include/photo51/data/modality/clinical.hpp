#pragma once
/// Manifest columns whose cells are the values.

#include <string>
#include <vector>

#include "photo51/data/modality/numbers.hpp"

namespace photo51::data {

struct ClinicalOptions : NumberOptions {
  static constexpr const char* modality = "clinical";
  /// Numeric or text columns; text is one-hot, fitted on the training part.
  std::vector<std::string> columns;
};
void describe(config::Fields& f, ClinicalOptions& o);

}  // namespace photo51::data
