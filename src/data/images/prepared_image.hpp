#pragma once
/// A case as it lies in memory: prepared, not augmented.

#include <memory>
#include <vector>

#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace photo51::data {

struct PreparedImage {
  preprocess::Prepared prepared;
  std::vector<bool> present;  ///< by channel, the mask's excluded
  bool mask_present = false;
  FileWarnings warnings;
};

/// Reads and prepares one image input of one row (of a bag, one instance; else 0), or takes it from the
/// cohort's disk cache, which then keeps it, and tells the cohort's warnings what is odd. It does not depend
/// on what was fitted. Errors (data) carry the channel.
std::shared_ptr<const PreparedImage> prepare_image(const Cohort::Impl& cohort, size_t input, size_t row,
                                                   size_t instance);

/// A bag goes on without an instance that could not be prepared when its modality says so (a damaged tile of
/// a slide of which few enough are damaged), which is reported among the case's warnings; else `why` is
/// thrown, or Error (data).
void leave_out_instance(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance,
                        const core::Error& why);

}  // namespace photo51::data
