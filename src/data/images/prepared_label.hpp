#pragma once
/// The mask of classes of a case on the grid of its prepared image.

#include <memory>

#include "data/images/prepared_image.hpp"

namespace photo51::data {

/// Reads the label of a dense task and moves it onto `image`'s grid by the nearest voxel, or takes it from
/// the cohort's disk cache, which then keeps it; null where the label is not known. `values` are uint8 [1, D,
/// H, W]. Errors (data) carry the column.
std::shared_ptr<const PreparedImage> prepare_label(const Cohort::Impl& cohort, const TaskSpec& spec,
                                                   size_t input, size_t row, const PreparedImage& image);

}  // namespace photo51::data
