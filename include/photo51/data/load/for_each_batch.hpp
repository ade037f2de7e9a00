#pragma once
/// The one loop over batches: training, validation, prediction and the fitting of estimators go through it.

#include <cstdint>
#include <functional>
#include <vector>

#include "photo51/data/load/loader.hpp"

namespace photo51::data {

struct BatchPass {
  std::vector<int64_t> rows;  ///< in this order
  core::SampleKey key = {};
  Loader::Options loading = {};
  /// Told that waiting for a case was interrupted, while cases still load; then the error goes on.
  std::function<void()> on_interrupt = {};
};

/// Hands every batch of `rows` to `each`, until that returns false. Batches are never empty: one of which no
/// case can be read is passed over. Errors: see Loader.
void for_each_batch(const Cohort& cohort, const CaseLoader& cases, const FittedTransforms& fitted,
                    BatchPass pass, const std::function<bool(const Batch& batch)>& each);

}  // namespace photo51::data
